// SPDX-License-Identifier: MIT
#include "mote/initializer.hpp"

#include "../core/arithmetic.hpp"
#include "lanes.hpp"
#include "mote/detail/finite.hpp"

namespace mote {
namespace {

using std::size_t;

struct Matrix {
  float* data;  // [rows][stride]
  size_t rows;
  size_t columns;
  size_t stride;
};

/// Factor on N(0, 1) or U(-1, 1) that gives the variance of a distribution.
float unit_of(WeightInit distribution, float inputs, float outputs) {
  switch (distribution) {
    case WeightInit::glorot_uniform: return detail::square_root(6.0f / (inputs + outputs));
    case WeightInit::glorot_normal: return detail::square_root(2.0f / (inputs + outputs));
    case WeightInit::he_uniform: return detail::square_root(6.0f / inputs);
    case WeightInit::he_normal: return detail::square_root(2.0f / inputs);
    case WeightInit::scaled_gaussian: return detail::square_root(1.0f / inputs);
    case WeightInit::gaussian:
    case WeightInit::uniform:
    case WeightInit::orthogonal: break;
  }
  return 1.0f;
}

/// Fills weights with draw(unit) * scale.
template <typename Draw>
void draw_each(const Matrix& weights, InitialWeights init, Draw draw) {
  const float unit = unit_of(init.distribution, static_cast<float>(weights.rows), static_cast<float>(weights.columns));
  for (size_t i = 0; i < weights.rows; ++i) {
    for (size_t j = 0; j < weights.columns; ++j) weights.data[i * weights.stride + j] = draw(unit) * init.scale;
  }
}

float dot(const float* a, const float* b, size_t count) {
  return detail::sum_of(count, [=](size_t i) { return a[i] * b[i]; });
}

/// Subtracts from row k its projections on the rows before it (modified Gram-Schmidt).
void orthogonalize_row(const Matrix& weights, size_t k) {
  float* __restrict row = weights.data + k * weights.stride;
  for (size_t j = 0; j < k; ++j) {
    const float* __restrict other = weights.data + j * weights.stride;
    const float projection = dot(other, row, weights.columns);
    for (size_t i = 0; i < weights.columns; ++i) row[i] -= projection * other[i];
  }
}

/// Subtracts from column k its projections on the columns before it, all at once (classical Gram-Schmidt), so that
/// memory is read in order. projections: [columns] of scratch memory.
void orthogonalize_column(const Matrix& weights, size_t k, float* __restrict projections) {
  for (size_t j = 0; j < k; ++j) projections[j] = 0.0f;
  for (size_t i = 0; i < weights.rows; ++i) {
    const float* __restrict row = weights.data + i * weights.stride;
    const float element = row[k];
    for (size_t j = 0; j < k; ++j) projections[j] += element * row[j];
  }
  for (size_t i = 0; i < weights.rows; ++i) {
    float* row = weights.data + i * weights.stride;
    row[k] -= dot(projections, row, k);
  }
}

float draw_bias(InitialBiases biases, Random& random) {
  if (biases.distribution == BiasInit::gaussian) return random.gaussian();
  return biases.distribution == BiasInit::constant ? biases.value : 0.0f;
}

}  // namespace

void detail::draw_uniform(float* weights, size_t inputs, size_t outputs, size_t stride, InitialWeights init,
                          Random& random, float*) {
  draw_each({weights, inputs, outputs, stride}, init, [&](float unit) { return random.uniform(-unit, unit); });
}

void detail::draw_normal(float* weights, size_t inputs, size_t outputs, size_t stride, InitialWeights init,
                         Random& random, float*) {
  draw_each({weights, inputs, outputs, stride}, init, [&](float unit) { return random.gaussian() * unit; });
}

/// Draws orthonormal columns, or rows where there are fewer, times the gain.
void detail::draw_orthogonal(float* weights, size_t inputs, size_t outputs, size_t stride, InitialWeights init,
                             Random& random, float* scratch) {
  const Matrix matrix{weights, inputs, outputs, stride};
  const bool by_columns = matrix.rows >= matrix.columns;
  const size_t count = by_columns ? matrix.columns : matrix.rows;
  const size_t length = by_columns ? matrix.rows : matrix.columns;
  const size_t next_vector = by_columns ? 1 : matrix.stride, next_element = by_columns ? matrix.stride : 1;
  for (size_t k = 0; k < count; ++k) {
    float* vector = matrix.data + k * next_vector;
    float square;
    do {
      for (size_t i = 0; i < length; ++i) vector[i * next_element] = random.gaussian();
      for (int time = 0; time < 2; ++time) {  // twice removes rounding errors (Giraud et al. 2005)
        by_columns ? orthogonalize_column(matrix, k, scratch) : orthogonalize_row(matrix, k);
      }
      square = 0.0f;
      for (size_t i = 0; i < length; ++i) square += vector[i * next_element] * vector[i * next_element];
    } while (square < 0x1p-20f);  // nearly dependent on the others: in one of a thousand square matrices
    const float norm = detail::square_root(square);
    for (size_t i = 0; i < length; ++i) vector[i * next_element] /= norm;
  }
  for (size_t i = 0; i < matrix.rows; ++i) {
    for (size_t j = 0; j < matrix.columns; ++j) matrix.data[i * matrix.stride + j] *= init.scale;
  }
}

void detail::initialize(const Topology& topology, InitialWeights weights, InitialBiases biases, Random& random,
                        Span<float> parameters, DrawWeights draw) {
  MOTE_ASSERT(parameters.size() == topology.parameter_count());
  MOTE_ASSERT(detail::is_finite(weights.scale) && detail::is_finite(biases.value));
  for (float& p : parameters) p = 0.0f;
  for (size_t l = 0; l < topology.layer_count; ++l) {
    const size_t outputs = topology.outputs_of(l);
    float* row = parameters.data() + topology.biases_offset(l);
    draw(parameters.data() + topology.weights_offset(l), topology.inputs_of(l), outputs, topology.stride_of(l), weights,
         random, row);
    for (size_t j = 0; j < outputs; ++j) row[j] = draw_bias(biases, random);
    if (!topology.layers[l].batch_norm) continue;
    float* scales = parameters.data() + topology.scales_offset(l);
    for (size_t j = 0; j < outputs; ++j) scales[j] = 1.0f;
  }
}

}  // namespace mote
