// SPDX-License-Identifier: MIT
// Networks of other programs, such as PyTorch's save_file(network.state_dict()), as model files of mote.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/safetensors.hpp"
#include "mote/mote.hpp"

namespace tools {

/// Description of a network whose file has no metadata of mote.
struct ForeignNetwork {
  std::vector<std::uint32_t> layers;           ///< sizes that the file must have; empty: any
  std::optional<mote::Activation> activation;  ///< of hidden layers; none: not given
  mote::Activation output_activation = mote::Activation::softmax;
  mote::LossOptions loss;
  double offset = 0.0, scale = 1.0 / 255.0;  ///< Inputs::offset, scale
};

/// Whether a file has none of mote's metadata about the network.
bool is_foreign(const ForeignFile& file);

/// A model file of mote with the parameters of another program, whose layers are found by their names and shapes:
/// NAME.weight [outputs][inputs], NAME.bias (0 if missing), and with batch normalization, which follows its layer
/// directly, NAME.running_mean, running_var, weight and bias (1 and 0 if missing). Any names and prefixes; numbers in
/// them give the order. order: becomes "fc1, bn1, fc2". name: prefix of errors. Throws an Error that lists the names.
std::string convert_foreign(const ForeignFile& file, const mote::ByteSource& source, const std::string& name,
                            const ForeignNetwork& network, std::string& order);

}  // namespace tools
