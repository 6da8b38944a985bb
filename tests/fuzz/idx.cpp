// SPDX-License-Identifier: MIT
// IDX files. First byte: requested rank and element type; then the file.
#include "mote/idx.hpp"

#include <cstring>
#include <vector>

#include "fuzz.hpp"

namespace {

void put_big_endian(std::uint32_t value, std::vector<unsigned char>& bytes) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<unsigned char>(value >> shift));
}

/// The file with these elements.
std::vector<unsigned char> file_of(const mote::Idx& idx, mote::IdxType type) {
  std::vector<unsigned char> file = {0, 0, static_cast<unsigned char>(type), static_cast<unsigned char>(idx.rank)};
  for (std::size_t d = 0; d < idx.rank; ++d) put_big_endian(idx.dimensions[d], file);
  if (type == mote::IdxType::unsigned_byte) {
    file.insert(file.end(), idx.elements.begin(), idx.elements.end());
    return file;
  }
  std::vector<float> floats(idx.count() * idx.item_size());
  read_floats(idx, floats.data());
  for (const float x : floats) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    put_big_endian(bits, file);
  }
  return file;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint32_t kind = input.byte();
  const std::size_t rank = 1 + kind % mote::kMaxIdxRank;
  const mote::IdxType type = kind & 0x80 ? mote::IdxType::float32 : mote::IdxType::unsigned_byte;
  const mote::Bytes file = input.rest();
  mote::Idx idx;
  if (!parse_idx(file, rank, idx, type).ok()) {
    fuzz::require(idx.rank == 0 && idx.elements.empty(), "a refused file leaves the view alone");
    return 0;
  }
  fuzz::require(idx.rank == rank, "the rank is the one asked for");
  const std::vector<unsigned char> again = file_of(idx, type);
  fuzz::require(again.size() == file.size() && std::memcmp(again.data(), file.data(), file.size()) == 0,
                "what was taken is the whole file");
  return 0;
}
