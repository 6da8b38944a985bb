// SPDX-License-Identifier: MIT
// Start-up code of a Cortex-M, for firmware too: vectors, memory, the floating-point unit, and the four functions of
// libc that compilers call. Calls device_main(), which the firmware defines. board.ld defines the symbols.
#include <cstddef>
#include <cstdint>

#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")  // else the loops of memcpy() become calls to itself
#endif

int device_main();

extern "C" {
extern unsigned char data_start[], data_end[], bss_start[], bss_end[], stack_top[];
extern const unsigned char data_load[];
extern void (*const init_start[])();  // constructors of static objects
extern void (*const init_end[])();

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

int memcmp(const void* a, const void* b, std::size_t count) {
  const auto *x = static_cast<const unsigned char*>(a), *y = static_cast<const unsigned char*>(b);
  for (; count != 0 && *x == *y; --count) ++x, ++y;
  return count == 0 ? 0 : *x - *y;
}

[[noreturn]] void reset();
[[noreturn, gnu::weak]] void fault() {  // the firmware may define its own
  for (;;) continue;
}
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
  device_main();
  for (;;) continue;
}

struct Vectors {
  unsigned char* stack;
  void (*handlers[15])();
};
[[gnu::section(".vectors"), gnu::used]] const Vectors vectors = {
    stack_top,
    {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault}};

}  // namespace

void reset() {
#ifdef __ARM_FP
  auto* coprocessor_access = reinterpret_cast<volatile std::uint32_t*>(0xe000ed88u);
  *coprocessor_access = *coprocessor_access | 0xf00000u;
  asm volatile("dsb\n isb" ::: "memory");
#endif
  start();
}

/// Bytes of stack that were ever written to.
std::size_t stack_used() {
  const unsigned char* byte = bss_end;
  while (byte < stack_top && *static_cast<const volatile unsigned char*>(byte) == kPaint) ++byte;
  return static_cast<std::size_t>(stack_top - byte);
}
