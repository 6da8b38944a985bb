// SPDX-License-Identifier: MIT
// Lines "name number" for the host that compares them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/status.hpp"

/// Reports a number in decimal digits.
void report(const char* name, std::size_t value);
/// Reports a number in eight hexadecimal digits.
void report_bits(const char* name, std::uint32_t value);
/// Ends the program with the text of a result that is not ok.
void require(const mote::Result& result);
