// SPDX-License-Identifier: MIT
#include "mote/idx.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

namespace {

using mote::Idx;
using mote::Result;
using mote::Status;
using File = std::vector<unsigned char>;

/// The bytes of an IDX file, made by the format's definition. Elements count up from 1.
File file_of(const std::vector<std::uint32_t>& dimensions, unsigned char type = 0x08) {
  File file = {0, 0, type, static_cast<unsigned char>(dimensions.size())};
  std::size_t elements = 1;
  for (const std::uint32_t size : dimensions) {
    for (const unsigned shift : {24u, 16u, 8u, 0u}) file.push_back(static_cast<unsigned char>(size >> shift));
    elements *= size;
  }
  for (std::size_t i = 0; i < elements; ++i) file.push_back(static_cast<unsigned char>(i + 1));
  return file;
}

/// A header that announces more than anybody holds.
File header_of(const std::vector<std::uint32_t>& dimensions) {
  File file = file_of(std::vector<std::uint32_t>(dimensions.size(), 0));
  for (std::size_t i = 0; i < 4 * dimensions.size(); ++i) {
    file[4 + i] = static_cast<unsigned char>(dimensions[i / 4] >> (24 - 8 * (i % 4)));
  }
  return file;
}

/// The outcome of parsing a copy in a heap block of exactly its size, so that tools see any byte read past it. Fails
/// when a refusal touches the view.
Result parse(const File& file, std::size_t rank) {
  const std::unique_ptr<unsigned char[]> bytes(new unsigned char[file.size()]);
  std::copy(file.begin(), file.end(), bytes.get());
  constexpr unsigned char kElsewhere[] = {42};
  Idx idx{4, {11, 12, 13, 14}, kElsewhere};
  const Result result = parse_idx({bytes.get(), file.size()}, rank, idx);
  if (!result.ok()) {
    EXPECT_EQ(idx.rank, 4u);
    for (std::uint32_t d = 0; d < 4; ++d) EXPECT_EQ(idx.dimensions[d], 11 + d);
    EXPECT_EQ(idx.elements.data(), kElsewhere);
    EXPECT_EQ(idx.elements.size(), 1u);
  }
  return result;
}

void expect(const Result& result, Status status, std::uint64_t found = 0, std::uint64_t expected = 0) {
  EXPECT_STREQ(to_string(result.status), to_string(status));
  EXPECT_EQ(result.found, found);
  EXPECT_EQ(result.expected, expected);
}

TEST(Idx, ParsesLabels) {
  const File file = file_of({300});
  Idx idx;
  ASSERT_TRUE(parse_idx({file.data(), file.size()}, 1, idx).ok());
  EXPECT_EQ(idx.rank, 1u);
  EXPECT_EQ(idx.count(), 300u);
  EXPECT_EQ(idx.item_size(), 1u);
  EXPECT_EQ(idx.elements.data(), file.data() + 8);
  EXPECT_EQ(idx.elements.size(), 300u);
  for (const std::size_t d : {1u, 2u, 3u}) EXPECT_EQ(idx.dimensions[d], 1u);
}

TEST(Idx, ParsesImages) {
  const File file = file_of({2, 3, 5});
  Idx idx;
  ASSERT_TRUE(parse_idx({file.data(), file.size()}, 3, idx).ok());
  EXPECT_EQ(idx.rank, 3u);
  EXPECT_EQ(idx.count(), 2u);
  EXPECT_EQ(idx.item_size(), 15u);
  EXPECT_EQ(idx.dimensions[1], 3u);
  EXPECT_EQ(idx.dimensions[2], 5u);
  EXPECT_EQ(idx.dimensions[3], 1u);
  EXPECT_EQ(idx.elements.data(), file.data() + 16);
  EXPECT_EQ(idx.elements.size(), 30u);
  EXPECT_EQ(idx.elements[29], 30u);
}

TEST(Idx, ParsesEveryRankAndAllFourBytesOfADimension) {
  EXPECT_TRUE(parse(file_of({3, 2}), 2).ok());
  EXPECT_TRUE(parse(file_of({2, 2, 2, 2}), 4).ok());
  EXPECT_TRUE(parse(file_of({1, 1, 1, 1}), 4).ok());
  EXPECT_TRUE(parse(file_of({0x00010203}), 1).ok());
}

TEST(Idx, RefusesAnEmptyFile) {
  expect(parse({}, 1), Status::idx_empty);
  Idx idx;
  expect(parse_idx({}, 3, idx), Status::idx_empty);
}

TEST(Idx, RecognisesGzip) {
  File file = file_of({4});
  file[0] = 0x1f;
  file[1] = 0x8b;
  expect(parse(file, 1), Status::idx_gzip);
  expect(parse({0x1f, 0x8b}, 3), Status::idx_gzip);
  expect(parse({0x1f}, 3), Status::idx_truncated_header, 1, 16);
}

TEST(Idx, RefusesABadMagicNumber) {
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}}) {
    for (unsigned value = 1; value < 256; ++value) {
      File file = file_of({4});
      file[at] = static_cast<unsigned char>(value);
      expect(parse(file, 1), Status::idx_bad_magic, at == 0 ? value << 8 : value, 0);
    }
  }
}

/// An IDX file of floats, whose bits count up from 0x3f800001.
File float_file_of(const std::vector<std::uint32_t>& dimensions) {
  std::size_t elements = 1;
  for (const std::uint32_t size : dimensions) elements *= size;
  File file = file_of(dimensions, 0x0d);
  file.resize(4 + 4 * dimensions.size());
  for (std::uint32_t i = 1; i <= elements; ++i) {
    for (const unsigned byte : {0x3fu, 0x80u, 0x00u}) file.push_back(static_cast<unsigned char>(byte));
    file.push_back(static_cast<unsigned char>(i));
  }
  return file;
}

Result parse_floats(const File& file, std::size_t rank) {
  Idx idx;
  return parse_idx({file.data(), file.size()}, rank, idx, mote::IdxType::float32);
}

TEST(Idx, ReadsFloatsMostSignificantByteFirst) {
  const File file = float_file_of({3, 2});
  Idx idx;
  ASSERT_TRUE(parse_idx({file.data(), file.size()}, 2, idx, mote::IdxType::float32).ok());
  EXPECT_EQ(idx.count(), 3u);
  EXPECT_EQ(idx.item_size(), 2u);
  EXPECT_EQ(idx.elements.size(), 24u);
  float floats[7] = {0, 0, 0, 0, 0, 0, -1.0f};
  ASSERT_TRUE(read_floats(idx, floats).ok());
  for (int i = 0; i < 6; ++i) EXPECT_EQ(floats[i], 1.0f + static_cast<float>(i + 1) * 0x1p-23f) << i;
  EXPECT_EQ(floats[6], -1.0f) << "written past the end";
}

TEST(Idx, ReadsFloatsWhereTheyLie) {
  const File file = float_file_of({5, 3});
  alignas(float) unsigned char bytes[12 + 60];
  std::copy(file.begin(), file.end(), bytes);
  Idx idx;
  ASSERT_TRUE(parse_idx(bytes, 2, idx, mote::IdxType::float32).ok());
  float* floats = reinterpret_cast<float*>(bytes + 12);
  ASSERT_TRUE(read_floats(idx, floats).ok());
  for (int i = 0; i < 15; ++i) EXPECT_EQ(floats[i], 1.0f + static_cast<float>(i + 1) * 0x1p-23f) << i;
}

TEST(Idx, RefusesFloatsThatAreDamaged) {
  const File whole = float_file_of({3, 2});
  EXPECT_TRUE(parse_floats(whole, 2).ok());
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const File file(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    expect(parse_floats(file, 2), size < 12 ? Status::idx_truncated_header : Status::idx_truncated_body, size,
           size < 12 ? 12 : whole.size());
  }
  File longer = whole;
  longer.resize(whole.size() + 4);
  expect(parse_floats(longer, 2), Status::idx_trailing_bytes, whole.size() + 4, whole.size());
  expect(parse_floats(whole, 1), Status::idx_rank, 2, 1);
  expect(parse_floats(file_of({3, 2}), 2), Status::idx_element_type, 0x08, 0x0d);
  expect(parse(whole, 2), Status::idx_element_type, 0x0d, 0x08);
  for (const unsigned type : {0x09u, 0x0bu, 0x0cu, 0x0eu}) {
    expect(parse_floats(file_of({3, 2}, static_cast<unsigned char>(type)), 2), Status::idx_element_type, type, 0x0d);
  }
  expect(parse_floats(file_of({3, 0}, 0x0d), 2), Status::idx_zero_dimension, 1, 1);
  File huge = header_of({0x80000000, 0x80000000});  // 2^62 elements, but 2^64 bytes
  huge[2] = 0x0d;
  EXPECT_EQ(parse_floats(huge, 2).status, Status::idx_size_overflow);
}

/// A view of a file of any type.
Idx parsed(const File& file) {
  Idx idx;
  EXPECT_TRUE(parse_idx({file.data(), file.size()}, idx).ok());
  return idx;
}

/// The header of a file, and elements as another program wrote them.
File with_bytes(const std::vector<std::uint32_t>& dimensions, unsigned char type, const File& elements) {
  File file = header_of(dimensions);
  file[2] = type;
  file.insert(file.end(), elements.begin(), elements.end());
  return file;
}

/// One row of each type. Written by Python: struct.pack(">4b", -128, -1, 0, 127), struct.pack(">4h", ...), ...
const File kInt8 = with_bytes({1, 4}, 0x09, {0x80, 0xff, 0x00, 0x7f});
const File kInt16 = with_bytes({1, 4}, 0x0b, {0x80, 0x00, 0xff, 0xff, 0x00, 0x01, 0x7f, 0xff});
const File kInt32 = with_bytes({1, 3}, 0x0c, {0x80, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00, 0x00, 0x00});
const File kFloat64 = with_bytes({1, 3}, 0x0e, {0xbf, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a,    // -0.1
                                                0x47, 0xef, 0xff, 0xff, 0xe0, 0x00, 0x00, 0x00,    // largest float
                                                0xff, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00});  // -infinity

TEST(Idx, ReadsNumbersOfEveryTypeExactly) {
  const auto expect_numbers = [](const File& file, const std::vector<double>& numbers) {
    const Idx idx = parsed(file);
    ASSERT_EQ(idx.count() * idx.item_size(), numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(number_at(idx, i), numbers[i]) << i;
  };
  expect_numbers(file_of({1, 3}), {1, 2, 3});
  expect_numbers(kInt8, {-128, -1, 0, 127});
  expect_numbers(kInt16, {-32768, -1, 1, 32767});
  expect_numbers(kInt32, {-2147483648.0, -1, 16777216});
  expect_numbers(float_file_of({1, 2}), {1 + 0x1p-23, 1 + 0x1p-22});
  expect_numbers(kFloat64, {-0.1, 3.4028234663852886e38, -std::numeric_limits<double>::infinity()});
}

TEST(Idx, ReadsInputsWhereTheyLie) {
  const auto read = [](const File& file, mote::ElementType type, std::vector<float> elements) {
    alignas(8) unsigned char bytes[64];
    std::copy(file.begin(), file.end(), bytes);
    Idx idx;
    ASSERT_TRUE(parse_idx({bytes, file.size()}, idx).ok());
    mote::Inputs inputs;
    ASSERT_TRUE(read_inputs(idx, bytes + (idx.elements.data() - bytes), inputs).ok());
    EXPECT_EQ(inputs.type, type);
    EXPECT_EQ(inputs.count, 1u);
    ASSERT_EQ(inputs.features, elements.size());
    EXPECT_EQ(inputs.data, idx.elements.data());
    for (std::size_t f = 0; f < elements.size(); ++f) EXPECT_EQ(element_at(inputs, 0, f), elements[f]) << f;
  };
  using mote::ElementType;
  read(file_of({1, 2, 2}), ElementType::uint8, {1, 2, 3, 4});
  read(kInt8, ElementType::int8, {-128, -1, 0, 127});
  read(kInt16, ElementType::int16, {-32768, -1, 1, 32767});
  read(kInt32, ElementType::float32, {-0x1p31f, -1, 0x1p24f});
  read(float_file_of({1, 2}), ElementType::float32, {1 + 0x1p-23f, 1 + 0x1p-22f});
  read(kFloat64, ElementType::float32, {-0.1f, 0x1.fffffep127f, -std::numeric_limits<float>::infinity()});
}

TEST(Idx, RefusesNumbersThatNoFloatHolds) {
  float floats[3] = {7, 7, 7};
  const File odd = with_bytes({3}, 0x0c, {0, 0, 0, 5, 0x01, 0x00, 0x00, 0x01, 0, 0, 0, 6});  // 2^24 + 1
  expect(read_floats(parsed(odd), floats), Status::idx_number, 1);
  EXPECT_EQ(floats[0], 5.0f);
  EXPECT_EQ(floats[1], 7.0f);
  const File large = with_bytes({1}, 0x0e, {0xc7, 0xef, 0xff, 0xff, 0xe0, 0x00, 0x00, 0x01});  // past -largest float
  expect(read_floats(parsed(large), floats), Status::idx_number, 0);
  mote::Inputs inputs;
  expect(read_inputs(parsed(large), floats, inputs), Status::idx_number, 0);
  EXPECT_EQ(inputs.data, nullptr);
}

TEST(Idx, KeepsTheBitsOfFloatsThatAreNotNumbers) {
  const File file = with_bytes({1}, 0x0d, {0x7f, 0x80, 0x00, 0x01});  // a signaling NaN
  std::uint32_t bits = 0;
  float number;
  ASSERT_TRUE(read_floats(parsed(file), &number).ok());
  std::memcpy(&bits, &number, sizeof bits);
  EXPECT_EQ(bits, 0x7f800001u);
}

std::vector<int> labels_of(const File& file) {
  std::vector<std::uint8_t> labels(parsed(file).count());
  EXPECT_TRUE(read_labels(parsed(file), labels.data()).ok());
  return {labels.begin(), labels.end()};
}

TEST(Idx, ReadsLabelsOfEveryTypeInOneColumn) {
  const std::vector<int> expected = {2, 0, 255};
  EXPECT_EQ(labels_of(with_bytes({3}, 0x08, {2, 0, 255})), expected);
  EXPECT_EQ(labels_of(with_bytes({3, 1}, 0x08, {2, 0, 255})), expected);
  EXPECT_EQ(labels_of(with_bytes({3}, 0x09, {2, 0, 127})), (std::vector<int>{2, 0, 127}));
  EXPECT_EQ(labels_of(with_bytes({3}, 0x0b, {0, 2, 0, 0, 0, 255})), expected);
  EXPECT_EQ(labels_of(with_bytes({3, 1, 1}, 0x0c, {0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 255})), expected);
  EXPECT_EQ(labels_of(with_bytes({2}, 0x0d, {0x40, 0x40, 0, 0, 0x80, 0, 0, 0})), (std::vector<int>{3, 0}));  // -0.0
  EXPECT_EQ(labels_of(with_bytes({1}, 0x0e, {0x40, 0x6f, 0xe0, 0, 0, 0, 0, 0})), std::vector<int>{255});
}

TEST(Idx, ReadsOneHotLabels) {
  EXPECT_EQ(labels_of(with_bytes({3, 3}, 0x08, {0, 0, 1, 1, 0, 0, 0, 1, 0})), (std::vector<int>{2, 0, 1}));
  EXPECT_EQ(labels_of(with_bytes({1, 2}, 0x0d, {0, 0, 0, 0, 0x3f, 0x80, 0, 0})), std::vector<int>{1});
  std::uint8_t labels[2];
  const auto refusal = [&](const File& file) { return read_labels(parsed(file), labels); };
  expect(refusal(with_bytes({2, 3}, 0x08, {0, 0, 1, 0, 0, 0})), Status::idx_one_hot, 1, 3);
  expect(refusal(with_bytes({2, 3}, 0x08, {0, 1, 1, 0, 0, 1})), Status::idx_one_hot, 0, 3);
  expect(refusal(with_bytes({2, 3}, 0x08, {0, 0, 2, 0, 0, 1})), Status::idx_one_hot, 0, 3);
  expect(refusal(file_of({1, 257})), Status::idx_one_hot, 0, 257);
}

TEST(Idx, RefusesLabelsThatAreNoClass) {
  std::uint8_t labels[2];
  const auto refusal = [&](const File& file) { return read_labels(parsed(file), labels); };
  expect(refusal(with_bytes({2}, 0x09, {1, 0xff})), Status::idx_label, 1);
  expect(refusal(with_bytes({2}, 0x0b, {1, 0, 0, 1})), Status::idx_label, 0);
  expect(refusal(with_bytes({1}, 0x0d, {0x3f, 0xc0, 0, 0})), Status::idx_label, 0);  // 1.5
  expect(refusal(with_bytes({1}, 0x0d, {0x7f, 0xc0, 0, 0})), Status::idx_label, 0);  // NaN
}

TEST(Idx, TakesEveryTypeAndAnyNumberOfDimensionsWhenAsked) {
  const File deep = with_bytes({2, 1, 1, 3, 2, 2}, 0x09, File(24, 1));
  const Idx idx = parsed(deep);
  EXPECT_EQ(idx.rank, 6u);
  EXPECT_EQ(idx.item_size(), 12u);
  EXPECT_EQ(idx.dimensions[3], 3u);
  EXPECT_EQ(parsed(with_bytes(std::vector<std::uint32_t>(255, 1), 0x08, {9})).rank, 255u);
  Idx same = idx;
  const auto refusal = [&](const File& file) { return parse_idx({file.data(), file.size()}, same); };
  expect(refusal({}), Status::idx_empty);
  expect(refusal({0, 0, 8}), Status::idx_truncated_header, 3, 8);
  expect(refusal({0, 0, 8, 0}), Status::idx_rank, 0, 1);
  expect(refusal({0, 0, 8, 255}), Status::idx_truncated_header, 4, 1024);
  expect(refusal({3, 8, 0, 0, 1}), Status::idx_bad_magic, 0x308, 0);
  for (unsigned type = 0; type < 256; ++type) {
    const bool is_known = (type >= 0x08 && type <= 0x0e && type != 0x0a);
    const File one = with_bytes({1}, static_cast<unsigned char>(type), File(8, 0));
    EXPECT_EQ(refusal(one).status == Status::idx_element_type, !is_known) << type;
  }
  File lie = header_of({60000, 1000, 200});  // 96 gigabytes
  lie[2] = 0x0e;
  constexpr std::uint64_t kBytes = 16 + std::uint64_t{60000} * 200000 * 8;
  if (sizeof(std::size_t) == 4) {
    expect(refusal(lie), Status::idx_size_overflow);
  } else {
    expect(refusal(lie), Status::idx_truncated_body, 16, kBytes);
  }
}

TEST(Idx, RefusesEveryOtherElementType) {
  for (unsigned type = 0; type < 256; ++type) {
    if (type == 0x08) continue;
    expect(parse(file_of({4}, static_cast<unsigned char>(type)), 1), Status::idx_element_type, type, 0x08);
  }
}

TEST(Idx, RefusesAnotherRankThanAskedFor) {
  expect(parse(file_of({4}), 3), Status::idx_rank, 1, 3);
  expect(parse(file_of({4, 2, 2}), 1), Status::idx_rank, 3, 1);
  File file = file_of({4, 2, 2});
  for (const unsigned rank : {0u, 4u, 5u, 255u}) {
    file[3] = static_cast<unsigned char>(rank);
    expect(parse(file, 3), Status::idx_rank, rank, 3);
  }
}

TEST(Idx, RefusesEveryTruncationAndNothingLonger) {
  for (const std::vector<std::uint32_t>& dimensions : {std::vector<std::uint32_t>{9}, {3, 2, 4}, {2, 1, 3, 2}}) {
    const File whole = file_of(dimensions);
    const std::size_t header = 4 + 4 * dimensions.size();
    EXPECT_TRUE(parse(whole, dimensions.size()).ok());
    for (std::size_t size = 1; size < whole.size(); ++size) {
      const File file(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      if (size < header) {
        expect(parse(file, dimensions.size()), Status::idx_truncated_header, size, header);
      } else {
        expect(parse(file, dimensions.size()), Status::idx_truncated_body, size, whole.size());
      }
    }
    for (const std::size_t more : {std::size_t{1}, std::size_t{1000}}) {
      File file = whole;
      file.resize(whole.size() + more);
      expect(parse(file, dimensions.size()), Status::idx_trailing_bytes, whole.size() + more, whole.size());
    }
  }
}

TEST(Idx, RefusesAZeroDimensionAndSaysWhich) {
  for (std::size_t zero = 0; zero < 3; ++zero) {
    std::vector<std::uint32_t> dimensions = {2, 3, 4};
    dimensions[zero] = 0;
    const Result result = parse(file_of(dimensions), 3);
    EXPECT_EQ(result.status, Status::idx_zero_dimension);
    EXPECT_EQ(result.found, zero);
  }
}

TEST(Idx, RefusesSizesThatCannotBeAddressed) {
  EXPECT_EQ(parse(header_of({0xffffffff, 0xffffffff, 0xffffffff}), 3).status, Status::idx_size_overflow);
  EXPECT_EQ(parse(header_of({0x80000000, 0x80000000, 4, 1}), 4).status, Status::idx_size_overflow) << "exactly 2^64";
  EXPECT_EQ(parse(header_of({0xffffffff, 0xffffffff, 2}), 3).status, Status::idx_size_overflow);
  EXPECT_EQ(parse(header_of({0xffffffff, 0xffffffff, 1, 0x10000}), 4).status, Status::idx_size_overflow);
}

TEST(Idx, AHugeButAddressableSizeIsTruncated) {
  const File file = header_of({0xfffffff0});
  const std::uint64_t expected = 8 + std::uint64_t{0xfffffff0};
  if (sizeof(std::size_t) > 4) {
    expect(parse(file, 1), Status::idx_truncated_body, 8, expected);
  } else {
    EXPECT_FALSE(parse(file, 1).ok());
  }
}

TEST(IdxDeathTest, StopsAtARankThatCannotBe) {
  const File file = file_of({4});
  Idx idx;
  EXPECT_DEATH(static_cast<void>(parse_idx({file.data(), file.size()}, 0, idx)), "");
  EXPECT_DEATH(static_cast<void>(parse_idx({file.data(), file.size()}, mote::kMaxIdxRank + 1, idx)), "");
}

}  // namespace
