// SPDX-License-Identifier: MIT
#include "mote/activation.hpp"

#include "numeric.hpp"
#include "rows.hpp"

namespace MOTE_NUMERIC {
namespace {

using mote::Activation;
using std::size_t;

/// Calls f(z[j] + biases[j]) for every element of every row.
template <typename F>
void map_rows(size_t rows, size_t columns, size_t stride, const float* __restrict biases, float* __restrict z, F f) {
  for (size_t i = 0; i < rows; ++i, z += stride) {
    for (size_t j = 0; j < columns; ++j) z[j] = f(z[j] + biases[j]);
  }
}

template <typename F>
void scale_rows(size_t rows, size_t columns, size_t stride, const float* __restrict activations,
                float* __restrict deltas, F derivative) {
  for (size_t i = 0; i < rows; ++i, activations += stride, deltas += stride) {
    for (size_t j = 0; j < columns; ++j)
      deltas[j] = mote::detail::without_negligible(deltas[j] * derivative(activations[j]));
  }
}

}  // namespace

void add_biases_and_activate(Activation activation, size_t rows, size_t columns, size_t stride, const float* biases,
                             float* z) {
  const size_t padded = mote::detail::padded_columns(columns);
  switch (activation) {
    case Activation::identity: return map_rows(rows, padded, stride, biases, z, [](float x) { return x; });
    case Activation::sigmoid: return map_rows(rows, padded, stride, biases, z, mote::detail::Sigmoid{});
    case Activation::tanh: return map_rows(rows, padded, stride, biases, z, mote::detail::Tanh{});
    case Activation::relu: return map_rows(rows, padded, stride, biases, z, mote::detail::Relu{});
    case Activation::softmax: break;
  }
  map_rows(rows, padded, stride, biases, z, [](float x) { return x; });
  for (size_t i = 0; i < rows; ++i) {
    float* row = z + i * stride;
    const float total = mote::detail::exponentials(row, columns, row);
    for (size_t j = 0; j < columns; ++j) row[j] /= total;
  }
}

void multiply_by_derivative(Activation activation, size_t rows, size_t columns, size_t stride, const float* activations,
                            float* deltas) {
  const size_t padded = mote::detail::padded_columns(columns);
  switch (activation) {
    case Activation::identity:
    case Activation::softmax: return;
    case Activation::sigmoid:
      return scale_rows(rows, padded, stride, activations, deltas, mote::detail::Sigmoid::derivative);
    case Activation::tanh: return scale_rows(rows, padded, stride, activations, deltas, mote::detail::Tanh::derivative);
    case Activation::relu: return scale_rows(rows, padded, stride, activations, deltas, mote::detail::Relu::derivative);
  }
}

}  // namespace MOTE_NUMERIC
