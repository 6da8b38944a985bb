// SPDX-License-Identifier: MIT
#include "mote/batch_norm.hpp"

#include "mote/detail/batch_norm.hpp"

namespace mote {
Result fold_batch_norm(const Topology& topology, Span<const float> parameters, Span<const float> running,
                       Span<float> folded) {
  if (const Result result = check(topology); !result.ok()) return result;
  const std::size_t plain_count = topology.scales_offset(0), scale_count = topology.all_scale_floats();
  if (const Result result = check_at_least(parameters, topology.parameter_count()); !result.ok()) return result;
  if (const Result result = check_at_least(running, running_statistics_count(topology)); !result.ok()) return result;
  if (const Result result = check_at_least(folded, plain_count); !result.ok()) return result;
  if (folded.data() != parameters.data()) {
    __builtin_memcpy(folded.data(), parameters.data(), plain_count * sizeof(float));
  }
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    if (!topology.layers[l].batch_norm) continue;
    const float* means = running.data() + topology.scale_floats_before(l);
    fold_batch_norm_layer(topology.inputs_of(l), topology.stride_of(l), topology.stride_of(l),
                          parameters.data() + topology.scales_offset(l), means, means + scale_count,
                          folded.data() + topology.weights_offset(l), folded.data() + topology.biases_offset(l));
  }
  return Status::ok;
}

}  // namespace mote
