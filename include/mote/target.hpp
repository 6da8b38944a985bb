// SPDX-License-Identifier: MIT
// The class of machine that mote is built for.
#pragma once

/// Defined for targets with little memory and no wide vectors: rows and blocks get little padding, and no kernel
/// rearranges its operands. Set automatically for Cortex-M, Xtensa, RISC-V without an operating system, AVR, MSP430,
/// and whatever ESP-IDF, Arduino or Zephyr builds; define it for library and program on other small machines. Changes
/// no bit of a result.
#ifndef MOTE_MICROCONTROLLER
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
#define MOTE_MICROCONTROLLER
#elif defined(__XTENSA__) || defined(__AVR__) || defined(__MSP430__) || (defined(__riscv) && !defined(__unix__))
#define MOTE_MICROCONTROLLER
#elif defined(ESP_PLATFORM) || defined(ARDUINO) || defined(__ZEPHYR__)
#define MOTE_MICROCONTROLLER
#endif
#endif
