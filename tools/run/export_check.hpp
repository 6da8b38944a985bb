// SPDX-License-Identifier: MIT
// Loss and accuracy of an exported network.
#pragma once

#include <functional>
#include <string>

#include "mote/mote.hpp"
#include "run/exported_header.hpp"

namespace tools {

/// Losses and correct answers of a network on samples, as evaluate() computes them for the trained network. outputs(i,
/// inputs): its outputs for sample i, after their activation.
mote::LossTotals evaluate_exported(
    const std::function<mote::Span<const float>(std::size_t sample, const float* inputs)>& outputs,
    const mote::LossOptions& loss, const mote::Dataset& samples);

/// "test loss 0.1234, test accuracy 0.9800 (98/100)" or, for one number, "test loss 0.1234, test RMSE 0.4968"; else the
/// loss alone.
std::string result_text(const mote::LossTotals& totals, const Export& what);

/// The report of an exported header. size: of the model, in words; advice: the end of a warning when the exported
/// network is worse than the trained one by more than half a point of accuracy or, for targets that are numbers, by
/// more than 2 % of the loss.
Exported summarize(const std::string& path, const std::string& size, const Export& what,
                   const mote::LossTotals& exported, const std::string& advice);

}  // namespace tools
