// SPDX-License-Identifier: MIT
// What can be seen of a trained network: how its layers respond, what it gets most wrong, what its first layer looks
// for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mote/mote.hpp"
#include "pictures/chart.hpp"

namespace tools {

/// Activations of all units of a layer.
struct LayerResponse {
  mote::Activation activation = mote::Activation::identity;
  double mean = 0.0;
  double deviation = 0.0;
  double zeros = 0.0;   ///< share that is exactly 0, such as what relu cuts off; the histogram is of the others
  Histogram histogram;  ///< without title
};

/// A sample on which the loss is large.
struct Mistake {
  std::size_t sample = 0;  ///< counted from 0
  double loss = 0.0;
  std::size_t label = 0;  ///< where there are labels
  std::size_t said = 0;   ///< likewise
  double output = 0.0;    ///< likewise: of the class said
  std::vector<std::uint8_t> pixels;
  std::vector<float> outputs;  ///< where there are no labels
  std::vector<float> targets;  ///< where there are vectors of them
};

/// A unit of the first layer.
struct Unit {
  std::size_t number = 0;      ///< counted from 1
  std::vector<float> weights;  // [inputs]
};

struct Inspection {
  std::vector<LayerResponse> layers;
  std::size_t response_samples = 0;  ///< on which the layers were looked at
  std::vector<Mistake> mistakes;  ///< the largest loss first; where there are labels only samples that are not correct
  std::vector<Unit> units;        ///< the largest norm first
};

/// Bytes of scratch memory that inspect() needs for a network, with or without batch normalization.
std::size_t inspection_bytes(const mote::Topology& topology);

/// Of several members, mistakes are those of all together, the rest is the first one's. topology: without batch
/// normalization. responses: samples to look at the layers with; the first 1000 are taken.
Inspection inspect(const mote::Topology& topology, mote::Members members, const mote::LossOptions& loss,
                   const mote::Dataset& responses, const mote::Dataset& test, mote::Memory scratch);

}  // namespace tools
