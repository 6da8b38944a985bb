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

/// Mycroft's test: subtracting 1 sets the top bit of a byte that had none only if the byte, or one before it, is 0.
bool has_no_zero_byte(std::uint64_t word) {
  return ((word - 0x0101010101010101u) & ~word & 0x8080808080808080u) == 0;
}

/// Number of bytes before the first that is 0. The first `known` are not.
std::size_t leading_set(Span<const std::uint8_t> mask, std::size_t known) {
  while (known + kAtOnce <= mask.size() && has_no_zero_byte(word_at(mask.data() + known))) known += kAtOnce;
  while (known < mask.size() && mask.data()[known] != 0) ++known;
  return known;
}

}  // namespace

void mark_active(const Dataset& dataset, const std::uint32_t* order, std::size_t first, std::size_t rows,
                 std::uint8_t* mask) {
  __builtin_memset(mask, 0, dataset.features);
  std::size_t known = 0;
  for (std::size_t i = 0; i < rows && known < dataset.features; ++i) {
    const std::size_t sample = order == nullptr ? first + i : order[first + i];
    or_bytes(dataset.features_data + sample * dataset.features, mask, dataset.features);
    known = leading_set({mask, dataset.features}, known);
  }
}

ActiveInputs list_active(Span<const std::uint8_t> mask, std::uint32_t* list) {
  if (leading_set(mask, 0) == mask.size()) return {};
  std::size_t count = 0, i = 0;
  const auto add = [&] {  // without a branch: a guess at pixels is often wrong
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
  return {list, count};
}

}  // namespace mote
