// SPDX-License-Identifier: MIT
#include "../core/arithmetic.hpp"
#include "model_header.hpp"
#include "mote/batch_norm.hpp"
#include "mote/detail/activation.hpp"
#include "mote/detail/products.hpp"

namespace mote::detail {
namespace {

using Kind = ModelTensor::Kind;

/// Buffers for one sample.
struct AnswerPlan {
  Part<float> inputs;
  Part<float> activations[2];  // a layer reads from one and writes to the other
  std::size_t bytes;
};

AnswerPlan answer_plan(const Topology& topology) {
  MemoryPlan memory;
  AnswerPlan plan{};
  plan.inputs = memory.take<float>(topology.inputs);
  for (Part<float>& part : plan.activations) part = memory.take<float>(topology.max_stride());
  plan.bytes = memory.bytes();
  return plan;
}

/// Calls f(k, x) for the elements of a tensor of the file; false if reading fails.
template <typename F>
bool read_elements(const ByteSource& file, const ModelHeader& header, Kind kind, F f) {
  const Topology& topology = header.metadata.model.topology;
  const ModelTensor tensor = model_tensor(topology, model_tensor_index(topology, kind));
  ByteReader reader(file, header.offset_of(kind), header.offset_of(kind) + tensor.bytes());
  for (std::size_t k = 0; k < tensor.outputs; ++k) f(k, reader.float32());
  return reader.ok();
}

bool read_inputs(const ByteSource& file, const ModelHeader& header, float* inputs) {
  const ModelDescription& model = header.metadata.model;
  if (!read_elements(file, header, Kind::golden_inputs, [&](std::size_t k, float x) { inputs[k] = x; })) return false;
  if (header.offset_of(Kind::input_scale) == 0) {
    for (std::size_t k = 0; k < model.topology.inputs; ++k) {
      inputs[k] = (inputs[k] - model.input_offset) * model.input_scale;
    }
    return true;
  }
  return read_elements(file, header, Kind::input_offset, [&](std::size_t k, float x) { inputs[k] -= x; }) &&
         read_elements(file, header, Kind::input_scale, [&](std::size_t k, float x) { inputs[k] *= x; });
}

/// Turns z of one sample into scale (z - mean) / deviation.
void normalize(const Topology& topology, std::size_t layer, Span<const float> parameters, Span<const float> running,
               float* z) {
  const float* scales = parameters.data() + topology.scales_offset(layer);
  const float* means = running.data() + topology.scale_floats_before(layer);
  const float* variances = means + topology.all_scale_floats();
  for (std::size_t j = 0; j < topology.outputs_of(layer); ++j) {
    z[j] = scales[j] * (z[j] - means[j]) / square_root(variances[j] + kBatchNormEpsilon);
  }
}

}  // namespace

std::size_t known_answer_bytes(const ModelHeader& header) {
  if (header.offset_of(Kind::golden_outputs) == 0) return 0;
  return answer_plan(header.metadata.model.topology).bytes + kAlignment - 1;
}

Result check_known_answer(const ByteSource& file, const ModelHeader& header, Span<const float> parameters,
                          Span<const float> running, Memory memory) {
  if (header.offset_of(Kind::golden_outputs) == 0) return Status::ok;
  const Topology& topology = header.metadata.model.topology;
  const AnswerPlan plan = answer_plan(topology);
  const std::size_t skipped = (~reinterpret_cast<std::uintptr_t>(memory.data()) + 1) % kAlignment;
  const Memory aligned = memory.subspan(skipped, memory.size() - skipped);
  float* from = plan.inputs.in(aligned).data();
  if (!read_inputs(file, header, from)) return Status::read_failed;
  std::size_t from_stride = topology.inputs;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const std::size_t outputs = topology.outputs_of(l), stride = topology.stride_of(l);
    float* to = plan.activations[l % 2].in(aligned).data();
    forward_product(1, topology.inputs_of(l), outputs, from, from_stride,
                    parameters.data() + topology.weights_offset(l), stride, to, stride);
    if (topology.layers[l].batch_norm) normalize(topology, l, parameters, running, to);
    add_biases_and_activate(topology.layers[l].activation, 1, outputs, stride,
                            parameters.data() + topology.biases_offset(l), to);
    from = to, from_stride = stride;
  }
  constexpr float kTolerance = 1e-3f;  // other programs multiply in formats of 11 bits
  float largest = 0.0f;
  std::size_t wrong = topology.outputs();
  const auto measure = [&](std::size_t, float x) { largest = maximum(largest, absolute(x)); };
  const auto compare = [&](std::size_t j, float x) {
    const bool is_right = absolute(from[j] - x) <= kTolerance * largest;
    if (!is_right && wrong == topology.outputs()) wrong = j;
  };
  if (!read_elements(file, header, Kind::golden_outputs, measure)) return Status::read_failed;
  if (!read_elements(file, header, Kind::golden_outputs, compare)) return Status::read_failed;
  return wrong == topology.outputs() ? Result(Status::ok) : Result(Status::golden_mismatch, wrong);
}

}  // namespace mote::detail
