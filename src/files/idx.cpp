// SPDX-License-Identifier: MIT
#include "mote/idx.hpp"

namespace mote {
namespace {

constexpr std::size_t kMagicBytes = 4;

std::uint32_t big_endian(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

}  // namespace

Result parse_idx(Bytes file, std::size_t rank, Idx& idx, IdxType type) {
  MOTE_ASSERT(rank >= 1 && rank <= kMaxIdxRank);
  if (file.empty()) return Status::idx_empty;
  if (file.size() >= 2 && file[0] == 0x1f && file[1] == 0x8b) return Status::idx_gzip;
  if (file.size() < kMagicBytes) return {Status::idx_truncated_header, file.size(), kMagicBytes + 4 * rank};
  if (file[0] != 0 || file[1] != 0) return {Status::idx_bad_magic, std::uint64_t{file[0]} << 8 | file[1], 0};
  const std::uint64_t code = static_cast<std::uint8_t>(type);
  if (file[2] != code) return {Status::idx_element_type, file[2], code};
  if (file[3] != rank) return {Status::idx_rank, file[3], rank};
  const std::size_t header = kMagicBytes + 4 * rank;
  if (file.size() < header) return {Status::idx_truncated_header, file.size(), header};

  Idx view;
  view.rank = rank;
  for (std::uint32_t& dimension : view.dimensions) dimension = 1;
  const std::uint64_t limit = static_cast<std::size_t>(-1) - header;
  view.element_bytes = type == IdxType::float32 ? sizeof(float) : 1;
  std::uint64_t bytes = view.element_bytes;
  for (std::size_t d = 0; d < rank; ++d) {
    view.dimensions[d] = big_endian(file.data() + kMagicBytes + 4 * d);
    if (view.dimensions[d] == 0) return {Status::idx_zero_dimension, d, 1};
    if (bytes > limit / view.dimensions[d]) return Status::idx_size_overflow;
    bytes *= view.dimensions[d];
  }
  const std::uint64_t expected = header + bytes;
  if (file.size() < expected) return {Status::idx_truncated_body, file.size(), expected};
  if (file.size() > expected) return {Status::idx_trailing_bytes, file.size(), expected};
  view.elements = file.subspan(header, static_cast<std::size_t>(bytes));
  idx = view;
  return Status::ok;
}

void read_floats(const Idx& idx, float* floats) {
  MOTE_ASSERT(idx.element_bytes == sizeof(float));
  for (std::size_t i = 0; i < idx.elements.size() / sizeof(float); ++i) {
    const std::uint32_t bits = big_endian(idx.elements.data() + i * sizeof(float));
    __builtin_memcpy(floats + i, &bits, sizeof bits);
  }
}

Result make_dataset(const Idx& images, const Idx& labels, std::size_t classes, Dataset& dataset) {
  MOTE_ASSERT(labels.rank == 1 && images.count() > 0 && classes <= 256);
  if (labels.count() != images.count()) return {Status::count_mismatch, labels.count(), images.count()};
  const std::size_t largest = largest_label(labels.elements);
  if (classes != 0 && largest >= classes) return {Status::label_out_of_range, largest, classes - 1};
  const std::size_t used = classes != 0 ? classes : largest + 1;
  const Inputs inputs(images.elements.data(), images.count(), images.item_size(), dataset.scale);
  dataset = {inputs, labels.elements.data(), used};
  return Status::ok;
}

Result make_dataset(const Idx& images, const MatrixView& targets, Dataset& dataset) {
  MOTE_ASSERT(images.count() > 0);
  if (targets.rows != images.count()) return {Status::count_mismatch, targets.rows, images.count()};
  dataset = {Inputs(images.elements.data(), images.count(), images.item_size(), dataset.scale), targets};
  return Status::ok;
}

}  // namespace mote
