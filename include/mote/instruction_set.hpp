// SPDX-License-Identifier: MIT
// Choice among the builds of the numeric code. On x86-64 the library has three and uses the best that the processor
// supports; on other targets it has one.
#ifndef MOTE_INSTRUCTION_SET_HPP
#define MOTE_INSTRUCTION_SET_HPP

#include <cstdint>

#include "mote/status.hpp"

namespace mote {

enum class InstructionSet : std::uint8_t {
  baseline,  ///< for every processor of the target
  v3,        ///< x86-64-v3: AVX2 and FMA
  v4,        ///< x86-64-v4: AVX-512
};

/// Whether this library has the build and this processor supports it: always true for baseline.
bool is_supported(InstructionSet set);

/// Uses `set` from now on, in all threads; for comparisons and tests. Error, which changes nothing:
/// unsupported_instruction_set.
Result select(InstructionSet set);

/// The set in use: the best supported one until select() is called.
InstructionSet selected();

/// Arithmetic class of the set in use: multiply-adds round once (fused) or twice (separate). Results are equal to the
/// bit within each class, on all targets.
bool arithmetic_is_fused();

/// ok, or contracted_arithmetic: results would be of neither class.
Result check_arithmetic();

}  // namespace mote

#endif  // MOTE_INSTRUCTION_SET_HPP
