// SPDX-License-Identifier: MIT
// The part of Arduino's core that sketches use, on the emulated boards of tests/target: Serial prints by semihosting.
#pragma once

#include <math.h>
#include <stdint.h>

enum { DEC = 10, HEX = 16 };

void delay(unsigned long milliseconds);

struct Port {
  void begin(unsigned long baud);
  void print(const char* text);
  void print(unsigned long number, int base);
  void println(const char* text);
  void print(int number);
  void println(int number);
  void println(unsigned long number, int base);
  void println(double number, int digits = 2);
};
extern Port Serial;
