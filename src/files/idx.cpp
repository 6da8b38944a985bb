// SPDX-License-Identifier: MIT
#include "mote/idx.hpp"

namespace mote {
namespace {

constexpr std::size_t kMagicBytes = 4;

/// The unsigned number in `size` bytes.
std::uint64_t big_endian(const unsigned char* bytes, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i) number = number << 8 | bytes[i];
  return number;
}

/// Checks the four bytes with which every file begins. rank: for the length of the header.
Result check_magic(Bytes file, std::size_t rank) {
  if (file.empty()) return Status::idx_empty;
  if (file.size() >= 2 && file[0] == 0x1f && file[1] == 0x8b) return Status::idx_gzip;
  if (file.size() < kMagicBytes) return {Status::idx_truncated_header, file.size(), kMagicBytes + 4 * rank};
  if (file[0] != 0 || file[1] != 0) return {Status::idx_bad_magic, std::uint64_t{file[0]} << 8 | file[1], 0};
  return Status::ok;
}

/// Reads the dimensions of a file whose magic number is checked.
Result parse_dimensions(Bytes file, Idx& idx) {
  const std::size_t rank = file[3], header = kMagicBytes + 4 * rank;
  if (file.size() < header) return {Status::idx_truncated_header, file.size(), header};
  Idx view;
  view.rank = rank;
  view.type = static_cast<IdxType>(file[2]);
  for (std::uint32_t& dimension : view.dimensions) dimension = 1;
  const std::uint64_t limit = static_cast<std::size_t>(-1) - header;
  std::uint64_t bytes = size_of(view.type);
  for (std::size_t d = 0; d < rank; ++d) {
    const auto dimension = static_cast<std::uint32_t>(big_endian(file.data() + kMagicBytes + 4 * d, 4));
    if (dimension == 0) return {Status::idx_zero_dimension, d, 1};
    if (bytes > limit / dimension) return Status::idx_size_overflow;
    bytes *= dimension;
    if (d < kMaxIdxRank) view.dimensions[d] = dimension;
  }
  const std::uint64_t expected = header + bytes;
  if (file.size() < expected) return {Status::idx_truncated_body, file.size(), expected};
  if (file.size() > expected) return {Status::idx_trailing_bytes, file.size(), expected};
  view.elements = file.subspan(header, static_cast<std::size_t>(bytes));
  idx = view;
  return Status::ok;
}

/// Whether a number has a float: an integer must equal it, a double may be rounded to it.
bool fits_float(IdxType type, double number) {
  if (type != IdxType::float64) return static_cast<double>(static_cast<float>(number)) == number;
  constexpr double kLargestFloat = 0x1.fffffep127;
  return (number >= -kLargestFloat && number <= kLargestFloat) || !(number - number == 0.0);  // infinity, NaN: kept
}

/// The column of the 1 in a row of zeros; `columns` for another row.
std::size_t column_of_one(const Idx& idx, std::size_t sample, std::size_t columns) {
  std::size_t found = columns;
  for (std::size_t column = 0; column < columns; ++column) {
    const double number = number_at(idx, sample * columns + column);
    if (number == 0.0) continue;
    if (number != 1.0 || found != columns) return columns;
    found = column;
  }
  return found;
}

}  // namespace

Result parse_idx(Bytes file, std::size_t rank, Idx& idx, IdxType type) {
  MOTE_ASSERT(rank >= 1 && rank <= kMaxIdxRank);
  if (const Result result = check_magic(file, rank); !result.ok()) return result;
  const std::uint64_t code = static_cast<std::uint8_t>(type);
  if (file[2] != code) return {Status::idx_element_type, file[2], code};
  if (file[3] != rank) return {Status::idx_rank, file[3], rank};
  return parse_dimensions(file, idx);
}

Result parse_idx(Bytes file, Idx& idx) {
  if (const Result result = check_magic(file, 1); !result.ok()) return result;
  if (size_of(static_cast<IdxType>(file[2])) == 0) return {Status::idx_element_type, file[2], 0};
  if (file[3] == 0) return {Status::idx_rank, 0, 1};
  return parse_dimensions(file, idx);
}

double number_at(const Idx& idx, std::size_t element) {
  const std::size_t size = size_of(idx.type);
  const std::uint64_t bits = big_endian(idx.elements.data() + element * size, size);
  switch (idx.type) {
    case IdxType::unsigned_byte: return static_cast<double>(bits);
    case IdxType::signed_byte: return static_cast<std::int8_t>(bits);
    case IdxType::int16: return static_cast<std::int16_t>(bits);
    case IdxType::int32: return static_cast<std::int32_t>(bits);
    case IdxType::float32: {
      const auto low = static_cast<std::uint32_t>(bits);
      float number;
      __builtin_memcpy(&number, &low, sizeof number);
      return static_cast<double>(number);
    }
    case IdxType::float64: break;
  }
  double number;
  static_assert(sizeof number == sizeof bits, "double: expected IEEE 754 double precision");
  __builtin_memcpy(&number, &bits, sizeof number);
  return number;
}

Result read_floats(const Idx& idx, float* floats) {
  const std::size_t count = idx.count() * idx.item_size();
  for (std::size_t i = 0; i < count; ++i) {
    if (idx.type == IdxType::float32) {  // a copy of the bits keeps those of a NaN
      const auto bits = static_cast<std::uint32_t>(big_endian(idx.elements.data() + i * sizeof(float), sizeof(float)));
      __builtin_memcpy(floats + i, &bits, sizeof bits);
      continue;
    }
    const double number = number_at(idx, i);
    if (!fits_float(idx.type, number)) return {Status::idx_number, i, 0};
    floats[i] = static_cast<float>(number);
  }
  return Status::ok;
}

Result read_inputs(const Idx& idx, void* elements, Inputs& inputs) {
  const std::size_t count = idx.count(), features = idx.item_size();
  if (idx.type == IdxType::unsigned_byte) {
    inputs = Inputs(idx.elements.data(), count, features);
  } else if (idx.type == IdxType::signed_byte) {
    inputs = Inputs(reinterpret_cast<const std::int8_t*>(idx.elements.data()), count, features);
  } else if (idx.type == IdxType::int16) {
    auto* numbers = static_cast<std::int16_t*>(elements);
    for (std::size_t i = 0; i < count * features; ++i) numbers[i] = static_cast<std::int16_t>(number_at(idx, i));
    inputs = Inputs(numbers, count, features);
  } else {
    auto* floats = static_cast<float*>(elements);
    if (const Result result = read_floats(idx, floats); !result.ok()) return result;
    inputs = Inputs(floats, count, features);
  }
  return Status::ok;
}

Result read_labels(const Idx& idx, std::uint8_t* labels) {
  constexpr std::size_t kMostClasses = 256;
  const std::size_t columns = idx.item_size();
  for (std::size_t i = 0; i < idx.count(); ++i) {
    if (columns == 1) {
      const double number = number_at(idx, i);
      if (!(number >= 0.0 && number < 256.0)) return {Status::idx_label, i, 0};
      labels[i] = static_cast<std::uint8_t>(number);
      if (static_cast<double>(labels[i]) != number) return {Status::idx_label, i, 0};
    } else {
      const std::size_t column = columns > kMostClasses ? columns : column_of_one(idx, i, columns);
      if (column == columns) return {Status::idx_one_hot, i, columns};
      labels[i] = static_cast<std::uint8_t>(column);
    }
  }
  return Status::ok;
}

Result make_dataset(const Idx& images, const Idx& labels, std::size_t classes, Dataset& dataset) {
  MOTE_ASSERT(labels.rank == 1 && images.count() > 0 && classes <= 256);
  MOTE_ASSERT(images.type == IdxType::unsigned_byte && labels.type == IdxType::unsigned_byte);
  if (labels.count() != images.count()) return {Status::count_mismatch, labels.count(), images.count()};
  const std::size_t largest = largest_label(labels.elements);
  if (classes != 0 && largest >= classes) return {Status::label_out_of_range, largest, classes - 1};
  const std::size_t used = classes != 0 ? classes : largest + 1;
  const Inputs inputs(images.elements.data(), images.count(), images.item_size(), dataset.scale);
  dataset = {inputs, labels.elements.data(), used};
  return Status::ok;
}

Result make_dataset(const Idx& images, const MatrixView& targets, Dataset& dataset) {
  MOTE_ASSERT(images.count() > 0 && images.type == IdxType::unsigned_byte);
  if (targets.rows != images.count()) return {Status::count_mismatch, targets.rows, images.count()};
  dataset = {Inputs(images.elements.data(), images.count(), images.item_size(), dataset.scale), targets};
  return Status::ok;
}

}  // namespace mote
