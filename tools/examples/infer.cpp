// SPDX-License-Identifier: MIT
// Inference with the constants of an exported header, as firmware does it: weights stay in flash, RAM holds two rows of
// activations. ./tools/train --data tools/data/tables/iris.csv --export-header iris.hpp wrote examples/iris.hpp. Prints
//
//   1088 bytes of constants, 192 bytes of RAM
//   setosa 0.99
//   versicolor 0.01
//   virginica 0.00
#include <cstdio>

#include "examples/iris.hpp"

static mote::Storage<mote::flash_network_bytes(iris::kTopology)> scratch;
static mote::FlashNetwork network;

int main() {
  if (!network.bind(iris::kModel, scratch).ok() || !verify(network, iris::kGolden).ok()) return 1;  // flash is damaged
  std::printf("%d bytes of constants, %d bytes of RAM\n",
              static_cast<int>(sizeof iris::kWeights + sizeof iris::kBiases), static_cast<int>(scratch.size()));
  const float lengths[] = {5.0f, 3.0f, 1.6f, 0.2f};  // of sepal and petal in cm, as the table has them
  const mote::Span<const float> y = network.forward(iris::inputs(lengths));
  for (std::size_t j = 0; j < 3; ++j) std::printf("%s %.2f\n", iris::kOutputNames[j], static_cast<double>(y[j]));
}
