// SPDX-License-Identifier: MIT
// Instruments for training: how fast each layer learns, what its units do, and what is wrong with it.
//
//   static mote::Storage<mote::diagnosis_bytes(topology, 100)> scratch;
//   mote::LayerDiagnostics layers[topology.layer_count];
//   mote::diagnose(topology, trainer.parameters(), loss, dataset.subset(0, 1000), 100, scratch, layers);
//   for (const auto& layer : layers) puts(mote::to_string(layer.verdict));
//
// With m samples, C the mean of their losses C_i, W weights, b biases, z pre-activations, a = f(z) activations:
//
//   bias gradient          ||dC/db||       "speed of learning"               Nielsen, chapter 5
//   weight gradient        ||dC/dW||_F
//   delta                  dC_i/dz         of sample i alone; the mean of all is dC/db
//   variance ratios        Var[a] / Var[a of the layer before], Var[dC_i/dz] / Var[that of the layer after]: near 1
//                          where signals keep their size on the way          Glorot & Bengio 2010, eq. 5-9
//   update ratio           ||change of W||_F / ||W||_F in one step; about 1/1000 is common where training goes well
//   saturated              |f'(z)| < 1/10 of the largest slope there is (largest_slope()): sigmoid |z| > 3.64, tanh
//                          |z| > 1.82, relu and leaky_relu z <= 0
//   dead                   a unit whose |f'(z)| is < 1/1000 of the largest slope for every sample: it does not learn
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/dataset.hpp"
#include "mote/detail/backpropagation.hpp"
#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/topology.hpp"

namespace mote {

/// What is wrong with a layer: the first that applies of exploding where a number is not finite, dead, saturated,
/// exploding, vanishing.
enum class Verdict : std::uint8_t {
  healthy,
  vanishing,  ///< hidden: its deltas are < kVanishing of the output layer's
  exploding,  ///< hidden: its deltas are > kExploding of the output layer's; any: a number is not finite
  saturated,  ///< more than saturation_limit() of its activations are; not where the loss cancels the slope
  dead        ///< more than kDeadLimit of its units are
};

/// One word, never null.
const char* to_string(Verdict verdict);

/// Ratios of delta_norm. One learning rate serves all layers: what the output layer learns in one epoch takes a hundred
/// in a layer below kVanishing, and a step that suits the output layer is a hundred times too long above kExploding.
inline constexpr float kVanishing = 0.01f;
inline constexpr float kExploding = 100.0f;
/// Half of a layer that does not learn is more than chance: units die one by one.
inline constexpr float kDeadLimit = 0.5f;

inline constexpr float kSaturatedSlope = 0.1f;  ///< share of the largest slope below which an activation is saturated
inline constexpr float kDeadSlope =
    0.001f;  ///< the same for all of a unit's activations where it is dead; leaky_relu's 1/100 is not

/// Share of saturated activations that is too much. sigmoid and tanh are meant to work between their flat ends. The
/// others are flat on one side by design, half of all z lie there, and only a layer with next to none on the other
/// side has a problem.
constexpr float saturation_limit(Activation activation) {
  return activation == Activation::sigmoid || activation == Activation::tanh ? 0.5f : 0.9f;
}

/// Of all elements of a layer's matrix [samples][units].
struct Moments {
  float mean = 0.0f;
  float deviation = 0.0f;  ///< square root of the variance, the mean square of what differs from the mean

  constexpr float variance() const { return deviation * deviation; }
};

struct LayerDiagnostics {
  float bias_gradient = 0.0f;    ///< ||dC/db||, without penalties
  float weight_gradient = 0.0f;  ///< ||dC/dW||_F, without penalties
  float weight_norm = 0.0f;      ///< ||W||_F
  float update_ratio = 0.0f;     ///< 0 until measure_updates()
  float delta_norm = 0.0f;       ///< root of the mean of ||dC_i/dz||^2 over samples
  Moments deltas;                ///< dC_i/dz
  Moments pre_activations;       ///< z; after batch normalization, if any
  Moments activations;           ///< f(z)
  float forward_ratio = 0.0f;    ///< of variances of activations; the first layer's to the inputs'. 0 where that is 0
  float backward_ratio = 0.0f;   ///< of variances of deltas; the output layer's is 1. 0 where the other is 0
  float saturated = 0.0f;        ///< share of activations, 0 to 1; 0 for softmax, whose slope is no number
  float dead = 0.0f;             ///< share of units, likewise
  Verdict verdict = Verdict::healthy;
};

namespace detail {
/// Mean and deviation of rows of one length, row after row (Welford 1962), so that no sum of squares overflows or
/// vanishes and the order of rows is all that matters.
class MomentsTally {
 public:
  void add(Span<const float> row);
  Moments moments() const;

 private:
  void add_difference(float x);

  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  float mean_ = 0.0f;
  float largest_ = 0.0f;  // of the differences
  float squares_ = 0.0f;  // of all differences, each divided by the largest
};

/// What diagnose() knows of a layer between one chunk of samples and the next.
struct LayerTally {
  MomentsTally pre_activations;
  MomentsTally activations;
  MomentsTally deltas;
  std::uint64_t saturated = 0;
};

struct DiagnosisPlan {
  std::size_t inputs;       // [rows][inputs]
  std::size_t gradients;    // [parameter_count]
  std::size_t slopes;       // [rows][max_stride]
  std::size_t outputs;      // [rows][stride of the last layer]
  std::size_t zeros;        // [stride of the last layer]
  std::size_t tallies;      // [layer_count]
  std::size_t input_tally;  // [1]
  std::size_t alive;        // [units]
  std::size_t units;        // of all layers
  std::size_t engine;       // of Backpropagation
  std::size_t bytes;
};

constexpr DiagnosisPlan diagnosis_plan(const Topology& topology, std::size_t rows) {
  MemoryPlan memory;
  DiagnosisPlan plan{};
  for (std::size_t l = 0; l < topology.layer_count; ++l) plan.units += topology.outputs_of(l);
  const std::size_t last = row_stride(topology.outputs());
  plan.inputs = memory.take<float>(rows, topology.inputs);
  plan.gradients = memory.take<float>(topology.parameter_count());
  plan.slopes = memory.take<float>(rows, topology.max_stride());
  plan.outputs = memory.take<float>(rows, last);
  plan.zeros = memory.take<float>(last);
  plan.tallies = memory.take<LayerTally>(topology.layer_count);
  plan.input_tally = memory.take<MomentsTally>(1);
  plan.alive = memory.take<std::uint8_t>(plan.units);
  plan.engine = memory.take_bytes(backpropagation_bytes(topology, rows, 1, true));
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of scratch memory to diagnose `rows` samples at a time.
constexpr std::size_t diagnosis_bytes(const Topology& topology, std::size_t rows) {
  return detail::diagnosis_plan(topology, rows).bytes;
}

/// Looks at all samples of `dataset` (a batch: Dataset::subset), `rows` >= 1 at a time, which changes no bit of the
/// outcome, and writes layers[0] to layers[layer_count - 1]. parameters: topology.parameter_count() floats, unchanged.
/// Dropout is left out. scratch: at least diagnosis_bytes(topology, rows). Batch normalization takes the samples as one
/// mini-batch: rows must be at least dataset.count (batch_norm_in_chunks), and that at least 2
/// (batch_norm_of_one_sample). memory_too_small also says when parameters or layers are too few; otherwise what
/// check(topology), check(loss) and check(topology, dataset) find.
///
/// Deltas below 2^-100 are 0 (loss.hpp), and so is what is made of them.
Result diagnose(const Topology& topology, Span<const float> parameters, const LossOptions& loss, const Dataset& dataset,
                std::size_t rows, Memory scratch, Span<LayerDiagnostics> layers);

/// Writes layers[l].update_ratio for the step that led from parameters `before` to `after`; 0 where weights were all 0.
void measure_updates(const Topology& topology, Span<const float> before, Span<const float> after,
                     Span<LayerDiagnostics> layers);

}  // namespace mote
