// SPDX-License-Identifier: MIT
// Services of the machine that an image runs on: an emulated board (board.cpp) or, for comparison, the host
// (host.cpp).
#pragma once

#include <cstddef>
#include <cstdint>

/// The program of an image.
int image_main();

namespace device {

void print(const char* text);
[[noreturn]] void exit(int status);

/// Bytes of stack that were ever written to; 0 on the host.
std::size_t stack_used();

/// A clock for instructions_since(), which returns the number of instructions between the two calls, at most 400
/// million. Constant on the host.
std::uint32_t clock();
std::uint32_t instructions_since(std::uint32_t start);

}  // namespace device
