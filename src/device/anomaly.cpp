// SPDX-License-Identifier: MIT
#include "mote/anomaly.hpp"

#include "../core/arithmetic.hpp"

namespace mote {
namespace {

constexpr std::int32_t kFraction = 16;  // bits of probabilities

Result check_reconstruction(std::size_t inputs, std::size_t outputs) {
  if (outputs != inputs) return {Status::output_size_mismatch, outputs, inputs};
  return Status::ok;
}

/// 2^15 scale / of, rounded to nearest; scale <= of. Works on the parts of the floats, since cores without a
/// floating-point unit would link a division for it.
std::int32_t relative_step(std::uint32_t scale, std::uint32_t of) {
  constexpr std::uint32_t kOne = 1u << 23;
  const std::uint32_t exponents = (of >> 23) - (scale >> 23);
  if (exponents > 16) return 0;
  const std::uint64_t numerator = std::uint64_t{(scale & (kOne - 1)) | kOne} << 16;
  const auto quotient = static_cast<std::uint32_t>(numerator / ((of & (kOne - 1)) | kOne));
  return static_cast<std::int32_t>(((quotient >> exponents) + 1) >> 1);
}

}  // namespace

float anomaly_score(const FlashNetwork& network, const Inputs& sample) {
  const Span<const float> outputs = network.forward(sample);
  MOTE_ASSERT(outputs.size() == sample.features);
  float sum = 0.0f;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const float error = outputs[i] - input_at(sample, 0, i);
    sum += error * error;
  }
  return sum / static_cast<float>(outputs.size());
}

std::uint32_t anomaly_score(const IntegerNetwork& network, const std::int8_t* sample) {
  const Span<const std::int8_t> outputs = network.forward(sample);
  const Quantization input = network.model().input, output = network.model().output();
  const std::uint32_t of_input = detail::bits_of(input.scale), of_output = detail::bits_of(output.scale);
  const std::uint32_t larger = of_input > of_output ? of_input : of_output;  // positive floats have the order of bits
  const std::int32_t input_step = relative_step(of_input, larger), output_step = relative_step(of_output, larger);
  std::uint64_t sum = 0;  // of at most 65,536 squares of at most (2^24)^2 (510/512)^2
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::int32_t y = (outputs[i] - output.zero) * output_step, x = (sample[i] - input.zero) * input_step;
    const auto error = static_cast<std::uint32_t>(y > x ? y - x : x - y);
    sum += std::uint64_t{error} * error;
  }
  return static_cast<std::uint32_t>(((sum >> 16) + outputs.size() / 2) / outputs.size());
}

Result check_autoencoder(const FlashModel& model) {
  return check_reconstruction(model.topology.inputs, model.topology.outputs());
}

Result check_autoencoder(const IntegerModel& model) {
  return check_reconstruction(model.layers[0].inputs, model.layers[model.layers.size() - 1].outputs);
}

std::uint32_t detail::order_of(float score) {
  return bits_of(score);
}

float detail::score_of(std::uint32_t order, const FlashNetwork&) {
  return float_of(order);
}

void RunningQuantile::add(std::uint32_t x) {
  constexpr std::uint32_t kMost = 0x7fffffffu;  // products of counts and heights fit in 64 bits
  if (count_ == kMost) return;
  if (count_ < kMarkers) {
    std::size_t i = count_;
    for (; i > 0 && heights_[i - 1] > x; --i) heights_[i] = heights_[i - 1];
    heights_[i] = x;
    positions_[count_] = count_ + 1;
    ++count_;
    return;
  }
  ++count_;
  if (x < heights_[0]) heights_[0] = x;
  if (x > heights_[kMarkers - 1]) heights_[kMarkers - 1] = x;
  for (std::size_t i = 1; i + 1 < kMarkers; ++i) positions_[i] += x < heights_[i] ? 1 : 0;
  positions_[kMarkers - 1] = count_;
  for (std::size_t i = 1; i + 1 < kMarkers; ++i) adjust(i);
}

/// Moves marker i by one position if it is at least one from its place.
void RunningQuantile::adjust(std::size_t i) {
  const std::uint32_t twice = i == 1 ? p_ : i == 2 ? 2 * p_ : p_ + (1u << kFraction);  // its probability
  constexpr std::int64_t kOne = std::int64_t{2} << kFraction;
  const std::uint32_t n = positions_[i], below = n - positions_[i - 1], above = positions_[i + 1] - n;
  const std::int64_t missing = twice * std::int64_t{count_ - 1} - (std::int64_t{n} - 1) * kOne;
  const bool up = missing >= kOne && above > 1;
  if (!up && !(missing <= -kOne && below > 1)) return;
  const std::uint32_t q = heights_[i], left = q - heights_[i - 1], right = heights_[i + 1] - q;
  const std::uint64_t to_right = std::uint64_t{up ? below + 1 : below - 1} * right / above;
  const std::uint64_t to_left = std::uint64_t{up ? above - 1 : above + 1} * left / below;
  std::uint64_t step = (to_right + to_left) / (below + above);  // along the parabola
  const std::uint32_t room = up ? right : left;
  if (step >= room) step = room / (up ? above : below);  // along the line
  heights_[i] = static_cast<std::uint32_t>(up ? q + step : q - step);
  positions_[i] = up ? n + 1 : n - 1;
}

std::uint32_t RunningQuantile::value() const {
  if (count_ == 0) return 0xffffffffu;
  const auto rank = static_cast<std::uint32_t>((std::uint64_t{count_ + 1} * p_ + 0xffff) >> kFraction);
  if (rank >= count_) return heights_[(count_ < kMarkers ? count_ : kMarkers) - 1];
  return heights_[count_ <= kMarkers ? rank - 1 : kMarkers / 2];
}

}  // namespace mote
