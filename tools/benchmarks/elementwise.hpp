// SPDX-License-Identifier: MIT
// Costs of the functions of one float: those of mote beside those of the C library.
#pragma once

#include "common/table.hpp"

namespace tools {

/// A table of processor cycles per element of exp, log, sigmoid and tanh on an array that stays in the nearest cache,
/// and per row of 10 outputs of softmax with its cross-entropy and gradient.
Table measure_elementwise();

}  // namespace tools
