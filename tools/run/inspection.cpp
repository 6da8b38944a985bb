// SPDX-License-Identifier: MIT
#include "run/inspection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/error.hpp"

namespace tools {
namespace {

constexpr std::size_t kRows = 16;  // samples at a time
constexpr std::size_t kMostResponses = 1000;
constexpr std::size_t kMostPixels = 1 << 20;  // in all pictures of one kind together

/// Number of pictures of `pixels` pixels to keep, at least 1.
std::size_t most_pictures(std::size_t wanted, std::size_t pixels) {
  return std::min(wanted, std::max<std::size_t>(1, kMostPixels / pixels));
}

struct Plan {
  mote::Part<float> inputs;  // [kRows][inputs]
  std::size_t inference;     // scratch of Network
  std::size_t hidden;        // scratch of Backpropagation
  std::size_t bytes;
};

Plan plan_responses(const mote::Topology& topology) {
  mote::MemoryPlan memory;
  Plan plan{};
  plan.inputs = memory.take<float>(kRows, topology.inputs);
  plan.inference = memory.take_bytes(mote::inference_bytes(topology, kRows));
  plan.hidden = memory.take_bytes(mote::backpropagation_bytes(topology, kRows));
  plan.bytes = memory.bytes();
  return plan;
}

/// Runs samples through a network, kRows at a time, and calls look(layer, activations) for every layer.
template <typename Look>
void for_each_response(const mote::Topology& topology, mote::Span<const float> parameters, const mote::Dataset& samples,
                       mote::Memory scratch, Look look) {
  const Plan plan = plan_responses(topology);
  float* inputs = plan.inputs.in(scratch).data();
  mote::Network network;
  require(network.bind(topology, parameters, kRows, scratch.subspan(plan.inference, plan.hidden - plan.inference)));
  mote::Backpropagation layers;
  require(layers.bind(topology, kRows, scratch.subspan(plan.hidden, plan.bytes - plan.hidden)));
  for (std::size_t first = 0; first < samples.count; first += kRows) {
    const std::size_t rows = std::min(kRows, samples.count - first);
    require(mote::gather(samples, nullptr, first, rows, inputs));
    layers.forward(parameters.data(), inputs, rows);
    for (std::size_t l = 0; l + 1 < topology.layer_count; ++l) look(l, layers.activations(l));
    look(topology.layer_count - 1, network.forward(inputs, rows));
  }
}

/// Sums over the finite activations of a layer.
struct Sums {
  double count = 0.0, sum = 0.0, squares = 0.0, zeros = 0.0;
  double low = std::numeric_limits<double>::infinity(), high = -low;

  void add(float value) {
    if (!std::isfinite(value)) return;
    const double x = static_cast<double>(value);
    count += 1.0;
    sum += x;
    squares += x * x;
    zeros += x == 0.0 ? 1.0 : 0.0;
    if (x == 0.0) return;
    low = std::min(low, x);
    high = std::max(high, x);
  }
};

LayerResponse summarize(const Sums& sums, mote::Activation activation) {
  LayerResponse response;
  response.activation = activation;
  response.histogram = histogram_of_range(0.0, 0.0);
  if (sums.count == 0.0) return response;
  response.mean = sums.sum / sums.count;
  response.deviation = std::sqrt(std::max(0.0, sums.squares / sums.count - response.mean * response.mean));
  response.zeros = sums.zeros / sums.count;
  if (sums.low <= sums.high) response.histogram = histogram_of_range(sums.low, sums.high);
  return response;
}

std::vector<LayerResponse> look_at_layers(const mote::Topology& topology, mote::Span<const float> parameters,
                                          const mote::Dataset& samples, mote::Memory scratch) {
  std::vector<Sums> sums(topology.layer_count);
  for_each_response(topology, parameters, samples, scratch, [&](std::size_t layer, const mote::MatrixView& values) {
    for (std::size_t row = 0; row < values.rows; ++row) {
      for (const float value : values.row(row)) sums[layer].add(value);
    }
  });
  std::vector<LayerResponse> responses;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    responses.push_back(summarize(sums[l], topology.layers[l].activation));
  }
  for_each_response(topology, parameters, samples, scratch, [&](std::size_t layer, const mote::MatrixView& values) {
    for (std::size_t row = 0; row < values.rows; ++row) {
      for (const float value : values.row(row)) {
        if (std::isfinite(value) && value != 0.0f) count(responses[layer].histogram, static_cast<double>(value));
      }
    }
  });
  return responses;
}

/// The loss and correctness of one sample.
mote::LossTotals evaluate_one(const mote::Topology& topology, mote::Members members, const mote::LossOptions& loss,
                              const mote::Dataset& sample, mote::Memory scratch) {
  mote::LossTotals totals;
  require(members.size() == 1 ? mote::evaluate(topology, members[0].parameters, loss, sample, scratch, totals)
                              : mote::evaluate(topology, members, loss, sample, scratch, totals));
  return totals;
}

/// The bytes of an image; of other elements the inputs, from black for the smallest to white for the largest.
std::vector<std::uint8_t> pixels_of(const mote::Dataset& sample, const std::vector<float>& inputs) {
  if (sample.type == mote::ElementType::uint8) {
    const auto* pixels = static_cast<const std::uint8_t*>(sample.data);
    return {pixels, pixels + sample.features};
  }
  const auto [least, most] = std::minmax_element(inputs.begin(), inputs.end());
  const double range = std::max(static_cast<double>(*most) - static_cast<double>(*least), 1e-30);
  std::vector<std::uint8_t> pixels;
  for (const float input : inputs) {
    const double share = (static_cast<double>(input) - static_cast<double>(*least)) / range;
    pixels.push_back(static_cast<std::uint8_t>(255.0 * share + 0.5));
  }
  return pixels;
}

void add_answer(Mistake& mistake, const mote::Ensemble& network, const mote::Dataset& sample) {
  std::vector<float> inputs(sample.features);
  require(mote::gather(sample, nullptr, 0, 1, inputs.data()));
  mistake.pixels = pixels_of(sample, inputs);
  for (std::size_t f = 0; f < sample.features; ++f) mistake.elements.push_back(mote::element_at(sample, 0, f));
  const mote::Span<const float> outputs = network.forward(inputs.data(), 1).row(0);
  if (sample.labels != nullptr) {
    mistake.label = sample.labels[0];
    mistake.said = mote::argmax(outputs);
    const bool is_answer = mistake.said < outputs.size();  // else an output is NaN
    mistake.output = is_answer ? static_cast<double>(outputs[mistake.said]) : std::nan("");
    return;
  }
  mistake.outputs.assign(outputs.begin(), outputs.end());
  if (sample.targets.data == nullptr) return;
  const mote::Span<const float> targets = sample.targets.row(0);
  mistake.targets.assign(targets.begin(), targets.end());
}

std::vector<Mistake> find_mistakes(const mote::Topology& topology, mote::Members members, const mote::LossOptions& loss,
                                   const mote::Dataset& test, mote::Memory scratch) {
  std::vector<Mistake> mistakes;
  for (std::size_t i = 0; i < test.count; ++i) {
    const mote::LossTotals totals = evaluate_one(topology, members, loss, test.subset(i, 1), scratch);
    if (test.labels != nullptr && totals.correct == 1) continue;
    mistakes.emplace_back();
    mistakes.back().sample = i;
    mistakes.back().loss = static_cast<double>(totals.mean_loss());
  }
  // Losses that are not finite rank as the worst.
  const auto rank = [](const Mistake& m) {
    return std::isfinite(m.loss) ? m.loss : std::numeric_limits<double>::infinity();
  };
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [&](const Mistake& a, const Mistake& b) { return rank(a) > rank(b); });
  mistakes.resize(std::min(mistakes.size(), most_pictures(24, test.features)));
  mote::Ensemble network;
  require(network.bind(topology, members, 1, scratch));
  for (Mistake& mistake : mistakes) add_answer(mistake, network, test.subset(mistake.sample, 1));
  return mistakes;
}

std::vector<Unit> look_at_units(const mote::Topology& topology, mote::Span<const float> parameters) {
  const std::size_t units = topology.outputs_of(0), stride = topology.stride_of(0);
  const auto weight = [&](std::size_t input, std::size_t unit) { return parameters[input * stride + unit]; };
  std::vector<double> squares(units);
  std::vector<std::size_t> order(units);
  for (std::size_t unit = 0; unit < units; ++unit) {
    order[unit] = unit;
    for (std::size_t i = 0; i < topology.inputs; ++i) {
      const double w = static_cast<double>(weight(i, unit));
      squares[unit] += w * w;
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return squares[a] > squares[b]; });
  order.resize(std::min(units, most_pictures(64, topology.inputs)));
  std::vector<Unit> chosen;
  for (const std::size_t unit : order) {
    chosen.push_back({unit + 1, {}});
    for (std::size_t i = 0; i < topology.inputs; ++i) chosen.back().weights.push_back(weight(i, unit));
  }
  return chosen;
}

}  // namespace

std::size_t inspection_bytes(const mote::Topology& topology) {
  const mote::Topology folded = mote::without_batch_norm(topology);
  return std::max(plan_responses(folded).bytes, mote::ensemble_evaluation_bytes(folded, 1));
}

Inspection inspect(const mote::Topology& topology, mote::Members members, const mote::LossOptions& loss,
                   const mote::Dataset& responses, const mote::Dataset& test, mote::Memory scratch, bool with_outputs) {
  require(mote::check(scratch, inspection_bytes(topology)));
  const mote::Dataset some = responses.subset(0, std::min(responses.count, kMostResponses));
  Inspection inspection;
  inspection.layers = look_at_layers(topology, members[0].parameters, some, scratch);
  inspection.response_samples = some.count;
  inspection.mistakes = find_mistakes(topology, members, loss, test, scratch);
  inspection.units = look_at_units(topology, members[0].parameters);
  if (with_outputs) inspection.outputs = keep_outputs(topology, members, test, scratch);
  return inspection;
}

}  // namespace tools
