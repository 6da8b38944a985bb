// SPDX-License-Identifier: MIT
// What kind of machine mote is built for.
#pragma once

/// Defined for targets with little memory and no wide vectors: rows and blocks of memory are hardly padded, and nothing
/// is rearranged for the sake of speed. Cortex-M always is one; define it, for library and program alike, on others,
/// such as RV32. It changes no bit of a result.
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && !defined(MOTE_MICROCONTROLLER)
#define MOTE_MICROCONTROLLER
#endif
