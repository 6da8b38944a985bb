// SPDX-License-Identifier: MIT
#include "data/idx_numbers.hpp"

#include <algorithm>
#include <vector>

#include "common/error.hpp"
#include "common/format.hpp"
#include "common/names.hpp"

namespace tools {
ImageShape shape_of(const mote::Idx& idx) {
  std::vector<std::uint32_t> sizes;
  for (std::size_t d = 1; d < std::min(idx.rank, mote::kMaxIdxRank); ++d) {
    if (idx.dimensions[d] != 1 || idx.rank <= 3) sizes.push_back(idx.dimensions[d]);
  }
  if (idx.rank > mote::kMaxIdxRank || sizes.size() < 2) return {1, static_cast<std::uint32_t>(idx.item_size())};
  if (sizes.size() == 2) return {sizes[0], sizes[1]};
  return sizes[2] <= 4 ? ImageShape{sizes[0], sizes[1] * sizes[2]} : ImageShape{sizes[0] * sizes[1], sizes[2]};
}

std::string sample_text(std::size_t sample) {
  return "sample " + std::to_string(sample) + " (the first is 0)";
}

void require_numbers(const mote::Result& result, const mote::Idx& idx, const std::string& path) {
  const auto found = static_cast<std::size_t>(result.found);
  if (result.status == mote::Status::idx_number) {
    throw Error(path + ": element " + std::to_string(found % idx.item_size()) + " of " +
                sample_text(found / idx.item_size()) + ": found " + format("%.9g", mote::number_at(idx, found)) +
                ", which a 32-bit float cannot hold");
  }
  if (result.status == mote::Status::idx_label) {
    throw Error(path + ": label of " + sample_text(found) + ": found " + format("%.9g", mote::number_at(idx, found)) +
                ", expected a whole number from 0 to 255");
  }
  if (result.status == mote::Status::idx_one_hot) {
    throw Error(path + ": found " + std::to_string(result.expected) + " columns of " +
                std::string(name_of(kIdxTypes, idx.type)) + ", and in " + sample_text(found) +
                " not a 1 among zeros; expected one column of labels, or one-hot rows");
  }
  if (!result.ok()) throw Error(path + ": " + describe(result));
}

}  // namespace tools
