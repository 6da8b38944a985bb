// SPDX-License-Identifier: MIT
#include "mote/diagnostics.hpp"

#include <initializer_list>

#include "../core/arithmetic.hpp"
#include "../textbook/lanes.hpp"
#include "../training/scoring.hpp"
#include "mote/activation.hpp"
#include "mote/detail/finite.hpp"
#include "mote/norms.hpp"
#include "slopes.hpp"

namespace mote {
namespace detail {

void MomentsTally::add_difference(float x) {
  x = absolute(x);
  if (x > largest_) {
    squares_ = 1.0f + squares_ * (largest_ / x) * (largest_ / x);
    largest_ = x;
  } else if (x != 0.0f) {
    squares_ += (x / largest_) * (x / largest_);  // NaN too
  }
}

void MomentsTally::add(Span<const float> row) {
  const float count = static_cast<float>(row.size());
  const float weight = 1.0f / count;  // of each element in the mean: the sum of finite elements stays finite
  const float mean = sum_of(row.size(), [&](std::size_t j) { return row.data()[j] * weight; });
  ++rows_;
  columns_ = row.size();
  const float n = static_cast<float>(rows_), step = mean - mean_;
  mean_ += step / n;
  // The square of the step has the factor (n - 1) / n for every element of the row.
  add_difference(step * square_root(count * ((n - 1.0f) / n)));
  add_difference(norm({row.data(), 1, row.size(), row.size()}, mean));
}

Moments MomentsTally::moments() const {
  if (rows_ == 0 || squares_ == 0.0f) return {mean_, 0.0f};
  return {mean_, largest_ * square_root(squares_ / (static_cast<float>(rows_) * static_cast<float>(columns_)))};
}

namespace {

MatrixView weights_of(const Topology& topology, Span<const float> parameters, std::size_t layer) {
  return {parameters.data() + topology.weights_offset(layer), topology.inputs_of(layer), topology.outputs_of(layer),
          topology.stride_of(layer)};
}

float quotient(float a, float b) {
  return b == 0.0f ? 0.0f : a / b;
}

/// Ratio of variances, computed from the deviations, because variances might underflow.
float variance_ratio(const Moments& a, const Moments& b) {
  const float ratio = quotient(a.deviation, b.deviation);
  return ratio * ratio;
}

/// Diagnosis of one network, which add() extends batch by batch.
class Diagnosis {
 public:
  Diagnosis(const Topology& topology, Memory scratch, std::size_t rows) : topology_(topology) {
    const DiagnosisPlan plan = diagnosis_plan(topology, rows);
    engine_memory = plan.engine.in(scratch);
    inputs = plan.inputs.in(scratch).data();
    gradients = plan.gradients.in(scratch);
    slopes_ = plan.slopes.in(scratch).data();
    outputs_ = plan.outputs.in(scratch).data();
    tallies = plan.tallies.in(scratch);
    alive_ = plan.alive.in(scratch);
    for (LayerTally& tally : tallies) tally = {};
    for (std::uint8_t& unit : alive_) unit = 0;
  }

  /// Adds the rows of the last backward() of `engine`.
  void add(const Backpropagation& engine, std::size_t rows) {
    for (std::size_t i = 0; i < rows; ++i) input_tally.add({inputs + i * topology_.inputs, topology_.inputs});
    std::size_t first_unit = 0;
    for (std::size_t l = 0; l < topology_.layer_count; ++l) {
      const MatrixView activations = activations_of(topology_, engine, l, outputs_);
      const MatrixView pre_activations = engine.pre_activations(l), deltas = engine.deltas(l);
      for (std::size_t i = 0; i < rows; ++i) {
        tallies[l].pre_activations.add(pre_activations.row(i));
        tallies[l].activations.add(activations.row(i));
        tallies[l].deltas.add(deltas.row(i));
      }
      if (topology_.layers[l].activation != Activation::softmax) {
        count_slopes(l, slopes_of(topology_, engine, l, activations, slopes_), &alive_[first_unit]);
      }
      first_unit += topology_.outputs_of(l);
    }
  }

  /// Fraction of dead units of a layer.
  float dead_fraction(std::size_t layer) const {
    if (topology_.layers[layer].activation == Activation::softmax) return 0.0f;
    std::size_t first = 0, dead = 0;
    for (std::size_t l = 0; l < layer; ++l) first += topology_.outputs_of(l);
    const std::size_t units = topology_.outputs_of(layer);
    for (const std::uint8_t alive : alive_.subspan(first, units)) dead += alive == 0 ? 1 : 0;
    return static_cast<float>(dead) / static_cast<float>(units);
  }

  Memory engine_memory;
  float* inputs;
  Span<float> gradients;
  Span<LayerTally> tallies;
  MomentsTally input_tally;

 private:
  void count_slopes(std::size_t layer, const MatrixView& slopes, std::uint8_t* alive) {
    const float largest = largest_slope(topology_.layers[layer].activation);
    const float flat = kSaturatedSlope * largest, dead = kDeadSlope * largest;
    std::uint64_t saturated = 0;
    const float* row = slopes.data;
    for (std::size_t i = 0; i < slopes.rows; ++i, row += slopes.stride) {
      for (std::size_t j = 0; j < slopes.columns; ++j) {
        const float slope = absolute(row[j]);
        saturated += slope < flat ? 1u : 0u;
        alive[j] |= slope < dead ? 0u : 1u;
      }
    }
    tallies[layer].saturated += saturated;
  }

  const Topology& topology_;
  float* slopes_;
  float* outputs_;
  Span<std::uint8_t> alive_;
};

Verdict judge(const Topology& topology, const LossOptions& loss, std::size_t l, Span<const LayerDiagnostics> layers) {
  const LayerDiagnostics& layer = layers[l];
  const bool is_last = l + 1 == topology.layer_count;
  for (const float x : {layer.bias_gradient, layer.weight_gradient, layer.weight_norm, layer.delta_norm,
                        layer.pre_activations.mean, layer.activations.mean}) {
    if (!is_finite(x)) return Verdict::exploding;
  }
  if (layer.dead > kDeadLimit) return Verdict::dead;
  const bool slope_matters = !is_last || !is_cross_entropy(loss.kind);
  if (slope_matters && layer.saturated > saturation_limit(topology.layers[l].activation)) return Verdict::saturated;
  const float output = layers[topology.layer_count - 1].delta_norm;
  if (is_last || output == 0.0f) return Verdict::healthy;
  if (layer.delta_norm > kExploding * output) return Verdict::exploding;
  return layer.delta_norm < kVanishing * output ? Verdict::vanishing : Verdict::healthy;
}

void conclude(const Topology& topology, Span<const float> parameters, const LossOptions& loss, std::size_t samples,
              const Diagnosis& diagnosis, Span<LayerDiagnostics> layers) {
  const float m = static_cast<float>(samples);
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const LayerTally& tally = diagnosis.tallies[l];
    LayerDiagnostics& layer = layers[l] = {};
    const std::size_t outputs = topology.outputs_of(l);
    layer.bias_gradient = norm({diagnosis.gradients.data() + topology.biases_offset(l), 1, outputs, outputs}) / m;
    layer.weight_gradient = norm(weights_of(topology, diagnosis.gradients, l)) / m;
    layer.weight_norm = norm(weights_of(topology, parameters, l));
    layer.deltas = tally.deltas.moments();
    const float spread[] = {layer.deltas.mean, layer.deltas.deviation};  // the sum of their squares is the mean square
    layer.delta_norm = norm({spread, 1, 2, 2}) * square_root(static_cast<float>(outputs));
    layer.pre_activations = tally.pre_activations.moments();
    layer.activations = tally.activations.moments();
    layer.saturated = static_cast<float>(tally.saturated) / (m * static_cast<float>(outputs));
    layer.dead = diagnosis.dead_fraction(l);
  }
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const Moments before = l == 0 ? diagnosis.input_tally.moments() : layers[l - 1].activations;
    layers[l].forward_ratio = variance_ratio(layers[l].activations, before);
    layers[l].backward_ratio =
        l + 1 == topology.layer_count ? 1.0f : variance_ratio(layers[l].deltas, layers[l + 1].deltas);
    layers[l].verdict = judge(topology, loss, l, layers);
  }
}

}  // namespace
}  // namespace detail

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::healthy: return "healthy";
    case Verdict::vanishing: return "vanishing";
    case Verdict::exploding: return "exploding";
    case Verdict::saturated: return "saturated";
    case Verdict::dead: return "dead";
  }
  return "unknown";
}

Result diagnose(const Topology& topology, Span<const float> parameters, const LossOptions& loss, const Dataset& dataset,
                std::size_t rows, Memory scratch, Span<LayerDiagnostics> layers) {
  MOTE_ASSERT(rows >= 1);
  if (const Result result = detail::check_evaluation(topology, loss, dataset, {}); !result.ok()) return result;
  if (const Result result = check_at_least(parameters, topology.parameter_count()); !result.ok()) return result;
  if (const Result result = check_at_least(layers, topology.layer_count); !result.ok()) return result;
  if (topology.all_scale_floats() != 0) {
    if (dataset.count < 2) return {Status::batch_norm_of_one_sample, dataset.count, 2};
    if (rows < dataset.count) return {Status::batch_norm_in_chunks, rows, dataset.count};
  }
  if (const Result result = check(scratch, diagnosis_bytes(topology, rows)); !result.ok()) return result;
  detail::Diagnosis diagnosis(topology, scratch, rows);
  Backpropagation engine;
  if (const Result result = engine.bind(topology, {1, true}, rows, diagnosis.engine_memory); !result.ok())
    return result;
  LossTotals totals;
  for (std::size_t first = 0; first < dataset.count; first += rows) {
    const std::size_t count = rows < dataset.count - first ? rows : dataset.count - first;
    if (const Result result = gather(dataset, nullptr, first, count, diagnosis.inputs); !result.ok()) return result;
    engine.forward(parameters.data(), diagnosis.inputs, count);
    engine.compute_loss(loss, targets_of(dataset, nullptr, first, diagnosis.inputs, nullptr), 1.0f, totals);
    engine.backward(parameters.data(), diagnosis.inputs, {diagnosis.gradients.data(), first != 0, nullptr});
    diagnosis.add(engine, count);
  }
  detail::conclude(topology, parameters, loss, dataset.count, diagnosis, layers);
  return Status::ok;
}

void measure_updates(const Topology& topology, Span<const float> before, Span<const float> after,
                     Span<LayerDiagnostics> layers) {
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const MatrixView old = detail::weights_of(topology, before, l);
    const float change = norm_of_difference(detail::weights_of(topology, after, l), old);
    layers[l].update_ratio = detail::quotient(change, norm(old));
  }
}

}  // namespace mote
