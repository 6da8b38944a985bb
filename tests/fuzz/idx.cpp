// SPDX-License-Identifier: MIT
// IDX files. First byte: requested rank and type, or any; then the file.
#include "mote/idx.hpp"

#include <cstring>
#include <limits>
#include <vector>

#include "fuzz.hpp"

namespace {

/// Checks that a file of this view is `file`: header, then the elements.
void require_whole(const mote::Idx& idx, mote::Bytes file) {
  std::vector<unsigned char> header = {0, 0, static_cast<unsigned char>(idx.type),
                                       static_cast<unsigned char>(idx.rank)};
  for (std::size_t d = 0; d < idx.rank && d < mote::kMaxIdxRank; ++d) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      header.push_back(static_cast<unsigned char>(idx.dimensions[d] >> shift));
    }
  }
  fuzz::require(std::memcmp(header.data(), file.data(), header.size()) == 0, "the header is what the view says");
  fuzz::require(idx.elements.end() == file.end(), "the elements end the file");
  fuzz::require(idx.count() * idx.item_size() * size_of(idx.type) == idx.elements.size(), "every element is counted");
}

/// Converts into memory of exactly its size.
void convert(const mote::Idx& idx) {
  const std::size_t count = idx.count() * idx.item_size();
  std::vector<float> floats(count);
  if (read_floats(idx, floats.data()).ok()) {
    for (std::size_t i = 0; i < count; ++i) {
      const double number = number_at(idx, i), error = static_cast<double>(floats[i]) - number;
      const double bound =
          idx.type == mote::IdxType::float64 ? 0x1p-24 * (number < 0 ? -number : number) + 0x1p-150 : 0;
      const bool is_finite = number - number == 0.0;
      fuzz::require(!is_finite || (error <= bound && -error <= bound), "a float is the nearest of its number");
    }
  }
  mote::Inputs inputs;
  if (read_inputs(idx, floats.data(), inputs).ok()) {
    for (std::size_t i = 0; i < count; ++i) {
      const float element = element_at(inputs, i / idx.item_size(), i % idx.item_size());
      const float number = static_cast<float>(number_at(idx, i));
      fuzz::require(element == number || element != element, "an input is its number");
    }
  }
  std::vector<std::uint8_t> labels(idx.count());
  if (!read_labels(idx, labels.data()).ok()) return;
  for (std::size_t i = 0; i < idx.count(); ++i) {
    const std::size_t columns = idx.item_size();
    const double number = columns == 1 ? number_at(idx, i) : number_at(idx, i * columns + labels[i]);
    fuzz::require(number == (columns == 1 ? labels[i] : 1.0), "a label is its number, or the place of its 1");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint32_t kind = input.byte();
  const std::size_t rank = 1 + kind % mote::kMaxIdxRank;
  const mote::IdxType type = kind & 0x80 ? mote::IdxType::float32 : mote::IdxType::unsigned_byte;
  const mote::Bytes file = input.rest();
  mote::Idx idx;
  const bool is_any = (kind & 0x40) != 0;
  if (!(is_any ? parse_idx(file, idx) : parse_idx(file, rank, idx, type)).ok()) {
    fuzz::require(idx.rank == 0 && idx.elements.empty(), "a refused file leaves the view alone");
    return 0;
  }
  fuzz::require(is_any || (idx.rank == rank && idx.type == type), "rank and type are those asked for");
  require_whole(idx, file);
  convert(idx);
  return 0;
}
