// SPDX-License-Identifier: MIT
// Speed limits of one core: floating-point operations a second of pure arithmetic, bytes read a second, and the length
// of a cycle.
#pragma once

#include <cstddef>

#include "mote/instruction_set.hpp"

namespace tools {

/// Operations a second of multiply-adds on registers with this instruction set, the best of several samples. A
/// multiply-add counts as two operations, fused or separate. The instruction set must be supported.
double measure_peak(mote::InstructionSet set);

/// Bytes a second that vectors of this instruction set read from `count` floats, repeatedly: from the cache into which
/// the floats fit, or from memory. count: at least 128.
double measure_read_bandwidth(mote::InstructionSet set, const float* from, std::size_t count);

/// Seconds of a cycle of the processor's clock as it runs now, on any processor whose integer additions and exclusive
/// ors take one cycle each: nearly all do. Uses no cycle counter, which systems and virtual machines often hide.
double measure_cycle();

}  // namespace tools
