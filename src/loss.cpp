// SPDX-License-Identifier: MIT
#include "mote/loss.hpp"

#include "numeric.hpp"
#include "rows.hpp"

namespace MOTE_NUMERIC {
namespace {

using namespace mote::detail;
using mote::Activation;
using mote::Loss;
using std::size_t;

/// One row of outputs and what is wanted of it.
struct Row {
  size_t columns;
  const float* z;
  size_t label;
  float scale;
  float* deltas;  // or null

  float target(size_t j) const { return j == label ? 1.0f : 0.0f; }
};

/// Calls term(j, loss, delta) for every column and returns the sum of the losses; deltas are scaled and stored.
template <typename Term>
float sum_terms(const Row& row, Term term) {
  Lanes lanes;
  for (size_t j = 0; j < row.columns; j += kLanes) {
    const size_t count = lanes_from(j, row.columns);
    float delta[kLanes];
    for (size_t i = 0; i < count; ++i) {
      float loss = 0.0f;
      term(j + i, loss, delta[i]);
      const bool used = j + i < row.columns;
      lanes.lane[i] += used ? loss : 0.0f;
      delta[i] = used ? without_negligible(delta[i] * row.scale) : 0.0f;
    }
    if (row.deltas != nullptr) {
      for (size_t i = 0; i < count; ++i) row.deltas[j + i] = delta[i];
    }
  }
  return lanes.sum();
}

template <typename F>
float quadratic(const Row& row, F f) {
  return 0.5f * sum_terms(row, [&](size_t j, float& loss, float& delta) {
           const float z = row.z[j];
           const float a = f(z);
           const float error = a - row.target(j);
           loss = error * error;
           delta = error * F::derivative(z, a);
         });
}

float quadratic_softmax(const Row& row) {
  const float highest = row_maximum(row.z, row.columns);
  const float total = exponentials(row.z, row.columns, nullptr, highest);
  const auto probability = [&](size_t j) { return exp_of(row.z[j] - highest) / total; };
  Lanes mean;  // sum of e_i a_i
  for (size_t j = 0; j < row.columns; ++j) {
    const float a = probability(j);
    mean.lane[j % kLanes] += (a - row.target(j)) * a;
  }
  const float mean_error = mean.sum();
  return 0.5f * sum_terms(row, [&](size_t j, float& loss, float& delta) {
           const float a = probability(j);
           const float error = a - row.target(j);
           loss = error * error;
           delta = a * (error - mean_error);
         });
}

float sigmoid_cross_entropy(const Row& row) {
  return sum_terms(row, [&](size_t j, float& loss, float& delta) {
    const float z = row.z[j];
    const float y = row.target(j);
    const float e = exp_of(-absolute(z));
    loss = (z < 0.0f ? 0.0f : z) - z * y + log_one_plus(e);
    delta = (z < 0.0f ? e : 1.0f) / (1.0f + e) - y;
  });
}

float cross_entropy(const Row& row) {
  const float highest = row_maximum(row.z, row.columns);
  const float below_highest = highest - row.z[row.label];  // before deltas overwrite z
  const float total = exponentials(row.z, row.columns, row.deltas, highest);
  if (row.deltas != nullptr) {
    const float factor = row.scale / total;
    const size_t padded = padded_columns(row.columns);
    for (size_t j = 0; j < padded; ++j) row.deltas[j] = without_negligible(row.deltas[j] * factor);
    row.deltas[row.label] -= row.scale;
  }
  const float loss = log_of(total) + below_highest;
  return loss == kInfinity ? kLargest : loss;  // outputs further apart than a float can say
}

float loss_of(Loss loss, Activation activation, const Row& row) {
  switch (loss) {
    case Loss::sigmoid_cross_entropy: return sigmoid_cross_entropy(row);
    case Loss::cross_entropy: return cross_entropy(row);
    case Loss::quadratic: break;
  }
  if (activation == Activation::softmax) return quadratic_softmax(row);
  return visit(activation, [&](auto f) { return quadratic(row, f); });
}

/// Whether the label's output is the largest, the first of equals. False when any is NaN.
bool is_correct(const Row& row) {
  const float own = row.z[row.label];
  std::uint32_t beaten = 0;
  for (size_t j = 0; j < row.columns; ++j) {
    const bool is_above = !(row.z[j] <= own), is_equal = row.z[j] == own, is_first = j < row.label;
    beaten |= std::uint32_t{is_above} | (std::uint32_t{is_equal} & std::uint32_t{is_first});
  }
  return beaten == 0;
}

}  // namespace

std::uint32_t loss_and_deltas(Loss loss, Activation output_activation, size_t rows, size_t columns, size_t stride,
                              const float* z, const std::uint8_t* labels, float scale, float* deltas, float* losses) {
  std::uint32_t correct = 0;
  for (size_t i = 0; i < rows; ++i) {
    const Row row{columns, z + i * stride, labels[i], scale, deltas == nullptr ? nullptr : deltas + i * stride};
    if (is_correct(row)) ++correct;
    losses[i] = loss_of(loss, output_activation, row);
  }
  return correct;
}

}  // namespace MOTE_NUMERIC
