// SPDX-License-Identifier: MIT
// Runs a program with main() and printf(), such as those of tools/examples, on an emulated board: newlib's C library
// prints and exits by semihosting.
extern "C" {
void initialise_monitor_handles();
[[noreturn]] void exit(int status);
[[noreturn]] void fault() {
  exit(3);
}
void _init() {}
void _fini() {}
}

int main();

int device_main() {
  initialise_monitor_handles();
  exit(main());
}
