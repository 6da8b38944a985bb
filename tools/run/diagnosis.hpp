// SPDX-License-Identifier: MIT
// The diagnosis of tools/train --diagnose: measures every layer after each epoch, and formats the numbers.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "mote/mote.hpp"

namespace tools {

/// Measures the layers of a network in training, on the first training images and over the last step of an epoch.
class Diagnosis {
 public:
  /// Largest number of images used.
  static constexpr std::size_t kImages = 1000;
  /// Bytes of memory for a training set of `images` images.
  static std::size_t bytes(const mote::Topology& topology, std::size_t images);

  /// A disabled diagnosis, which does nothing.
  Diagnosis() = default;
  /// memory: at least bytes(topology, images.count).
  Diagnosis(const mote::Topology& topology, const mote::Dataset& images, mote::Memory memory);

  bool enabled() const { return !memory_.empty(); }
  /// Call before each batch: copies the parameters from which the last step of the epoch starts.
  void before_batch(const mote::Trainer& trainer);
  /// Measures every layer; call after an epoch. Throws an Error.
  std::vector<mote::LayerDiagnostics> layers(const mote::Trainer& trainer) const;

 private:
  mote::Dataset images_;
  mote::Memory memory_;
  mote::Span<float> before_;
};

/// "gradient norms 0.003 (vanishing) 0.0171 0.285": ||dC/db|| of each layer, with its verdict unless it is healthy.
std::string diagnosis_text(const std::vector<mote::LayerDiagnostics>& layers);

/// ",layer1_bias_gradient,...": column names for diagnosis_csv().
std::string diagnosis_csv_header(std::size_t layers);
std::string diagnosis_csv(const std::vector<mote::LayerDiagnostics>& layers);

}  // namespace tools
