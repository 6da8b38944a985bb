// SPDX-License-Identifier: MIT
#include "run/unusual_inputs.hpp"

#include <algorithm>
#include <cmath>

#include "common/format.hpp"

namespace tools {
namespace {

constexpr float kFar = 20.0f;           // inputs are numbers of about 1
constexpr float kFaint = 1.0f / 64.0f;  // four of 255 gray levels

std::string far_text(const mote::Inputs& samples, const std::vector<std::string>& names) {
  std::size_t count = 0, first = 0;
  for (std::size_t i = 0; i < samples.count * samples.features; ++i) {
    const float size = std::abs(mote::input_at(samples, i / samples.features, i % samples.features));
    if (size <= kFar || !std::isfinite(size)) continue;  // infinite inputs are errors
    if (count++ == 0) first = i;
  }
  if (count == 0) return "";
  const std::size_t sample = first / samples.features, feature = first % samples.features;
  std::string text = names.empty() ? format("image %zu, element %zu", sample, feature)
                                   : format("row %zu, column '%s'", sample, names[feature].c_str());
  text += format(": found %g, ", static_cast<double>(mote::element_at(samples, sample, feature)));
  text += format(samples.scales != nullptr && !names.empty()
                     ? "%.3g standard deviations from the mean of the training rows"
                     : "an input of %.3g, far from the 0 to 1 that networks learn from",
                 static_cast<double>(mote::input_at(samples, sample, feature)));
  return text + (count == 1 ? "" : format("; %zu numbers are that far", count));
}

std::string faint_text(const mote::Inputs& samples) {
  float least = HUGE_VALF, most = -HUGE_VALF;
  for (std::size_t i = 0; i < samples.count * samples.features; ++i) {
    const float element = mote::element_at(samples, i / samples.features, i % samples.features);
    least = std::min(least, element), most = std::max(most, element);
    if ((most - least) * std::abs(samples.scale) >= kFaint) return "";
  }
  if (!(least < most)) return "";  // blank
  return format(
      "elements from %g to %g become inputs in a range of %.2g, expected about 1; store the elements like those of the "
      "training images",
      static_cast<double>(least), static_cast<double>(most),
      static_cast<double>((most - least) * std::abs(samples.scale)));
}

}  // namespace

std::string unusual_inputs_text(const mote::Inputs& samples, const std::vector<std::string>& names) {
  const bool is_scaled = samples.scales != nullptr || samples.offset != 0.0f || samples.scale != 1.0f;
  if (!is_scaled) return "";
  const std::string far = far_text(samples, names);
  return far.empty() && names.empty() && samples.scales == nullptr ? faint_text(samples) : far;
}

}  // namespace tools
