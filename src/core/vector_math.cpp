// SPDX-License-Identifier: MIT
#include "mote/detail/vector_math.hpp"

#include "arithmetic.hpp"
#include "mote/instruction_set.hpp"
#include "normal.hpp"

namespace MOTE_NUMERIC {

void exp(const float* x, float* y, std::size_t n) {
  MOTE_VECTORIZE
  for (std::size_t i = 0; i < n; ++i) y[i] = mote::detail::exp_of(x[i]);
}

void log(const float* x, float* y, std::size_t n) {
  MOTE_VECTORIZE
  for (std::size_t i = 0; i < n; ++i) y[i] = mote::detail::log_of(x[i]);
}

void tanh(const float* x, float* y, std::size_t n) {
  MOTE_VECTORIZE
  for (std::size_t i = 0; i < n; ++i) y[i] = mote::detail::tanh_of(x[i]);
}

void sigmoid(const float* x, float* y, std::size_t n) {
  MOTE_VECTORIZE
  for (std::size_t i = 0; i < n; ++i) y[i] = mote::detail::sigmoid_of(x[i]);
}

void error_function(const float* x, float* y, std::size_t n) {
  MOTE_VECTORIZE
  for (std::size_t i = 0; i < n; ++i) y[i] = mote::detail::erf_of(x[i]);
}

void scale_bytes(const std::uint8_t* x, float scale, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<float>(x[i]) * scale;
}

void or_bytes(const std::uint8_t* x, std::uint8_t* y, std::size_t n) {
  MOTE_VECTORIZE
  for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<std::uint8_t>(y[i] | x[i]);
}

bool arithmetic_is_fused() {
  return mote::detail::kFused;
}

}  // namespace MOTE_NUMERIC
