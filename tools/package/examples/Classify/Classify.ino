// SPDX-License-Identifier: MIT
// Recognizes irises by four lengths in cm, with a network in flash that was trained on a computer:
//   ./tools/train --data tools/data/tables/iris.csv --export-header iris.hpp
//
//   class 0 of 3
#include <mote.h>

#include "iris.hpp"

static mote::Storage<mote::flash_network_bytes(iris::kTopology)> scratch;
static mote::FlashNetwork network;

void setup() {
  Serial.begin(115200);
  if (!network.bind(iris::kModel, scratch).ok() || !verify(network, iris::kGolden).ok()) {
    Serial.println("the model in flash is damaged");
    for (;;) delay(1000);
  }
  const float lengths[] = {5.1f, 3.5f, 1.4f, 0.2f};  // of sepal and petal, each length and width
  Serial.print("class ");
  Serial.print(static_cast<int>(mote::argmax(network.forward(iris::inputs(lengths)))));
  Serial.println(" of 3");
}

void loop() { delay(1000); }
