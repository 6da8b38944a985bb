// SPDX-License-Identifier: MIT
// The product of one sample with a layer's weights as they lie in flash: without padding, and smaller than floats if
// wanted.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mote {

/// IEEE 754 half precision (binary16).
struct Half {
  std::uint16_t bits;
};

/// One sample: floats, or bytes that stand for byte * scale.
struct FlashInputs {
  const float* values = nullptr;        ///< null: bytes
  const std::uint8_t* bytes = nullptr;  ///< read when values is null
  float scale = 1.0f;
};

/// Rows of biases, factors and outputs beside compact weights are padded to this many floats, on all targets alike.
inline constexpr std::size_t kFlashAlignment = 16;
constexpr std::size_t flash_stride(std::size_t columns) {
  return (columns + kFlashAlignment - 1) / kFlashAlignment * kFlashAlignment;
}

/// What computes z = x W: weights [inputs][outputs] of its type; z, factors [flash_stride(outputs)]; the padding of z
/// becomes 0. Terms are added in increasing order of inputs, those of inputs that are 0 left out, which for finite
/// weights changes no bit.
using FlashProduct = void (*)(std::size_t inputs, std::size_t outputs, const FlashInputs& x, const void* weights,
                              const float* factors, float* z);

/// W of float: the bits of forward_product (kernels.hpp).
void flash_product_float32(std::size_t inputs, std::size_t outputs, const FlashInputs& x, const void* weights,
                           const float* factors, float* z);
/// W of Half: the same for the floats that they stand for. factors are not read, as above.
void flash_product_float16(std::size_t inputs, std::size_t outputs, const FlashInputs& x, const void* weights,
                           const float* factors, float* z);
/// W of std::int8_t, W[k][j] standing for it times factors[j]: the factor comes after the sum. Bytes are multiplied and
/// added as integers, exactly, for up to 65,536 inputs; floats, and more bytes, as floats.
void flash_product_int8(std::size_t inputs, std::size_t outputs, const FlashInputs& x, const void* weights,
                        const float* factors, float* z);

}  // namespace mote
