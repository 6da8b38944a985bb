// SPDX-License-Identifier: MIT
// What the images ask of the machine they run on: an emulated board (startup.cpp), or for comparison the host
// (host.cpp).
#pragma once

#include <cstddef>
#include <cstdint>

namespace device {

void print(const char* text);
[[noreturn]] void exit(int status);

/// Bytes of stack that were ever written to; 0 on the host.
std::size_t stack_used();

/// A clock for instructions_since(), which tells the instructions between the two calls, at most 400 million. Stands
/// still on the host.
std::uint32_t clock();
std::uint64_t instructions_since(std::uint32_t start);

}  // namespace device
