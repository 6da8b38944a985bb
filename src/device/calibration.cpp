// SPDX-License-Identifier: MIT
#include "mote/calibration.hpp"

namespace mote {
namespace {

/// Counts of numbers in bins of equal width over a range.
struct Histogram {
  Range range;
  Span<std::uint32_t> counts;  // [kCalibrationBins]

  double width() const {
    return (static_cast<double>(range.most) - static_cast<double>(range.least)) / detail::kCalibrationBins;
  }
  double middle(std::size_t bin) const {
    return static_cast<double>(range.least) + (static_cast<double>(bin) + 0.5) * width();
  }
  void add(Span<const float> numbers) const {
    if (!(width() > 0.0)) return;
    for (const float x : numbers) {
      const double place = (static_cast<double>(x) - static_cast<double>(range.least)) / width();
      if (place < 0.0) continue;  // clamped by ReLU
      const auto bin = static_cast<std::size_t>(place);
      ++counts[bin < counts.size() ? bin : counts.size() - 1];
    }
  }
};

/// The range without the outermost 1/20000 of the numbers on each side, but with 0.
Range percentile(const Histogram& histogram) {
  double total = 0.0;
  for (const std::uint32_t count : histogram.counts) total += count;
  const double most_left_out = total / 20000.0;
  const std::size_t bins = histogram.counts.size();
  std::size_t first = 0, last = bins - 1;
  for (double out = histogram.counts[0]; first < last && out <= most_left_out;) out += histogram.counts[++first];
  for (double out = histogram.counts[last]; last > first && out <= most_left_out;) out += histogram.counts[--last];
  const double half = 0.5 * histogram.width();
  const auto least = static_cast<float>(histogram.middle(first) - half);
  const auto most = static_cast<float>(histogram.middle(last) + half);
  return {least < 0.0f ? least : 0.0f, most > 0.0f ? most : 0.0f};
}

/// The range, of several fractions of both sides, with the least sum of squared errors.
Range least_squares(const Histogram& histogram) {
  constexpr std::int32_t kFractions = 32;
  const Range all = histogram.range;
  Range best = all;
  double least_error = -1.0;
  for (std::int32_t low = all.least == 0.0f ? kFractions : 1; low <= kFractions; ++low) {
    for (std::int32_t high = all.most == 0.0f ? kFractions : 1; high <= kFractions; ++high) {
      const double least = static_cast<double>(all.least) * low / kFractions;
      const double most = static_cast<double>(all.most) * high / kFractions;
      const double step = (most - least) / 255.0;
      double error = 0.0;
      for (std::size_t bin = 0; bin < histogram.counts.size(); ++bin) {
        const double x = histogram.middle(bin), outside = x < least ? least - x : x > most ? x - most : 0.0;
        error += histogram.counts[bin] * (outside * outside + step * step / 12.0);
      }
      if (least_error >= 0.0 && error >= least_error) continue;
      least_error = error;
      best = {static_cast<float>(least), static_cast<float>(most)};
    }
  }
  return best;
}

}  // namespace

Result detail::check_conversion(const Topology& topology, Span<const float> parameters, std::size_t ranges) {
  if (const Result result = check(topology); !result.ok()) return result;
  if (topology.all_scale_floats() != 0) return Status::batch_norm_not_folded;
  const std::size_t floats = topology.parameter_count(), wanted = topology.layer_count + std::size_t{1};
  if (parameters.size() != floats) return {Status::model_size_mismatch, parameters.size(), floats};
  if (ranges != wanted) return {Status::model_size_mismatch, ranges, wanted};
  return Status::ok;
}

Result calibrate(const Topology& topology, Span<const float> parameters, const Inputs& samples, Calibration method,
                 Memory scratch, Span<Range> ranges) {
  if (const Result result = detail::check_conversion(topology, parameters, ranges.size()); !result.ok()) return result;
  if (method > Calibration::least_squares) return detail::unknown(method);
  if (samples.count == 0) return Status::no_samples;
  if (samples.features != topology.inputs) return {Status::input_size_mismatch, samples.features, topology.inputs};
  const detail::CalibrationPlan plan = detail::calibration_plan(topology, method);
  if (const Result result = check(scratch, plan.bytes); !result.ok()) return result;
  const Span<float> inputs = plan.inputs.in(scratch);
  Backpropagation network;
  const Result bound = network.bind(topology, {1, true}, detail::kCalibrationRows, plan.scratch.in(scratch));
  if (!bound.ok()) return bound;
  // Calls visit(index of the range, numbers) for all samples.
  const auto visit_all = [&](auto visit) -> Result {
    for (std::size_t first = 0, rows; first < samples.count; first += rows) {
      rows = samples.count - first < detail::kCalibrationRows ? samples.count - first : detail::kCalibrationRows;
      if (const Result result = gather(samples, nullptr, first, rows, inputs.data()); !result.ok()) return result;
      network.forward(parameters.data(), inputs.data(), rows);
      visit(0, inputs.subspan(0, rows * topology.inputs));
      for (std::size_t l = 0; l < topology.layer_count; ++l) {
        const MatrixView z = network.pre_activations(l);
        for (std::size_t i = 0; i < rows; ++i) visit(l + 1, z.row(i));
      }
    }
    return Status::ok;
  };
  for (Range& range : ranges) range = {};
  const Result seen = visit_all([&](std::size_t r, Span<const float> numbers) { ranges[r].widen(numbers); });
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    if (topology.layers[l].activation == Activation::relu) ranges[l + 1].least = 0.0f;
  }
  if (!seen.ok() || method == Calibration::extremes) return seen;
  const Span<std::uint32_t> counts = plan.histograms.in(scratch);
  for (std::uint32_t& count : counts) count = 0;
  const auto histogram = [&](std::size_t r) {
    return Histogram{ranges[r], counts.subspan(r * detail::kCalibrationBins, detail::kCalibrationBins)};
  };
  const Result counted = visit_all([&](std::size_t r, Span<const float> numbers) { histogram(r).add(numbers); });
  for (std::size_t r = 0; r < ranges.size(); ++r) {
    ranges[r] = method == Calibration::percentile ? percentile(histogram(r)) : least_squares(histogram(r));
  }
  return counted;
}

}  // namespace mote
