// SPDX-License-Identifier: MIT
#include "mote/idx.hpp"

namespace mote {
namespace {

constexpr unsigned char kUnsignedByte = 0x08;
constexpr std::size_t kMagicBytes = 4;

std::uint32_t big_endian(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

}  // namespace

Result parse_idx(Bytes file, std::size_t rank, Idx& idx) {
  MOTE_ASSERT(rank >= 1 && rank <= kMaxIdxRank);
  if (file.empty()) return Status::idx_empty;
  if (file.size() >= 2 && file[0] == 0x1f && file[1] == 0x8b) return Status::idx_gzip;
  if (file.size() < kMagicBytes) return {Status::idx_truncated_header, file.size(), kMagicBytes + 4 * rank};
  if (file[0] != 0 || file[1] != 0) return {Status::idx_bad_magic, std::uint64_t{file[0]} << 8 | file[1], 0};
  if (file[2] != kUnsignedByte) return {Status::idx_element_type, file[2], kUnsignedByte};
  if (file[3] != rank) return {Status::idx_rank, file[3], rank};
  const std::size_t header = kMagicBytes + 4 * rank;
  if (file.size() < header) return {Status::idx_truncated_header, file.size(), header};

  Idx view;
  view.rank = rank;
  for (std::uint32_t& dimension : view.dimensions) dimension = 1;
  const std::uint64_t limit = static_cast<std::size_t>(-1) - header;
  std::uint64_t elements = 1;
  for (std::size_t d = 0; d < rank; ++d) {
    view.dimensions[d] = big_endian(file.data() + kMagicBytes + 4 * d);
    if (view.dimensions[d] == 0) return {Status::idx_zero_dimension, d, 1};
    if (elements > limit / view.dimensions[d]) return Status::idx_size_overflow;
    elements *= view.dimensions[d];
  }
  const std::uint64_t expected = header + elements;
  if (file.size() < expected) return {Status::idx_truncated_body, file.size(), expected};
  if (file.size() > expected) return {Status::idx_trailing_bytes, file.size(), expected};
  view.elements = file.subspan(header, static_cast<std::size_t>(elements));
  idx = view;
  return Status::ok;
}

}  // namespace mote
