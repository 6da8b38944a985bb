// SPDX-License-Identifier: MIT
// Loss and accuracy of an exported network.
#pragma once

#include <string>

#include "mote/mote.hpp"

namespace tools {

/// Losses and correct answers of a flash network on samples, as evaluate() computes them for the trained network.
mote::LossTotals evaluate_flash(const mote::FlashNetwork& network, const mote::LossOptions& loss,
                                const mote::Dataset& samples);

/// A warning when the exported network is worse than the trained one by more than 1 % of the samples or, for targets
/// that are numbers, by more than the trained loss and 1 % of the loss of their means; else empty.
std::string export_warning(const mote::LossTotals& trained, const mote::LossTotals& exported,
                           const mote::LossOptions& loss, const mote::Dataset& samples);

}  // namespace tools
