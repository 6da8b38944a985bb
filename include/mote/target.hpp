// SPDX-License-Identifier: MIT
// The class of machine that mote is built for, and the compiler options that mote needs.
#ifndef MOTE_TARGET_HPP
#define MOTE_TARGET_HPP

#if __cplusplus < 201703L
#error "mote needs C++17: compile with -std=c++17"
#include <C++17>  // no such file: ends the compilation before errors about every later line
#endif

// Results are equal to the bit everywhere unless the compiler reorders operations, assumes away NaN or infinity, or
// keeps more digits than a float has. Inline functions of these headers compute too.
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || \
    defined(__NO_SIGNED_ZEROS__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "mote needs exact arithmetic: compile without -ffast-math, -Ofast, -funsafe-math-optimizations and their parts"
#endif
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0 && __FLT_EVAL_METHOD__ != 16
#error "mote needs floats that are rounded after every operation: on x86, compile with -msse2 -mfpmath=sse"
#endif

namespace mote::detail {
struct Packed {
  char first;
  void* second;
};
static_assert(alignof(Packed) == alignof(void*), "mote needs aligned members: compile without -fpack-struct");
}  // namespace mote::detail

/// Defined for targets with little memory and no wide vectors: rows and blocks get little padding, and no kernel
/// rearranges its operands. Set automatically for Cortex-M, Xtensa, RISC-V without an operating system, AVR, MSP430,
/// and in builds of ESP-IDF, Arduino and Zephyr; define it for library and program on other small machines. Changes no
/// bit of a result.
#ifndef MOTE_MICROCONTROLLER
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
#define MOTE_MICROCONTROLLER
#elif defined(__XTENSA__) || defined(__AVR__) || defined(__MSP430__) || (defined(__riscv) && !defined(__unix__))
#define MOTE_MICROCONTROLLER
#elif defined(ESP_PLATFORM) || defined(ARDUINO) || defined(__ZEPHYR__)
#define MOTE_MICROCONTROLLER
#endif
#endif

#endif  // MOTE_TARGET_HPP
