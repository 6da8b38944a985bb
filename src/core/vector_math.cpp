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

namespace {

/// y[i] = f(x[i], i). Returns whether all are finite: integers are.
template <typename Element, typename F>
MOTE_INLINE bool convert_each(std::size_t n, const Element* __restrict x, float* __restrict y, F f) {
  constexpr std::uint32_t kExponent = 0x7f800000u;  // all ones: infinite or NaN
  std::uint32_t bad = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const float input = f(static_cast<float>(x[i]), i);
    y[i] = input;
    if (sizeof x[0] == sizeof(float)) bad |= (mote::detail::bits_of(input) & kExponent) == kExponent ? 1 : 0;
  }
  return bad == 0;
}

template <typename Element>
bool convert(const mote::Inputs& inputs, const Element* x, float* y) {
  const std::size_t n = inputs.features;
  const float *offsets = inputs.offsets, *scales = inputs.scales;
  const float offset = inputs.offset, scale = inputs.scale;
  if (scales != nullptr) {
    return convert_each(n, x, y, [=](float e, std::size_t i) { return (e - offsets[i]) * scales[i]; });
  }
  if (sizeof x[0] == 1 && offset == 0.0f) return convert_each(n, x, y, [=](float e, std::size_t) { return e * scale; });
  return convert_each(n, x, y, [=](float e, std::size_t) { return (e - offset) * scale; });
}

}  // namespace

bool convert_sample(const mote::Inputs& inputs, const void* elements, float* y) {
  switch (inputs.type) {
    case mote::ElementType::uint8: return convert(inputs, static_cast<const std::uint8_t*>(elements), y);
    case mote::ElementType::int8: return convert(inputs, static_cast<const std::int8_t*>(elements), y);
    case mote::ElementType::int16: return convert(inputs, static_cast<const std::int16_t*>(elements), y);
    case mote::ElementType::float32: break;
  }
  return convert(inputs, static_cast<const float*>(elements), y);
}

void or_bytes(const std::uint8_t* x, std::uint8_t* y, std::size_t n) {
  MOTE_VECTORIZE
  for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<std::uint8_t>(y[i] | x[i]);
}

bool arithmetic_is_fused() {
  return mote::detail::kFused;
}

mote::Result check_arithmetic() {
#ifdef __clang__  // obeys its pragma, except under -ffp-contract=fast
  const volatile float a = 0x1.001p0f;
  if (a * a - 0x1.002p0f != 0.0f) return mote::Status::contracted_arithmetic;  // the square rounds to 0x1.002p0
#endif
  return mote::Status::ok;
}

}  // namespace MOTE_NUMERIC
