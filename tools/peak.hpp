// SPDX-License-Identifier: MIT
// The speed limit: how many floating-point operations one core does when nothing but arithmetic is asked of it.
#pragma once

#include "mote/instruction_set.hpp"

namespace tools {

/// Operations a second of multiply-adds on registers with this instruction set, the best of several samples; fused and
/// separate ones count as two alike. The instruction set must be supported.
double measure_peak(mote::InstructionSet set);

}  // namespace tools
