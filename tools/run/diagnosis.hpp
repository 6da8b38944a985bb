// SPDX-License-Identifier: MIT
// What tools/train --diagnose looks at after each epoch, and how it says what it saw.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "mote/mote.hpp"

namespace tools {

/// Looks at a network in training: at its layers on the first training images, and at the last step of an epoch.
class Diagnosis {
 public:
  /// Most images that are looked at.
  static constexpr std::size_t kImages = 1000;
  /// Bytes of memory for a training set of so many images.
  static std::size_t bytes(const mote::Topology& topology, std::size_t images);

  /// Does nothing until it has memory: at least bytes(), for a network trained on these images.
  Diagnosis() = default;
  Diagnosis(const mote::Topology& topology, const mote::Dataset& images, mote::Memory memory);

  bool enabled() const { return !memory_.empty(); }
  /// Before each batch: notes the parameters from which the epoch's last step starts.
  void before_batch(const mote::Trainer& trainer);
  /// After an epoch. Throws an Error.
  std::vector<mote::LayerDiagnostics> layers(const mote::Trainer& trainer) const;

 private:
  mote::Dataset images_;
  mote::Memory memory_;
  mote::Span<float> before_;
};

/// "gradient norms 0.003 (vanishing) 0.0171 0.285": ||dC/db|| of each layer, with its verdict unless it is healthy.
std::string diagnosis_text(const std::vector<mote::LayerDiagnostics>& layers);

/// ",layer1_bias_gradient,...": names of the columns of diagnosis_csv().
std::string diagnosis_csv_header(std::size_t layers);
std::string diagnosis_csv(const std::vector<mote::LayerDiagnostics>& layers);

}  // namespace tools
