// SPDX-License-Identifier: MIT
#include "mote/detail/flash_product.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "mote/detail/vector_math.hpp"
#include "products/reference.hpp"
#include "support/support.hpp"

namespace {

using mote::FlashInputs;
using mote::test::Guarded;
using mote::test::kNotANumber;
using std::size_t;

class FlashProducts : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, FlashProducts, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

/// Sizes around the numbers of columns and of inputs that the product takes at a time.
constexpr struct { size_t inputs, outputs; } kShapes[] = {{1, 1}, {15, 3}, {16, 4}, {17, 5}, {33, 16}, {100, 17}};

TEST_P(FlashProducts, OfFloatsAndOfHalvesHaveTheBitsOfTheReference) {
  for (const auto& [inputs, outputs] : kShapes) {
    mote::test::Source source(5);
    std::vector<float> x(inputs), weights(inputs * outputs), expected(outputs);
    std::vector<mote::Half> halves(weights.size());
    for (float& value : x) value = source.below(3) == 0 ? 0.0f : source.uniform(-1.0f, 1.0f);
    for (size_t i = 0; i < weights.size(); ++i) {  // eighths: exact as halves
      const auto eighths = static_cast<std::uint32_t>(source.below(8));
      weights[i] = 1.0f + static_cast<float>(eighths) / 8.0f;
      halves[i].bits = static_cast<std::uint16_t>(0x3c00u + (eighths << 7));
    }
    const auto reference =
        mote::arithmetic_is_fused() ? mote::reference::forward<true> : mote::reference::forward<false>;
    reference(1, inputs, outputs, x.data(), inputs, weights.data(), outputs, expected.data(), outputs);
    for (const bool of_floats : {true, false}) {
      Guarded<float> z(mote::flash_stride(outputs), kNotANumber);
      if (of_floats) {
        mote::flash_product_float32(inputs, outputs, {0, outputs}, {x.data()}, weights.data(), nullptr, z.data());
      } else {
        mote::flash_product_float16(inputs, outputs, {0, outputs}, {x.data()}, halves.data(), nullptr, z.data());
      }
      ASSERT_TRUE(z.intact());
      for (size_t j = 0; j < z.size(); ++j) ASSERT_EQ(z[j], j < outputs ? expected[j] : 0.0f) << j;
    }
  }
}

TEST_P(FlashProducts, OfBytesAddIntegersExactly) {
  for (const auto& [inputs, outputs] : kShapes) {
    mote::test::Source source(6);
    std::vector<std::uint8_t> bytes(inputs);
    std::vector<std::int8_t> weights(inputs * outputs);
    std::vector<float> factors(mote::flash_stride(outputs), 0.0f);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(source.below(256));
    for (std::int8_t& weight : weights) weight = static_cast<std::int8_t>(static_cast<int>(source.below(255)) - 127);
    for (size_t j = 0; j < outputs; ++j) factors[j] = 0.25f * static_cast<float>(j + 1);
    for (const bool is_signed : {false, true}) {
      const FlashInputs x{bytes.data(), mote::read_flash_bytes,
                          is_signed ? mote::ElementType::int8 : mote::ElementType::uint8, 0.5f};
      Guarded<float> z(mote::flash_stride(outputs), kNotANumber);
      mote::flash_product_int8(inputs, outputs, {0, outputs}, x, weights.data(), factors.data(), z.data());
      ASSERT_TRUE(z.intact());
      for (size_t j = 0; j < outputs; ++j) {
        std::int64_t sum = 0;
        for (size_t k = 0; k < inputs; ++k) {
          const int byte = is_signed ? static_cast<std::int8_t>(bytes[k]) : bytes[k];
          sum += byte * weights[k * outputs + j];
        }
        ASSERT_EQ(z[j], static_cast<float>(sum) * (factors[j] * 0.5f)) << j;
      }
    }
  }
}

}  // namespace
