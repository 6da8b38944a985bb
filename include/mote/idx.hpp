// SPDX-License-Identifier: MIT
// The IDX format of the MNIST files, read as a view of the bytes of a file.
//
//   0 0 <element type> <dimensions>   magic number, four bytes
//   <size of each dimension>          four bytes each, most significant first
//   <elements>                        the last dimension changes fastest
//
// (Yann LeCun's page on MNIST.) Numbers are stored most significant byte first.
#ifndef MOTE_IDX_HPP
#define MOTE_IDX_HPP

#include <cstddef>
#include <cstdint>

#include "mote/dataset.hpp"
#include "mote/memory.hpp"

namespace mote {

inline constexpr std::size_t kMaxIdxRank = 4;

enum class IdxType : std::uint8_t {
  unsigned_byte = 0x08,
  signed_byte = 0x09,
  int16 = 0x0b,
  int32 = 0x0c,
  float32 = 0x0d,
  float64 = 0x0e
};

/// Bytes of an element; 0 for a code without a type.
constexpr std::size_t size_of(IdxType type) {
  switch (type) {
    case IdxType::unsigned_byte:
    case IdxType::signed_byte: return 1;
    case IdxType::int16: return 2;
    case IdxType::int32:
    case IdxType::float32: return 4;
    case IdxType::float64: return 8;
  }
  return 0;
}

/// A view of the bytes of an IDX file, which must outlive it.
struct Idx {
  std::size_t rank = 0;
  std::uint32_t dimensions[kMaxIdxRank] = {};  ///< of a higher rank the first four; each at least 1; 1 past rank
  Bytes elements;
  IdxType type = IdxType::unsigned_byte;

  std::size_t count() const { return dimensions[0]; }
  /// Elements of an item: the product of the dimensions after the first.
  std::size_t item_size() const { return elements.size() / size_of(type) / count(); }
};

/// Reads the header and checks that exactly the announced elements follow. rank: the number of dimensions, 1 for labels
/// and 3 for images. A failure is one of the idx_ statuses and leaves `idx` unchanged.
Result parse_idx(Bytes file, std::size_t rank, Idx& idx, IdxType type = IdxType::unsigned_byte);

/// Reads a file of any type and of 1 to 255 dimensions.
Result parse_idx(Bytes file, Idx& idx);

/// An element, exactly.
double number_at(const Idx& idx, std::size_t element);

/// Converts the elements to floats, [count() * item_size()]. `floats` may be the memory of the elements, if it is
/// aligned for floats and an element has 4 or 8 bytes. Error: idx_number for a finite number that is larger than any
/// float, or an integer that no float equals; the elements from that number on are then unchanged.
Result read_floats(const Idx& idx, float* floats);

/// Makes a view of the elements as inputs, with the scale of their type. Bytes stay where they are. Other elements go
/// to `elements`: int16 in the order of this machine, int32 and float64 as floats. `elements` may be the memory of idx
/// itself, if it is aligned. Error: as read_floats().
Result read_inputs(const Idx& idx, void* elements, Inputs& inputs);

/// Reads labels, [count()], from numbers of any type: one column, or one-hot rows of 2 to 256 columns. `labels` may be
/// the memory of the elements. Errors: idx_label (found: sample) for a number that is not whole or not from 0 to 255;
/// idx_one_hot (found: sample) for a row that is not a 1 among zeros.
Result read_labels(const Idx& idx, std::uint8_t* labels);

/// Pairs images of bytes [count][rows][columns] with labels [count]. classes: number of classes, or 0 for the largest
/// label + 1. Errors: count_mismatch; label_out_of_range for a label that is not less than classes.
Result make_dataset(const Idx& images, const Idx& labels, std::size_t classes, Dataset& dataset);

/// Pairs images of bytes [count][rows][columns] with targets [count][outputs]. Error: count_mismatch.
Result make_dataset(const Idx& images, const MatrixView& targets, Dataset& dataset);

}  // namespace mote

#endif  // MOTE_IDX_HPP
