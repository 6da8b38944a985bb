// SPDX-License-Identifier: MIT
// Which build of the numeric code runs. On x86-64 the library holds three, and takes the best that the processor has;
// on other targets there is one.
#pragma once

#include <cstdint>

#include "mote/status.hpp"

namespace mote {

enum class InstructionSet : std::uint8_t {
  baseline,  ///< what every processor of the target has
  v3,        ///< x86-64-v3: AVX2 and FMA
  v4,        ///< x86-64-v4: AVX-512
};

/// Whether this library and this processor have it. baseline always.
bool is_supported(InstructionSet set);

/// Uses `set` from now on, in all threads; for comparisons and tests. unsupported_instruction_set changes nothing.
Result select(InstructionSet set);

/// What is in use: the best supported until select() says otherwise.
InstructionSet selected();

/// Whether multiply-adds round once (fused) or twice (separate) in what is in use. Results are equal to the bit within
/// each of these two classes, on all targets.
bool arithmetic_is_fused();

}  // namespace mote
