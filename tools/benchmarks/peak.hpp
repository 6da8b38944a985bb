// SPDX-License-Identifier: MIT
// The speed limits: how many floating-point operations one core does when nothing but arithmetic is asked of it, how
// fast it reads, and how long its cycles are.
#pragma once

#include <cstddef>

#include "mote/instruction_set.hpp"

namespace tools {

/// Operations a second of multiply-adds on registers with this instruction set, the best of several samples; fused and
/// separate ones count as two alike. The instruction set must be supported.
double measure_peak(mote::InstructionSet set);

/// Bytes a second at which vectors of this instruction set read `count` floats again and again, from whatever cache
/// they fit in or from memory. count: at least 128.
double measure_read_bandwidth(mote::InstructionSet set, const float* from, std::size_t count);

/// Seconds of a cycle of the processor's clock as it runs now, on any processor whose integer additions and exclusive
/// ors take one cycle each: nearly all do. Needs no counter, which systems and virtual machines often keep to
/// themselves.
double measure_cycle();

}  // namespace tools
