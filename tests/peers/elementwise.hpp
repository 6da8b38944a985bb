// SPDX-License-Identifier: MIT
// What lies between the products, each in one pass. mote's formulas, without mote's promises about the order of sums.
// Rows are padded to whole vectors; biases and deltas are 0 there.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/detail/activation.hpp"
#include "textbook/activation_functions.hpp"
#include "textbook/lanes.hpp"

namespace peers {
namespace {

using mote::detail::padded_columns;

/// A block of padded rows.
struct Rows {
  std::size_t count;
  std::size_t columns;
  std::size_t stride;
};

struct LossSum {
  double loss = 0.0;
  std::size_t correct = 0;
};

/// z = F(z + biases)
template <typename F>
inline void add_biases_and_activate(const Rows& rows, const float* __restrict biases, float* __restrict z) {
  const std::size_t width = padded_columns(rows.columns);
  for (std::size_t i = 0; i < rows.count; ++i, z += rows.stride) {
    for (std::size_t j = 0; j < width; ++j) z[j] = F()(z[j] + biases[j]);
  }
}

/// deltas *= F'(activations), bias_gradients = sum of their rows.
template <typename F>
inline void multiply_by_derivative(const Rows& rows, const float* __restrict activations, float* __restrict deltas,
                                   float* __restrict bias_gradients) {
  const std::size_t width = padded_columns(rows.columns);
  for (std::size_t j = 0; j < width; ++j) bias_gradients[j] = 0.0f;
  for (std::size_t i = 0; i < rows.count; ++i, activations += rows.stride, deltas += rows.stride) {
    for (std::size_t j = 0; j < width; ++j) {
      deltas[j] *= F::derivative(activations[j], activations[j]);
      bias_gradients[j] += deltas[j];
    }
  }
}

/// z = softmax(z + biases)
inline void add_biases_and_softmax(const Rows& rows, const float* __restrict biases, float* __restrict z) {
  const std::size_t width = padded_columns(rows.columns);
  for (std::size_t i = 0; i < rows.count; ++i, z += rows.stride) {
    for (std::size_t j = 0; j < width; ++j) z[j] += biases[j];
    const float factor =
        1.0f / mote::detail::exponentials(z, rows.columns, z, mote::detail::row_maximum(z, rows.columns));
    for (std::size_t j = 0; j < width; ++j) z[j] *= factor;
  }
}

/// From z before its biases to deltas of the mean cross-entropy of softmax(z + biases), in place.
inline void softmax_cross_entropy(const Rows& rows, const float* __restrict biases, const std::uint8_t* labels,
                                  float scale, float* __restrict z, float* __restrict bias_gradients, LossSum& sum) {
  const std::size_t width = padded_columns(rows.columns);
  for (std::size_t j = 0; j < width; ++j) bias_gradients[j] = 0.0f;
  for (std::size_t i = 0; i < rows.count; ++i, z += rows.stride) {
    for (std::size_t j = 0; j < width; ++j) z[j] += biases[j];
    const std::size_t label = labels[i];
    const float own = z[label], highest = mote::detail::row_maximum(z, rows.columns);
    const float total = mote::detail::exponentials(z, rows.columns, z, highest);
    sum.loss += static_cast<double>(mote::detail::log_of(total) + highest - own);
    sum.correct += own == highest ? 1 : 0;
    const float factor = scale / total;
    for (std::size_t j = 0; j < width; ++j) z[j] = z[j] * factor - (j == label ? scale : 0.0f);
    for (std::size_t j = 0; j < width; ++j) bias_gradients[j] += z[j];
  }
}

/// The same for the cross-entropies of sigmoid(z + biases).
inline void sigmoid_cross_entropy(const Rows& rows, const float* __restrict biases, const std::uint8_t* labels,
                                  float scale, float* __restrict z, float* __restrict bias_gradients, LossSum& sum) {
  const std::size_t width = padded_columns(rows.columns);
  for (std::size_t j = 0; j < width; ++j) bias_gradients[j] = 0.0f;
  for (std::size_t i = 0; i < rows.count; ++i, z += rows.stride) {
    for (std::size_t j = 0; j < width; ++j) z[j] += biases[j];
    const std::size_t label = labels[i];
    sum.correct += z[label] == mote::detail::row_maximum(z, rows.columns) ? 1 : 0;
    mote::detail::Lanes losses;
    for (std::size_t j = 0; j < width; j += mote::detail::kLanes) {
      for (std::size_t lane = 0; lane < mote::detail::kLanes; ++lane) {
        const float x = z[j + lane], target = j + lane == label ? 1.0f : 0.0f;
        const float e = mote::detail::exp_of(-mote::detail::absolute(x));
        const bool used = j + lane < rows.columns;
        losses.lane[lane] += used ? mote::detail::maximum(x, 0.0f) - x * target + mote::detail::log_one_plus(e) : 0.0f;
        z[j + lane] = used ? scale * ((x < 0.0f ? e : 1.0f) / (1.0f + e) - target) : 0.0f;
      }
    }
    sum.loss += static_cast<double>(losses.sum());
    for (std::size_t j = 0; j < width; ++j) bias_gradients[j] += z[j];
  }
}

}  // namespace
}  // namespace peers
