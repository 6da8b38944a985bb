// SPDX-License-Identifier: MIT
// The product of one sample with a layer's weights in flash, which have no padding and may be smaller than floats.
#ifndef MOTE_DETAIL_FLASH_PRODUCT_HPP
#define MOTE_DETAIL_FLASH_PRODUCT_HPP

#include <cstddef>
#include <cstdint>

#include "mote/inputs.hpp"
#include "mote/parallel.hpp"

namespace mote {

/// IEEE 754 half precision (binary16).
struct Half {
  std::uint16_t bits;
};

/// One sample. Whoever makes it names its reader, so that a program links only the conversions that it uses.
struct FlashInputs {
  /// Converts elements [first, first + count) to inputs y.
  using Read = void (*)(const FlashInputs& x, std::size_t first, std::size_t count, float* y);

  const void* elements = nullptr;
  Read read = nullptr;                      ///< null: the elements are the inputs, as floats
  ElementType type = ElementType::float32;  ///< uint8, int8: inputs are element * scale; float32: the result of read()
  float scale = 1.0f;
  const Inputs* view = nullptr;  ///< for read_flash_inputs()
};

/// Reads elements of type uint8, without view.
void read_flash_bytes(const FlashInputs& x, std::size_t first, std::size_t count, float* y);
/// Reads elements of any type as the view says. Inputs that are not finite become NaN: one NaN makes all outputs NaN,
/// where infinity may saturate an activation.
void read_flash_inputs(const FlashInputs& x, std::size_t first, std::size_t count, float* y);

/// The first sample of `inputs`, but for FlashInputs::view.
constexpr FlashInputs first_sample(const Inputs& inputs, FlashInputs::Read read) {
  const bool is_scaled = size_of(inputs.type) == 1 && inputs.scales == nullptr && inputs.offset == 0.0f;
  return {inputs.data, read, is_scaled ? inputs.type : ElementType::float32, inputs.scale};
}

/// Rows of biases, factors and outputs are padded to a multiple of this many floats, on all targets.
inline constexpr std::size_t kFlashAlignment = 16;
constexpr std::size_t flash_stride(std::size_t columns) {
  return (columns + kFlashAlignment - 1) / kFlashAlignment * kFlashAlignment;
}

/// Computes outputs [some.begin, some.end) of z = x W. Calls for one z come in increasing order; the call for output 0
/// sets the padding of z to 0. weights: W [inputs][outputs], of the function's type;
/// z, factors: [flash_stride(outputs)]. Terms are added in increasing order of inputs. Terms of inputs that are 0 are
/// left out, which changes no bit for finite weights.
using FlashProduct = void (*)(std::size_t inputs, std::size_t outputs, Share some, const FlashInputs& x,
                              const void* weights, const float* factors, float* z);

/// W of float: gives the bits of forward_product() (products.hpp). Does not read factors.
void flash_product_float32(std::size_t inputs, std::size_t outputs, Share some, const FlashInputs& x,
                           const void* weights, const float* factors, float* z);
/// W of Half: gives the bits of flash_product_float32() for the floats with the values of W. Does not read factors.
void flash_product_float16(std::size_t inputs, std::size_t outputs, Share some, const FlashInputs& x,
                           const void* weights, const float* factors, float* z);
/// W of std::int8_t, where W[k][j] stands for W[k][j] * factors[j]: multiplies each sum by its factor. Up to 65,536
/// inputs of type uint8 or int8 are multiplied and added exactly, as integers; more inputs, and others, as floats.
void flash_product_int8(std::size_t inputs, std::size_t outputs, Share some, const FlashInputs& x, const void* weights,
                        const float* factors, float* z);

}  // namespace mote

#endif  // MOTE_DETAIL_FLASH_PRODUCT_HPP
