// SPDX-License-Identifier: MIT
// The core of Arduino.h: runs setup() and loop() until the sketch waits.
#include "Arduino.h"
#include "target/device.hpp"

void setup();
void loop();

Port Serial;

int image_main() {
  setup();
  for (;;) loop();
}

void delay(unsigned long) {
  device::exit(0);
}

void Port::begin(unsigned long) {}

void Port::print(const char* text) {
  device::print(text);
}

void Port::print(unsigned long number, int base) {
  char text[33], *first = text + 32;
  *first = '\0';
  do {
    *--first = "0123456789ABCDEF"[number % static_cast<unsigned long>(base)];
    number /= static_cast<unsigned long>(base);
  } while (number != 0);
  print(first);
}

void Port::print(int number) {
  if (number < 0) print("-");
  print(static_cast<unsigned long>(number < 0 ? -number : number), DEC);
}

void Port::println(const char* text) {
  print(text);
  print("\n");
}

void Port::println(int number) {
  print(number);
  print("\n");
}

void Port::println(unsigned long number, int base) {
  print(number, base);
  print("\n");
}

void Port::println(double number, int digits) {
  unsigned long scale = 1;
  for (int i = 0; i < digits; ++i) scale *= 10;
  const unsigned long rounded = static_cast<unsigned long>(number * static_cast<double>(scale) + 0.5);
  print(rounded / scale, DEC);
  print(".");
  for (unsigned long unit = scale / 10; unit != 0; unit /= 10) print(rounded / unit % 10, DEC);
  print("\n");
}
