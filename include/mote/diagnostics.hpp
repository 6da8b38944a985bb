// SPDX-License-Identifier: MIT
// Diagnostics of training: the learning speed of each layer, the state of its units, and a verdict.
//
//   static mote::Storage<mote::diagnosis_bytes(topology, 100)> scratch;
//   mote::LayerDiagnostics layers[topology.layer_count];
//   const mote::Dataset some = dataset.subset(0, 1000);
//   if (!mote::diagnose(topology, trainer.parameters(), loss, some, 100, scratch, layers).ok()) halt();
//   for (const auto& layer : layers) puts(mote::to_string(layer.verdict));
//
// With m samples, C the mean of their losses C_i, weights W, biases b, pre-activations z and activations a = f(z):
//
//   bias gradient          ||dC/db||       "speed of learning"               Nielsen, chapter 5
//   weight gradient        ||dC/dW||_F
//   delta                  dC_i/dz         of sample i; the mean over samples is dC/db
//   variance ratios        Var[a] / Var[a of the layer before], Var[dC_i/dz] / Var[dC_i/dz of the layer after]:
//                          near 1 where signals keep their size              Glorot & Bengio 2010, eq. 5-9
//   update ratio           ||change of W||_F / ||W||_F in one step; typically about 1/1000
//   saturated activation   |f'(z)| < 1/10 of largest_slope(): sigmoid |z| > 3.64, tanh |z| > 1.82, relu and leaky_relu
//                          z <= 0
//   dead unit              |f'(z)| < 1/1000 of largest_slope() for every sample: the unit does not learn
#ifndef MOTE_DIAGNOSTICS_HPP
#define MOTE_DIAGNOSTICS_HPP

#include <cstddef>
#include <cstdint>

#include "mote/dataset.hpp"
#include "mote/detail/backpropagation.hpp"
#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/topology.hpp"

namespace mote {

/// State of a layer: the first that applies of exploding (a number is not finite), dead, saturated, exploding,
/// vanishing, healthy.
enum class Verdict : std::uint8_t {
  healthy,
  vanishing,  ///< hidden layer: delta_norm < kVanishing times the output layer's
  exploding,  ///< hidden layer: delta_norm > kExploding times the output layer's; any layer: not finite
  saturated,  ///< more than saturation_limit() of its activations; never where the loss cancels the slope
  dead        ///< more than kDeadLimit of its units
};

/// The verdict as one word; never null.
const char* to_string(Verdict verdict);

/// Ratios of delta_norm to the output layer's. All layers share one learning rate: a layer below kVanishing needs a
/// hundred epochs for one epoch of the output layer; above kExploding, its steps are a hundred times too long.
inline constexpr float kVanishing = 0.01f;
inline constexpr float kExploding = 100.0f;
/// A layer with a larger fraction of dead units is dead.
inline constexpr float kDeadLimit = 0.5f;

inline constexpr float kSaturatedSlope = 0.1f;  ///< saturated below this fraction of largest_slope()
inline constexpr float kDeadSlope = 0.001f;     ///< dead below this fraction; leaky_relu's 1/100 is above

/// A layer with a larger fraction of saturated activations is saturated. sigmoid and tanh should work between their
/// flat ends. The others are flat on one side by design, where about half of all z lie: their limit is higher.
constexpr float saturation_limit(Activation activation) {
  return activation == Activation::sigmoid || activation == Activation::tanh ? 0.5f : 0.9f;
}

/// Mean and deviation of all elements of a layer's matrix [samples][units].
struct Moments {
  float mean = 0.0f;
  float deviation = 0.0f;  ///< square root of the variance
};

struct LayerDiagnostics {
  float bias_gradient = 0.0f;    ///< ||dC/db||, without penalties
  float weight_gradient = 0.0f;  ///< ||dC/dW||_F, without penalties
  float weight_norm = 0.0f;      ///< ||W||_F
  float update_ratio = 0.0f;     ///< 0 until measure_updates()
  float delta_norm = 0.0f;       ///< square root of the mean of ||dC_i/dz||^2 over samples
  Moments deltas;                ///< dC_i/dz
  Moments pre_activations;       ///< z, after batch normalization if any
  Moments activations;           ///< f(z)
  float forward_ratio = 0.0f;    ///< variance of activations / the layer before's, or the inputs'; 0 for a / 0
  float backward_ratio = 0.0f;   ///< variance of deltas / the layer after's; output layer 1; 0 for a / 0
  float saturated = 0.0f;        ///< fraction of activations, [0, 1]; 0 for softmax, whose slope is a matrix
  float dead = 0.0f;             ///< fraction of units, [0, 1]; 0 for softmax
  Verdict verdict = Verdict::healthy;
};

namespace detail {
/// Accumulates mean and deviation over rows of one length (Welford 1962). No sum of squares overflows or underflows,
/// and the result depends on the order of rows only.
class MomentsTally {
 public:
  void add(Span<const float> row);
  Moments moments() const;

 private:
  void add_difference(float x);

  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  float mean_ = 0.0f;
  float largest_ = 0.0f;  // largest difference
  float squares_ = 0.0f;  // sum of squares of the differences, each divided by the largest
};

/// Totals of a layer over batches of samples.
struct LayerTally {
  MomentsTally pre_activations;
  MomentsTally activations;
  MomentsTally deltas;
  std::uint64_t saturated = 0;
};

struct DiagnosisPlan {
  Part<float> inputs;          // [rows][inputs]
  Part<float> gradients;       // [parameter_count]
  Part<float> slopes;          // [rows][max_stride]
  Part<float> outputs;         // [rows + 1][stride of the last layer]
  Part<LayerTally> tallies;    // [layer_count]
  Part<std::uint8_t> alive;    // [units of all layers]
  Part<unsigned char> engine;  // of Backpropagation
  std::size_t bytes;
};

constexpr DiagnosisPlan diagnosis_plan(const Topology& topology, std::size_t rows) {
  MemoryPlan memory;
  DiagnosisPlan plan{};
  std::size_t units = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) units += topology.outputs_of(l);
  plan.inputs = memory.take<float>(rows, topology.inputs);
  plan.gradients = memory.take<float>(topology.parameter_count());
  plan.slopes = memory.take<float>(rows, topology.max_stride());
  plan.outputs = memory.take<float>(rows + 1, row_stride(topology.outputs()));
  plan.tallies = memory.take<LayerTally>(topology.layer_count);
  plan.alive = memory.take<std::uint8_t>(units);
  plan.engine = memory.take<unsigned char>(backpropagation_bytes(topology, {1, true}, rows));
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of scratch memory for diagnose() with batches of `rows` samples.
constexpr std::size_t diagnosis_bytes(const Topology& topology, std::size_t rows) {
  return detail::diagnosis_plan(topology, rows).bytes;
}

/// Diagnoses the network on all samples of `dataset` (a mini-batch: Dataset::subset), without dropout, and writes
/// layers[0] to layers[layer_count - 1]. rows: samples per batch, >= 1; the result does not depend on it. parameters:
/// topology.parameter_count() floats; scratch: at least diagnosis_bytes(topology, rows). Batch normalization treats all
/// samples as one mini-batch: rows >= dataset.count >= 2. Deltas below 2^-100 are 0 (loss.hpp).
/// Errors: all of check(topology), check(loss), check(topology, dataset) and check(scratch); memory_too_small, also
/// for parameters and layers; batch_norm_in_chunks; batch_norm_of_one_sample.
Result diagnose(const Topology& topology, Span<const float> parameters, const LossOptions& loss, const Dataset& dataset,
                std::size_t rows, Memory scratch, Span<LayerDiagnostics> layers);

/// Writes layers[l].update_ratio for the step from parameters `before` to `after`; 0 for a layer of zero weights.
void measure_updates(const Topology& topology, Span<const float> before, Span<const float> after,
                     Span<LayerDiagnostics> layers);

}  // namespace mote

#endif  // MOTE_DIAGNOSTICS_HPP
