// SPDX-License-Identifier: MIT
#include "report.hpp"

#include "device.hpp"

namespace {

void print_line(const char* name, const char* digits) {
  device::print(name);
  device::print(" ");
  device::print(digits);
  device::print("\n");
}

}  // namespace

void report(const char* name, std::size_t value) {
  char digits[21];
  char* first = digits + sizeof digits - 1;
  *first = '\0';
  do {
    *--first = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  print_line(name, first);
}

void report_bits(const char* name, std::uint32_t value) {
  char digits[9] = {};
  for (int i = 8; i-- > 0; value >>= 4) digits[i] = "0123456789abcdef"[value & 15u];
  print_line(name, digits);
}

void require(const mote::Result& result) {
  if (result.ok()) return;
  device::print(mote::to_string(result.status));
  device::print("\n");
  report("found", static_cast<std::size_t>(result.found));
  report("expected", static_cast<std::size_t>(result.expected));
  device::exit(1);
}
