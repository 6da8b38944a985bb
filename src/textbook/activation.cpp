// SPDX-License-Identifier: MIT
#include "mote/activation.hpp"

#include "../core/arithmetic.hpp"
#include "activation_functions.hpp"
#include "lanes.hpp"
#include "mote/detail/activation.hpp"

namespace MOTE_NUMERIC {
namespace {

using mote::Activation;
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

void apply_softmax(size_t rows, size_t columns, size_t stride, float* z) {
  for (size_t i = 0; i < rows; ++i, z += stride) {
    const float total = mote::detail::exponentials(z, columns, z, mote::detail::row_maximum(z, columns));
    for (size_t j = 0; j < columns; ++j) z[j] /= total;
  }
}

}  // namespace

#ifdef MOTE_MICROCONTROLLER

template <Activation kActivation>
void activate_by(Activation, size_t rows, size_t columns, size_t stride, const float* biases, float* z,
                 float* pre_activations) {
  const size_t padded = mote::detail::padded_columns(columns);
  if (pre_activations != nullptr) add_biases(rows, padded, stride, biases, z, pre_activations);
  map_rows(rows, padded, stride, biases, z, mote::detail::function_of<kActivation>());
  if constexpr (kActivation == Activation::softmax) apply_softmax(rows, columns, stride, z);
}

template <Activation kActivation>
void multiply_by_derivative_of(Activation, size_t rows, size_t columns, size_t stride, const float* kept,
                               float* deltas) {
  if constexpr (kActivation == Activation::softmax) return;
  scale_rows(rows, mote::detail::padded_columns(columns), stride, kept, deltas,
             mote::detail::function_of<kActivation>());
}

#define MOTE_INSTANCE(name)                                                                                      \
  template void activate_by<Activation::name>(Activation, size_t, size_t, size_t, const float*, float*, float*); \
  template void multiply_by_derivative_of<Activation::name>(Activation, size_t, size_t, size_t, const float*, float*);
MOTE_FOR_ACTIVATIONS(MOTE_INSTANCE)
#undef MOTE_INSTANCE

void add_biases_and_activate(Activation activation, size_t rows, size_t columns, size_t stride, const float* biases,
                             float* z, float* pre_activations) {
  mote::detail::activate_function(activation)(activation, rows, columns, stride, biases, z, pre_activations);
}

void multiply_by_derivative(Activation activation, size_t rows, size_t columns, size_t stride, const float* kept,
                            float* deltas) {
  mote::detail::derivative_function(activation)(activation, rows, columns, stride, kept, deltas);
}

#else

void add_biases_and_activate(Activation activation, size_t rows, size_t columns, size_t stride, const float* biases,
                             float* z, float* pre_activations) {
  const size_t padded = mote::detail::padded_columns(columns);
  if (pre_activations != nullptr) add_biases(rows, padded, stride, biases, z, pre_activations);
  mote::detail::visit(activation, [=](auto f) { map_rows(rows, padded, stride, biases, z, f); });
  if (activation == Activation::softmax) apply_softmax(rows, columns, stride, z);
}

void multiply_by_derivative(Activation activation, size_t rows, size_t columns, size_t stride, const float* kept,
                            float* deltas) {
  const size_t padded = mote::detail::padded_columns(columns);
  if (activation == Activation::softmax) return;
  mote::detail::visit(activation, [=](auto f) { scale_rows(rows, padded, stride, kept, deltas, f); });
}

#endif

}  // namespace MOTE_NUMERIC
