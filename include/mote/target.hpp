// SPDX-License-Identifier: MIT
// The class of machine that mote is built for.
#pragma once

/// Defined for targets with little memory and no wide vectors: rows and blocks get little padding, and no kernel
/// rearranges its operands. Set automatically for Cortex-M; define it for library and program on others, such as RV32.
/// Changes no bit of a result.
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && !defined(MOTE_MICROCONTROLLER)
#define MOTE_MICROCONTROLLER
#endif
