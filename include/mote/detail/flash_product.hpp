// SPDX-License-Identifier: MIT
// The product of one sample with a layer's weights in flash, which have no padding and may be smaller than floats.
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

/// Rows of biases, factors and outputs are padded to a multiple of this many floats, on all targets.
inline constexpr std::size_t kFlashAlignment = 16;
constexpr std::size_t flash_stride(std::size_t columns) {
  return (columns + kFlashAlignment - 1) / kFlashAlignment * kFlashAlignment;
}

/// Computes z = x W. weights: W [inputs][outputs], of the function's type; z, factors: [flash_stride(outputs)]; the
/// padding of z becomes 0. Terms are added in increasing order of inputs. Terms of inputs that are 0 are left out,
/// which changes no bit for finite weights.
using FlashProduct = void (*)(std::size_t inputs, std::size_t outputs, const FlashInputs& x, const void* weights,
                              const float* factors, float* z);

/// W of float: gives the bits of forward_product() (products.hpp). Does not read factors.
void flash_product_float32(std::size_t inputs, std::size_t outputs, const FlashInputs& x, const void* weights,
                           const float* factors, float* z);
/// W of Half: gives the bits of flash_product_float32() for the floats with the values of W. Does not read factors.
void flash_product_float16(std::size_t inputs, std::size_t outputs, const FlashInputs& x, const void* weights,
                           const float* factors, float* z);
/// W of std::int8_t, where W[k][j] stands for W[k][j] * factors[j]: multiplies each sum by its factor. Up to 65,536
/// inputs of bytes are multiplied and added exactly, as integers; more inputs, and inputs of floats, as floats.
void flash_product_int8(std::size_t inputs, std::size_t outputs, const FlashInputs& x, const void* weights,
                        const float* factors, float* z);

}  // namespace mote
