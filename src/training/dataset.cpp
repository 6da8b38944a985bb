// SPDX-License-Identifier: MIT
#include "mote/dataset.hpp"

#include "mote/detail/finite.hpp"
#include "mote/detail/vector_math.hpp"

namespace mote {

Dataset Dataset::subset(std::size_t first, std::size_t size) const {
  MOTE_ASSERT(first <= count && size <= count - first);
  Dataset part = *this;
  part.features_data += first * features;
  if (labels != nullptr) part.labels += first;
  if (targets.data != nullptr) part.targets.data += first * targets.stride;
  part.targets.rows = targets.data != nullptr ? size : 0;
  part.count = size;
  return part;
}

Dataset Dataset::autoencoding() const {
  Dataset result = *this;
  result.labels = nullptr;
  result.classes = 0;
  result.targets = {};
  result.inputs_are_targets = true;
  return result;
}

std::uint8_t largest_label(Span<const std::uint8_t> labels) {
  std::uint8_t largest = 0;
  for (const std::uint8_t label : labels) largest = label > largest ? label : largest;
  return largest;
}

Result check(const Dataset& dataset) {
  const MatrixView& targets = dataset.targets;
  if (targets.data == nullptr && dataset.labels == nullptr && !dataset.inputs_are_targets) return Status::no_labels;
  if (targets.data != nullptr && targets.rows != dataset.count) {
    return {Status::count_mismatch, targets.rows, dataset.count};
  }
  if (dataset.labels == nullptr) return Status::ok;
  const std::size_t outputs = dataset.outputs(), largest = largest_label({dataset.labels, dataset.count});
  if (dataset.classes != outputs) return {Status::output_size_mismatch, dataset.classes, outputs};
  if (largest >= dataset.classes) return {Status::label_out_of_range, largest, dataset.classes - 1};
  return Status::ok;
}

Result check_targets(Loss loss, const Dataset& dataset) {
  if (dataset.inputs_are_targets) {
    const float largest = 255.0f * dataset.scale;
    const bool good = is_cross_entropy(loss) ? loss != Loss::cross_entropy && largest >= 0.0f && largest <= 1.0f
                                             : detail::is_finite(largest);
    return good ? Status::ok : Status::target_out_of_range;
  }
  if (dataset.targets.data == nullptr) return Status::ok;
  for (std::size_t i = 0; i < dataset.targets.rows; ++i) {
    float sum = 0.0f, lost = 0.0f;  // compensated sum: the rounding error of a million summands exceeds the tolerance
    bool good = true;
    for (const float y : dataset.targets.row(i)) {
      good = good && detail::is_finite(y) && (!is_cross_entropy(loss) || (y >= 0.0f && y <= 1.0f));
      const float summand = y - lost, total = sum + summand;
      lost = (total - sum) - summand;
      sum = total;
    }
    constexpr float kTolerance = 1e-3f;
    if (loss == Loss::cross_entropy) good = good && sum >= 1.0f - kTolerance && sum <= 1.0f + kTolerance;
    if (!good) return {Status::target_out_of_range, i, 0};
  }
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
    if (labels != nullptr && dataset.labels != nullptr) labels[i] = dataset.labels[sample];
  }
}

Targets targets_of(const Dataset& dataset, const std::uint32_t* order, std::size_t first, const float* inputs,
                   const std::uint8_t* labels) {
  Targets targets;
  if (dataset.inputs_are_targets) {
    targets = {inputs, dataset.features};
  } else if (dataset.targets.data != nullptr) {
    targets = Targets(dataset.targets.data, dataset.targets.stride, order).from(first);
  }
  if (dataset.labels != nullptr) targets.labels = labels != nullptr ? labels : dataset.labels + first;
  return targets;
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
