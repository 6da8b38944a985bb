// SPDX-License-Identifier: MIT
#include "mote/dataset.hpp"

#include "mote/vector_math.hpp"

namespace mote {

Dataset Dataset::subset(std::size_t first, std::size_t size) const {
  MOTE_ASSERT(first <= count && size <= count - first);
  Dataset part = *this;
  part.features_data += first * features;
  part.labels += first;
  part.count = size;
  return part;
}

Result make_dataset(const Idx& images, const Idx& labels, std::size_t classes, Dataset& dataset) {
  MOTE_ASSERT(labels.rank == 1 && images.count() > 0 && classes <= 256);
  if (labels.count() != images.count()) return {Status::count_mismatch, labels.count(), images.count()};
  std::size_t largest = 0;
  for (const std::uint8_t label : labels.elements) largest = label > largest ? label : largest;
  if (classes != 0 && largest >= classes) return {Status::label_out_of_range, largest, classes - 1};
  dataset.features_data = images.elements.data();
  dataset.labels = labels.elements.data();
  dataset.count = images.count();
  dataset.features = images.item_size();
  dataset.classes = classes != 0 ? classes : largest + 1;
  return Status::ok;
}

void prefetch(const Dataset& dataset, const std::uint32_t* order, std::size_t first, std::size_t rows, std::size_t part,
              std::size_t parts) {
  constexpr std::size_t kCacheLine = 64;
  const std::size_t left = first < dataset.count ? dataset.count - first : 0;
  const std::size_t lines = (dataset.features + kCacheLine - 1) / kCacheLine;
  const Share share = share_of((rows < left ? rows : left) * lines, parts, part);
  std::size_t i = share.begin / lines, line = share.begin % lines;
  for (std::size_t done = share.begin; done < share.end; ++done) {
    const std::size_t sample = order == nullptr ? first + i : order[first + i];
    __builtin_prefetch(dataset.features_data + sample * dataset.features + line * kCacheLine, 0, 2);
    if (++line == lines) {
      line = 0;
      ++i;
    }
  }
}

void gather(const Dataset& dataset, const std::uint32_t* order, std::size_t first, std::size_t rows, float* inputs,
            std::uint8_t* labels) {
  MOTE_ASSERT(first <= dataset.count && rows <= dataset.count - first);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t sample = order == nullptr ? first + i : order[first + i];
    scale_bytes(dataset.features_data + sample * dataset.features, dataset.scale, inputs + i * dataset.features,
                dataset.features);
    if (labels != nullptr) labels[i] = dataset.labels[sample];
  }
}

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

/// How many bytes are not 0 before the first that is, given that the first `known` are not.
std::size_t leading_set(Span<const std::uint8_t> mask, std::size_t known) {
  while (known + kAtOnce <= mask.size() && has_no_zero_byte(word_at(mask.data() + known))) known += kAtOnce;
  while (known < mask.size() && mask.data()[known] != 0) ++known;
  return known;
}

}  // namespace

std::size_t list_nonzero_features(const Dataset& dataset, const std::uint32_t* order, std::size_t first,
                                  std::size_t rows, std::uint8_t* mask, std::uint32_t* list) {
  __builtin_memset(mask, 0, dataset.features);
  std::size_t known = 0;
  for (std::size_t i = 0; i < rows && known < dataset.features; ++i) {
    const std::size_t sample = order == nullptr ? first + i : order[first + i];
    or_bytes(dataset.features_data + sample * dataset.features, mask, dataset.features);
    known = leading_set({mask, dataset.features}, known);
  }
  return known == dataset.features ? known : list_set({mask, dataset.features}, list);
}

std::size_t list_set(Span<const std::uint8_t> mask, std::uint32_t* list) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < mask.size(); ++i) {  // without a branch: a guess at pixels is often wrong
    list[count] = static_cast<std::uint32_t>(i);
    count += mask.data()[i] != 0 ? 1 : 0;
  }
  return count;
}

void shuffle(Span<std::uint32_t> order, Random& random) {
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  permute(order, random);
}

void draw_bootstrap(Span<std::uint32_t> order, Random& random) {
  const auto count = static_cast<std::uint32_t>(order.size());
  for (std::uint32_t& sample : order) sample = random.below(count);
}

void permute(Span<std::uint32_t> order, Random& random) {
  for (std::size_t i = order.size(); i > 1; --i) {
    const std::uint32_t j = random.below(static_cast<std::uint32_t>(i));
    const std::uint32_t last = order[i - 1];
    order[i - 1] = order[j];
    order[j] = last;
  }
}

}  // namespace mote
