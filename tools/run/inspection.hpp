// SPDX-License-Identifier: MIT
// Pictures of a trained network as data: responses of its layers, worst mistakes, weights of the first layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mote/mote.hpp"
#include "pictures/chart.hpp"
#include "run/quality_charts.hpp"

namespace tools {

/// Activations of all units of a layer.
struct LayerResponse {
  mote::Activation activation = mote::Activation::identity;
  double mean = 0.0;
  double deviation = 0.0;
  double zeros = 0.0;   ///< fraction that is exactly 0, as after relu; the histogram leaves them out
  Histogram histogram;  ///< without title
};

/// A sample with a large loss.
struct Mistake {
  std::size_t sample = 0;  ///< counted from 0
  double loss = 0.0;
  std::size_t label = 0;  ///< 0 without labels
  std::size_t said = 0;   ///< class with the largest output; the number of classes for NaN; 0 without labels
  double output = 0.0;    ///< output of that class; 0 without labels
  std::vector<std::uint8_t> pixels;
  std::vector<float> outputs;        ///< empty with labels
  std::vector<float> targets;        ///< empty with labels and for autoencoders
  std::vector<float> elements = {};  ///< as stored: the numbers of a table
};

/// A unit of the first layer.
struct Unit {
  std::size_t number = 0;      ///< counted from 1
  std::vector<float> weights;  // [inputs]
};

struct Inspection {
  std::vector<LayerResponse> layers;
  std::size_t response_samples = 0;  ///< number of samples behind `layers`
  std::vector<Mistake> mistakes;     ///< the largest loss first; with labels, only samples that are not correct
  std::vector<Unit> units;           ///< the largest norm first
  TestOutputs outputs;               ///< on the test samples; empty unless asked for
};

/// Bytes of scratch memory for inspect(). topology: with or without batch normalization.
std::size_t inspection_bytes(const mote::Topology& topology);

/// Inspects a network or an ensemble: mistakes of the whole ensemble, layers and units of its first member. topology:
/// without batch normalization. responses: samples for the responses of the layers; only the first 1000 are used.
/// with_outputs: keep the outputs on all test samples.
Inspection inspect(const mote::Topology& topology, mote::Members members, const mote::LossOptions& loss,
                   const mote::Dataset& responses, const mote::Dataset& test, mote::Memory scratch,
                   bool with_outputs = false);

}  // namespace tools
