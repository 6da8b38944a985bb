// SPDX-License-Identifier: MIT
// Services of an emulated board for the test images: output and exit by semihosting, and a count of instructions.
#include "device.hpp"

std::size_t stack_used();  // startup.cpp

extern "C" [[noreturn]] void fault() {
  device::print("fault\n");
  device::exit(1);
}

namespace {

std::uintptr_t semihosting(std::uintptr_t operation, std::uintptr_t parameter) {
  register std::uintptr_t r0 asm("r0") = operation;
  register std::uintptr_t r1 asm("r1") = parameter;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

}  // namespace

int device_main() {
  device::exit(image_main());
}

namespace device {

void print(const char* text) {
  constexpr std::uintptr_t kWrite0 = 4;
  semihosting(kWrite0, reinterpret_cast<std::uintptr_t>(text));
}

void exit(int status) {
  constexpr std::uintptr_t kExit = 0x18, kStopped = 0x20026, kRunTimeError = 0x20023;
  for (;;) semihosting(kExit, status == 0 ? kStopped : kRunTimeError);
}

std::size_t stack_used() {
  return ::stack_used();
}

// Timers count clocks, of which the emulator (-icount shift=0) gives a thousand instructions per MHz and microsecond.
// The SysTick of the emulated nRF51, whose processor is a Cortex-M0, stands still: its timer 0 counts instead.
namespace {

constexpr std::uint32_t kMegahertzOfNrf51 = 16, kMaskOfSysTick = 0xffffff;

bool is_cortex_m0() {
  const std::uint32_t identity = *reinterpret_cast<volatile std::uint32_t*>(0xe000ed00u);
  return (identity >> 4 & 0xfffu) == 0xc20u;
}

std::uint32_t clock_of_nrf51() {
  auto* timer = reinterpret_cast<volatile std::uint32_t*>(0x40008000u);
  constexpr std::size_t kStart = 0x000 / 4, kCapture = 0x040 / 4, kBits = 0x508 / 4, kPrescaler = 0x510 / 4,
                        kCaptured = 0x540 / 4;
  if (timer[kBits] != 3) {  // 3: 32 bits
    timer[kBits] = 3;
    timer[kPrescaler] = 0;
    timer[kStart] = 1;
  }
  timer[kCapture] = 1;
  return timer[kCaptured];
}

}  // namespace

std::uint32_t clock() {
  if (is_cortex_m0()) return clock_of_nrf51();
  auto* timer = reinterpret_cast<volatile std::uint32_t*>(0xe000e010u);  // SysTick: 24 bits, downwards
  if ((timer[0] & 1u) == 0) {
    timer[1] = kMaskOfSysTick;
    timer[2] = 0;
    timer[0] = 5;
  }
  return ~timer[2] & kMaskOfSysTick;
}

std::uint32_t instructions_since(std::uint32_t start) {
  const bool is_m0 = is_cortex_m0();
  const std::uint32_t ticks = (clock() - start) & (is_m0 ? 0xffffffffu : kMaskOfSysTick);
  return static_cast<std::uint32_t>(std::uint64_t{ticks} * (8000u / (is_m0 ? kMegahertzOfNrf51 : MOTE_CLOCK_MHZ)) >> 3);
}

}  // namespace device
