// SPDX-License-Identifier: MIT
// The IDX format of the MNIST files, read as a view of the bytes of a file.
//
//   0 0 <element type> <dimensions>   magic number, four bytes
//   <size of each dimension>          four bytes each, most significant first
//   <elements>                        the last dimension changes fastest
//
// (Yann LeCun's page on MNIST.) Elements may be unsigned bytes or floats (IEEE 754 single precision, four bytes, most
// significant first).
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/dataset.hpp"
#include "mote/memory.hpp"

namespace mote {

inline constexpr std::size_t kMaxIdxRank = 4;

enum class IdxType : std::uint8_t { unsigned_byte = 0x08, float32 = 0x0d };

/// A view of the bytes of an IDX file, which must outlive it.
struct Idx {
  std::size_t rank = 0;
  std::uint32_t dimensions[kMaxIdxRank] = {};  ///< each at least 1; 1 past rank
  Bytes elements;
  std::size_t element_bytes = 1;

  std::size_t count() const { return dimensions[0]; }
  /// Elements of an item: the product of the dimensions after the first.
  std::size_t item_size() const { return elements.size() / element_bytes / count(); }
};

/// Reads the header and checks that exactly the announced elements follow. rank: the number of dimensions, 1 for labels
/// and 3 for images. A failure is one of the idx_ statuses and leaves `idx` unchanged.
Result parse_idx(Bytes file, std::size_t rank, Idx& idx, IdxType type = IdxType::unsigned_byte);

/// Converts the elements of an Idx of float32. floats: [count() * item_size()]; may be the memory of the elements, if
/// it is aligned for floats.
void read_floats(const Idx& idx, float* floats);

/// Pairs images [count][rows][columns] with labels [count]. classes: number of classes, or 0 for the largest label + 1.
/// Errors: count_mismatch; label_out_of_range for a label that is not less than classes.
Result make_dataset(const Idx& images, const Idx& labels, std::size_t classes, Dataset& dataset);

/// Pairs images [count][rows][columns] with targets [count][outputs]. Error: count_mismatch.
Result make_dataset(const Idx& images, const MatrixView& targets, Dataset& dataset);

}  // namespace mote
