// SPDX-License-Identifier: MIT
#include "mote/initializer.hpp"

#include "numeric.hpp"

namespace mote {
namespace {

float draw_weight(WeightInit init, float inputs, float outputs, Random& random) {
  switch (init) {
    case WeightInit::glorot_uniform: {
      const float bound = detail::square_root(6.0f / (inputs + outputs));
      return random.uniform(-bound, bound);
    }
    case WeightInit::he_normal: return random.gaussian() * detail::square_root(2.0f / inputs);
    case WeightInit::scaled_gaussian: return random.gaussian() * detail::square_root(1.0f / inputs);
    case WeightInit::gaussian: break;
  }
  return random.gaussian();
}

}  // namespace

void initialize(const Topology& topology, WeightInit weight_init, BiasInit bias_init, Random& random,
                Span<float> parameters) {
  MOTE_ASSERT(parameters.size() == topology.parameter_count());
  for (float& p : parameters) p = 0.0f;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const std::size_t inputs = topology.inputs_of(l), outputs = topology.outputs_of(l), stride = topology.stride_of(l);
    float* weights = parameters.data() + topology.weights_offset(l);
    for (std::size_t i = 0; i < inputs; ++i) {
      for (std::size_t j = 0; j < outputs; ++j) {
        weights[i * stride + j] =
            draw_weight(weight_init, static_cast<float>(inputs), static_cast<float>(outputs), random);
      }
    }
    if (bias_init == BiasInit::zero) continue;
    float* biases = parameters.data() + topology.biases_offset(l);
    for (std::size_t j = 0; j < outputs; ++j) biases[j] = random.gaussian();
  }
}

}  // namespace mote
