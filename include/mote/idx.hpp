// SPDX-License-Identifier: MIT
// The IDX format of the MNIST files: bytes in, a view of them out.
//
//   0 0 <element type> <dimensions>   magic number, four bytes
//   <size of each dimension>          four bytes each, most significant first
//   <elements>                        the last dimension changes fastest
//
// (Yann LeCun's page on MNIST.) Only unsigned bytes, type 0x08, are read.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/span.hpp"

namespace mote {

inline constexpr std::size_t kMaxIdxRank = 4;

/// A view into the bytes of an IDX file; they must outlive it.
struct Idx {
  std::size_t rank = 0;
  std::uint32_t dimensions[kMaxIdxRank] = {};  ///< each at least 1; those past rank are 1
  Bytes elements;

  std::size_t count() const { return dimensions[0]; }
  /// Elements of one item: the product of all dimensions but the first.
  std::size_t item_size() const { return elements.size() / count(); }
};

/// Reads the header and checks that exactly the announced elements follow. rank: the number of dimensions wanted, 1 for
/// labels and 3 for images. On failure one of the idx_ statuses, and `idx` is left alone.
Result parse_idx(Bytes file, std::size_t rank, Idx& idx);

}  // namespace mote
