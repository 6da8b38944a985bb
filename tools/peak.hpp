// SPDX-License-Identifier: MIT
// The speed limits: how many floating-point operations one core does when nothing but arithmetic is asked of it, and
// how long its cycles are.
#pragma once

#include "mote/instruction_set.hpp"

namespace tools {

/// Operations a second of multiply-adds on registers with this instruction set, the best of several samples; fused and
/// separate ones count as two alike. The instruction set must be supported.
double measure_peak(mote::InstructionSet set);

/// Seconds of a cycle of the processor's clock as it runs now, on any processor whose integer additions and exclusive
/// ors take one cycle each: nearly all do. Needs no counter, which systems and virtual machines often keep to
/// themselves.
double measure_cycle();

}  // namespace tools
