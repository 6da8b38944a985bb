// SPDX-License-Identifier: MIT
// The board's programs on the host, for comparison. Argument: an instruction set, fused or separate.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "device.hpp"
#include "mote/instruction_set.hpp"

namespace device {

void print(const char* text) {
  std::fputs(text, stdout);
}
void exit(int status) {
  std::fflush(stdout);
  std::exit(status);
}
std::size_t stack_used() {
  return 0;
}
std::uint32_t clock() {
  return 0;
}
std::uint32_t instructions_since(std::uint32_t) {
  return 0;
}

}  // namespace device

int main(int count, char** arguments) {
  const char* names[] = {"baseline", "v3", "v4"};
  for (int i = 0; i < 3; ++i) {
    if (count == 2 && std::strcmp(arguments[1], names[i]) == 0) {
      if (!mote::select(static_cast<mote::InstructionSet>(i)).ok()) {
        std::printf("unsupported %s\n", names[i]);
        return 3;
      }
    }
  }
  return image_main();
}
