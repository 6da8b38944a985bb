// SPDX-License-Identifier: MIT
#include "mote/checksum.hpp"
#include "mote/topology.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "support/support.hpp"

namespace {

using mote::Bytes;
using mote::Topology;
using std::size_t;

constexpr Topology kTopology{3, {2, mote::Activation::relu}, {17}, {1}};

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

/// CRC-32 from its definition: the remainder of a polynomial division, bit by bit.
std::uint32_t crc32_by_bits(const std::vector<unsigned char>& bytes) {
  std::uint32_t remainder = 0xffffffffu;
  for (const unsigned char byte : bytes) {
    remainder ^= byte;
    for (int bit = 0; bit < 8; ++bit) remainder = remainder & 1u ? remainder >> 1 ^ 0xedb88320u : remainder >> 1;
  }
  return remainder ^ 0xffffffffu;
}

/// Offsets of all weights and biases in the order in which the fingerprint is documented to take them.
std::vector<size_t> used(const Topology& t) {
  std::vector<size_t> offsets;
  for (size_t l = 0; l < t.layer_count; ++l) {
    for (size_t i = 0; i < t.inputs_of(l); ++i) {
      for (size_t j = 0; j < t.outputs_of(l); ++j) offsets.push_back(t.weights_offset(l) + i * t.stride_of(l) + j);
    }
  }
  for (size_t l = 0; l < t.layer_count; ++l) {
    for (size_t j = 0; j < t.outputs_of(l); ++j) offsets.push_back(t.biases_offset(l) + j);
  }
  return offsets;
}

std::uint32_t fingerprint_of(const std::vector<float>& parameters) {
  return mote::fingerprint(kTopology, {parameters.data(), parameters.size()});
}

TEST(Crc32, OfKnownTexts) {
  EXPECT_EQ(mote::crc32(bytes_of("123456789")), 0xcbf43926u);
  EXPECT_EQ(mote::crc32(Bytes()), 0u);
  EXPECT_EQ(mote::crc32(bytes_of("a")), 0xe8b7be43u);
  EXPECT_EQ(mote::crc32(bytes_of("The quick brown fox jumps over the lazy dog")), 0x414fa339u);
}

TEST(Crc32, EqualsTheDefinitionOnAllBytes) {
  std::vector<unsigned char> bytes;
  mote::test::Source source(1);
  for (unsigned i = 0; i < 256; ++i) {
    const unsigned char byte[] = {static_cast<unsigned char>(i)};
    EXPECT_EQ(mote::crc32(byte), crc32_by_bits({byte[0]})) << i;
    bytes.push_back(static_cast<unsigned char>(source.below(256)));
    ASSERT_EQ(mote::crc32({bytes.data(), bytes.size()}), crc32_by_bits(bytes)) << bytes.size();
  }
}

TEST(Crc32, OfPartsIsThatOfTheWhole) {
  const std::string text = "incremental in any two or more parts";
  const std::uint32_t whole = mote::crc32(bytes_of(text));
  std::uint32_t one_by_one = 0;
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(mote::crc32(bytes_of(text.substr(cut)), mote::crc32(bytes_of(text.substr(0, cut)))), whole) << cut;
    if (cut < text.size()) one_by_one = mote::crc32(bytes_of(text.substr(cut, 1)), one_by_one);
  }
  EXPECT_EQ(one_by_one, whole);
}

TEST(Fingerprint, IsTheCrcOfWeightsThenBiasesAsLittleEndianFloats) {
  mote::test::Source source(2);
  const std::vector<float> parameters = source.floats(kTopology.parameter_count());
  std::vector<unsigned char> bytes;
  for (const size_t offset : used(kTopology)) {
    for (const unsigned shift : {0u, 8u, 16u, 24u}) {
      bytes.push_back(static_cast<unsigned char>(mote::test::bits(parameters[offset]) >> shift));
    }
  }
  ASSERT_EQ(bytes.size(), kTopology.trainable_count() * 4);
  EXPECT_EQ(fingerprint_of(parameters), crc32_by_bits(bytes));
}

TEST(Fingerprint, IgnoresPadding) {
  mote::test::Source source(3);
  const std::vector<float> parameters = source.floats(kTopology.parameter_count());
  std::vector<float> other(parameters.size(), mote::test::kNotANumber);
  for (const size_t offset : used(kTopology)) other[offset] = parameters[offset];
  EXPECT_EQ(fingerprint_of(other), fingerprint_of(parameters));
}

TEST(Fingerprint, SeesEveryBitOfEveryWeightAndBias) {
  mote::test::Source source(4);
  std::vector<float> parameters = source.floats(kTopology.parameter_count());
  std::set<std::uint32_t> seen = {fingerprint_of(parameters)};
  for (const size_t offset : used(kTopology)) {
    const std::uint32_t before = mote::test::bits(parameters[offset]);
    for (unsigned bit = 0; bit < 32; ++bit) {
      const std::uint32_t flipped = before ^ 1u << bit;
      std::memcpy(&parameters[offset], &flipped, sizeof flipped);
      EXPECT_TRUE(seen.insert(fingerprint_of(parameters)).second) << "bit " << bit << " at " << offset;
    }
    std::memcpy(&parameters[offset], &before, sizeof before);
  }
}

TEST(Fingerprint, TellsZeroFromMinusZero) {
  std::vector<float> parameters(kTopology.parameter_count());
  const std::uint32_t zero = fingerprint_of(parameters);
  parameters[0] = -0.0f;
  EXPECT_NE(fingerprint_of(parameters), zero);
}

TEST(Fingerprint, TakesTheScalesOfBatchNormalizationLast) {
  mote::test::Source source(5);
  const Topology plain{3, {2}, {18}, {2}};
  const Topology normalized{3, {2, mote::Activation::relu, true}, {18, mote::Activation::relu, true}, {2}};
  const std::vector<float> parameters = source.floats(normalized.parameter_count());
  const std::uint32_t start = mote::fingerprint(plain, {parameters.data(), plain.parameter_count()});
  std::vector<float> scales(&parameters[normalized.scales_offset(0)], &parameters[normalized.scales_offset(0) + 2]);
  scales.insert(scales.end(), &parameters[normalized.scales_offset(1)], &parameters[normalized.scales_offset(1) + 18]);
  std::vector<unsigned char> bytes;  // least significant first
  for (const float scale : scales) {
    std::uint32_t bits;
    std::memcpy(&bits, &scale, sizeof bits);
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<unsigned char>(bits >> shift));
  }
  EXPECT_EQ(mote::fingerprint(normalized, {parameters.data(), parameters.size()}),
            mote::crc32({bytes.data(), bytes.size()}, start));
}

TEST(FingerprintDeathTest, StopsAtASpanOfAnotherSize) {
  const std::vector<float> parameters(kTopology.parameter_count() + 1);
  EXPECT_DEATH(static_cast<void>(fingerprint_of(parameters)), "");
}

}  // namespace
