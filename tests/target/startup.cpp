// SPDX-License-Identifier: MIT
// Start-up code of a Cortex-M: vectors, memory, the floating-point unit; and the three functions of libc that compilers
// call.
#include <cstddef>
#include <cstdint>

#include "device.hpp"

int device_main();

extern "C" {
extern unsigned char data_start[], data_end[], bss_start[], bss_end[], stack_top[];
extern const unsigned char data_load[];
extern void (*const init_start[])();  // constructors of static objects
extern void (*const init_end[])();

// -fno-tree-loop-distribute-patterns keeps these loops from becoming calls to themselves.
void* memcpy(void* to, const void* from, std::size_t count) {
  auto* target = static_cast<unsigned char*>(to);
  const auto* source = static_cast<const unsigned char*>(from);
  for (std::size_t i = 0; i < count; ++i) target[i] = source[i];
  return to;
}

void* memset(void* to, int value, std::size_t count) {
  auto* target = static_cast<unsigned char*>(to);
  for (std::size_t i = 0; i < count; ++i) target[i] = static_cast<unsigned char>(value);
  return to;
}

void* memmove(void* to, const void* from, std::size_t count) {
  auto* target = static_cast<unsigned char*>(to);
  const auto* source = static_cast<const unsigned char*>(from);
  if (target <= source) return memcpy(to, from, count);
  while (count-- != 0) target[count] = source[count];
  return to;
}

[[noreturn]] void reset();
[[noreturn]] void fault();
}

namespace {

constexpr unsigned char kPaint = 0xa5;

/// Kept apart from reset(), so that nothing touches the floating-point unit before it is on.
[[gnu::noinline, noreturn]] void start() {
  memcpy(data_start, data_load, static_cast<std::size_t>(data_end - data_start));
  memset(bss_start, 0, static_cast<std::size_t>(bss_end - bss_start));
  auto* here = static_cast<unsigned char*>(__builtin_frame_address(0));
  constexpr std::size_t kOwnFrame = 64;
  for (unsigned char* byte = bss_end; byte < here - kOwnFrame; ++byte)
    *static_cast<volatile unsigned char*>(byte) = kPaint;
  for (auto constructor = init_start; constructor != init_end; ++constructor) (*constructor)();
  device::exit(device_main());
}

struct Vectors {
  unsigned char* stack;
  void (*handlers[15])();
};
[[gnu::section(".vectors"), gnu::used]] const Vectors vectors = {
    stack_top,
    {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault}};

std::uintptr_t semihosting(std::uintptr_t operation, std::uintptr_t parameter) {
  register std::uintptr_t r0 asm("r0") = operation;
  register std::uintptr_t r1 asm("r1") = parameter;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

}  // namespace

void reset() {
#ifdef __ARM_FP
  auto* coprocessor_access = reinterpret_cast<volatile std::uint32_t*>(0xe000ed88u);
  *coprocessor_access = *coprocessor_access | 0xf00000u;
  asm volatile("dsb\n isb" ::: "memory");
#endif
  start();
}

void fault() {
  device::print("fault\n");
  device::exit(1);
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
  const unsigned char* byte = bss_end;
  while (byte < stack_top && *static_cast<const volatile unsigned char*>(byte) == kPaint) ++byte;
  return static_cast<std::size_t>(stack_top - byte);
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
