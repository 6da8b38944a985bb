// SPDX-License-Identifier: MIT
#include "mote/activation.hpp"

#include "../core/arithmetic.hpp"
#include "activation.hpp"
#include "activation_functions.hpp"
#include "lanes.hpp"

namespace MOTE_NUMERIC {
namespace {

using std::size_t;

/// z[j] = f(z[j] + biases[j]) in every row.
template <typename F>
void map_rows(size_t rows, size_t columns, size_t stride, const float* __restrict biases, float* __restrict z, F f) {
  for (size_t i = 0; i < rows; ++i, z += stride) {
    for (size_t j = 0; j < columns; ++j) z[j] = f(z[j] + biases[j]);
  }
}

void add_biases(size_t rows, size_t columns, size_t stride, const float* __restrict biases, const float* __restrict z,
                float* __restrict sums) {
  for (size_t i = 0; i < rows; ++i, z += stride, sums += stride) {
    for (size_t j = 0; j < columns; ++j) sums[j] = z[j] + biases[j];
  }
}

template <typename F>
void scale_rows(size_t rows, size_t columns, size_t stride, const float* __restrict kept, float* __restrict deltas, F) {
  for (size_t i = 0; i < rows; ++i, kept += stride, deltas += stride) {
    for (size_t j = 0; j < columns; ++j)
      deltas[j] = mote::detail::without_negligible(deltas[j] * F::derivative(kept[j], kept[j]));
  }
}

}  // namespace

void add_biases_and_activate(Activation activation, size_t rows, size_t columns, size_t stride, const float* biases,
                             float* z, float* pre_activations) {
  const size_t padded = mote::detail::padded_columns(columns);
  if (pre_activations != nullptr) add_biases(rows, padded, stride, biases, z, pre_activations);
#ifdef MOTE_MICROCONTROLLER  // choosing per element takes a third of the code size
  map_rows(rows, padded, stride, biases, z,
           [=](float x) { return mote::detail::visit(activation, [=](auto f) { return f(x); }); });
#else
  mote::detail::visit(activation, [=](auto f) { map_rows(rows, padded, stride, biases, z, f); });
#endif
  if (activation != Activation::softmax) return;
  for (size_t i = 0; i < rows; ++i) {
    float* row = z + i * stride;
    const float total = mote::detail::exponentials(row, columns, row, mote::detail::row_maximum(row, columns));
    for (size_t j = 0; j < columns; ++j) row[j] /= total;
  }
}

void multiply_by_derivative(Activation activation, size_t rows, size_t columns, size_t stride, const float* kept,
                            float* deltas) {
  const size_t padded = mote::detail::padded_columns(columns);
  if (activation == Activation::softmax) return;
  mote::detail::visit(activation, [=](auto f) { scale_rows(rows, padded, stride, kept, deltas, f); });
}

}  // namespace MOTE_NUMERIC
