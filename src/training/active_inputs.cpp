// SPDX-License-Identifier: MIT
#include "active_inputs.hpp"

#include "mote/detail/vector_math.hpp"

namespace mote {
namespace {

constexpr std::size_t kAtOnce = 8;  // bytes in a word

std::uint64_t word_at(const std::uint8_t* bytes) {
  std::uint64_t word;
  __builtin_memcpy(&word, bytes, kAtOnce);
  return word;
}

}  // namespace

void mark_active(const Dataset& dataset, const std::uint32_t* order, std::size_t first, std::size_t rows,
                 std::uint8_t* mask) {
  __builtin_memset(mask, 0, dataset.features);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t sample = order == nullptr ? first + i : order[first + i];
    or_bytes(dataset.features_data + sample * dataset.features, mask, dataset.features);
  }
}

ActiveInputs list_active(Span<const std::uint8_t> mask, std::uint32_t* list) {
  std::size_t count = 0, i = 0;
  const auto add = [&] {  // branch-free: pixels defeat branch prediction
    list[count] = static_cast<std::uint32_t>(i);
    count += mask.data()[i++] != 0 ? 1 : 0;
  };
  while (i + kAtOnce <= mask.size()) {
    if (word_at(mask.data() + i) == 0) {
      i += kAtOnce;
      continue;
    }
    for (std::size_t j = 0; j < kAtOnce; ++j) add();
  }
  while (i < mask.size()) add();
  return count == mask.size() ? ActiveInputs{} : ActiveInputs{list, count};
}

}  // namespace mote
