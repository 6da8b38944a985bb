// SPDX-License-Identifier: MIT
#include "mote/dataset.hpp"

#include "../core/arithmetic.hpp"
#include "mote/detail/finite.hpp"

namespace mote {

Dataset Dataset::subset(std::size_t first, std::size_t size) const {
  Dataset part = *this;
  static_cast<Inputs&>(part) = Inputs::subset(first, size);
  if (sample_weights != nullptr) part.sample_weights += first;
  if (labels != nullptr) part.labels += first;
  if (targets.data != nullptr) part.targets.data += first * targets.stride;
  part.targets.rows = targets.data != nullptr ? size : 0;
  return part;
}

Dataset Dataset::autoencoding() const {
  Dataset result = *this;
  result.labels = nullptr;
  result.class_weights = nullptr;
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

namespace {

Result check_weights(const float* weights, std::size_t count) {
  for (std::size_t i = 0; weights != nullptr && i < count; ++i) {
    if (!detail::is_amount(weights[i])) return {Status::bad_weight, i, 0};
  }
  return Status::ok;
}

/// Whether all inputs may be targets of the loss.
bool may_be_targets(Loss loss, const Inputs& inputs) {
  if (loss == Loss::cross_entropy) return false;
  const auto is_good = [&](float x) { return is_cross_entropy(loss) ? x >= 0.0f && x <= 1.0f : detail::is_finite(x); };
  if (inputs.type == ElementType::uint8 && inputs.scales == nullptr) {
    return is_good((0.0f - inputs.offset) * inputs.scale) && is_good((255.0f - inputs.offset) * inputs.scale);
  }
  for (std::size_t i = 0; i < inputs.count; ++i) {
    for (std::size_t f = 0; f < inputs.features; ++f) {
      if (!is_good(input_at(inputs, i, f))) return false;
    }
  }
  return true;
}

}  // namespace

Result check(const Dataset& dataset) {
  if (const Result result = check(static_cast<const Inputs&>(dataset)); !result.ok()) return result;
  if (const Result result = check_weights(dataset.sample_weights, dataset.count); !result.ok()) return result;
  if (const Result result = check_weights(dataset.class_weights, dataset.classes); !result.ok()) return result;
  if (dataset.class_weights != nullptr && dataset.labels == nullptr) return Status::no_labels;
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
  if (dataset.inputs_are_targets) return may_be_targets(loss, dataset) ? Status::ok : Status::target_out_of_range;
  if (dataset.targets.data == nullptr) return Status::ok;
  for (std::size_t i = 0; i < dataset.targets.rows; ++i) {
    float sum = 0.0f, lost = 0.0f;  // compensated sum: the rounding error of a million summands exceeds the tolerance
    std::size_t outputs = 0;
    for (const float y : dataset.targets.row(i)) {
      if (!detail::is_finite(y) || (is_cross_entropy(loss) && !(y >= 0.0f && y <= 1.0f))) {
        return {Status::target_out_of_range, i, outputs};
      }
      ++outputs;
      const float summand = y - lost, total = sum + summand;
      lost = (total - sum) - summand;
      sum = total;
    }
    constexpr float kTolerance = 1e-3f;
    const bool is_distribution = sum >= 1.0f - kTolerance && sum <= 1.0f + kTolerance;
    if (loss == Loss::cross_entropy && !is_distribution) return {Status::target_out_of_range, i, outputs};
  }
  return Status::ok;
}

Result standardize(const Inputs& samples, Span<float> offsets, Span<float> scales) {
  constexpr std::size_t kTogether = 16;  // features, which share lines of the cache
  MOTE_ASSERT(offsets.size() == samples.features && scales.size() == samples.features);
  if (samples.count == 0) return Status::no_samples;
  const auto count = static_cast<double>(samples.count);
  for (std::size_t first = 0; first < samples.features; first += kTogether) {
    const std::size_t left = samples.features - first, some = left < kTogether ? left : kTogether;
    double mean[kTogether] = {}, squares[kTogether] = {};
    bool varies[kTogether] = {};
    for (std::size_t i = 0; i < samples.count; ++i) {
      for (std::size_t f = 0; f < some; ++f) {
        const float element = element_at(samples, i, first + f);
        if (!detail::is_finite(element)) return {Status::input_not_finite, i, first + f};
        mean[f] += static_cast<double>(element);
        varies[f] = varies[f] || element != element_at(samples, 0, first + f);
      }
    }
    for (std::size_t f = 0; f < some; ++f) mean[f] /= count;
    for (std::size_t i = 0; i < samples.count; ++i) {
      for (std::size_t f = 0; f < some; ++f) {
        const double distance = static_cast<double>(element_at(samples, i, first + f)) - mean[f];
        squares[f] += distance * distance;
      }
    }
    for (std::size_t f = 0; f < some; ++f) {
      const double deviation = detail::double_square_root(squares[f] / count);
      offsets[first + f] = static_cast<float>(mean[f]);
      scales[first + f] = varies[f] && deviation >= 0x1p-126 ? static_cast<float>(1.0 / deviation) : 1.0f;
    }
  }
  return Status::ok;
}

void gather_labels(const Dataset& dataset, const std::uint32_t* order, std::size_t first, std::size_t count,
                   std::uint8_t* labels) {
  if (dataset.labels == nullptr) return;
  for (std::size_t i = 0; i < count; ++i) labels[i] = dataset.labels[order == nullptr ? first + i : order[first + i]];
}

Targets targets_of(const Dataset& dataset, const std::uint32_t* order, std::size_t first, const float* inputs,
                   const std::uint8_t* labels) {
  Targets targets;
  if (dataset.inputs_are_targets) {
    targets = {inputs, dataset.features};
  } else if (dataset.targets.data != nullptr) {
    targets = Targets(dataset.targets.data, dataset.targets.stride, order).from(first);
  }
  if (dataset.sample_weights != nullptr) {
    targets.sample_weights = dataset.sample_weights + (order == nullptr ? first : 0);
    targets.weight_order = order == nullptr ? nullptr : order + first;
  }
  targets.class_weights = dataset.class_weights;
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
