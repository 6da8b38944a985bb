// SPDX-License-Identifier: MIT
// Writes the sounds of tools/examples/anomaly.cpp to standard output, as floats of this machine: those to train on,
// then those to test. Run by `make pytorch-anomaly`; arguments: their numbers.
#include <cstdio>
#include <cstdlib>

#include "examples/machine_sounds.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const long training = std::strtol(argv[1], nullptr, 10), tests = std::strtol(argv[2], nullptr, 10);
  examples::MachineSounds machine(1);
  for (long i = 0; i < training + tests; ++i) {
    float features[examples::kFeatures];
    machine.record(static_cast<examples::Condition>(i < training ? 0 : (i - training) % 5), features);
    if (std::fwrite(features, sizeof features, 1, stdout) != 1) return 1;
  }
  return std::fflush(stdout);
}
