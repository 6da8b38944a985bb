// SPDX-License-Identifier: MIT
// The adapter tools/examples/cmsis_nn.hpp, compiled with a stand-in of CMSIS-NN: the types and the meaning of
// arm_fully_connected_per_channel_s8() as its documentation has them, in plain loops. `make test-cmsis-nn` runs the
// library itself.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "support/command.hpp"
#include "support/temporary_folder.hpp"

namespace {

constexpr const char* kStandIn = R"(
#pragma once
#include <cstdint>
struct cmsis_nn_context { void* buf; int32_t size; };
struct cmsis_nn_dims { int32_t n, h, w, c; };
struct cmsis_nn_activation { int32_t min, max; };
struct cmsis_nn_fc_params { int32_t input_offset, filter_offset, output_offset; cmsis_nn_activation activation; };
struct cmsis_nn_per_channel_quant_params { int32_t *multiplier, *shift; };
inline int arm_fully_connected_per_channel_s8(
    const cmsis_nn_context* context, const cmsis_nn_fc_params* fc, const cmsis_nn_per_channel_quant_params* scales,
    const cmsis_nn_dims* input_dims, const int8_t* x, const cmsis_nn_dims* filter_dims, const int8_t* weights,
    const cmsis_nn_dims*, const int32_t* biases, const cmsis_nn_dims* output_dims, int8_t* y) {
  const auto* sums = static_cast<const int32_t*>(context->buf);  // of weights times the input offset, plus biases
  for (int32_t j = 0; j < output_dims->c; ++j) {
    if (input_dims->n != 1 || input_dims->c != filter_dims->n || filter_dims->c != output_dims->c) return -1;
    if (fc->input_offset != 0 || fc->filter_offset != 0 || sums[j] != biases[j]) return -1;
    int64_t sum = biases[j];
    for (int32_t k = 0; k < filter_dims->n; ++k) sum += x[k] * weights[j * filter_dims->n + k];
    const int32_t shift = scales->shift[j];
    sum = shift > 0 ? sum << shift : sum;
    int64_t scaled = (sum * scales->multiplier[j] + (int64_t{1} << 30)) >> 31;
    for (int32_t rest = shift < 0 ? -shift : 0; rest != 0; rest = 0) {
      const int64_t unit = int64_t{1} << rest, magnitude = ((scaled < 0 ? -scaled : scaled) + unit / 2) / unit;
      scaled = scaled < 0 ? -magnitude : magnitude;  // ties away from 0
    }
    scaled += fc->output_offset;
    const auto &range = fc->activation;
    y[j] = static_cast<int8_t>(scaled < range.min ? range.min : scaled > range.max ? range.max : scaled);
  }
  return 0;
}
)";

constexpr const char* kProgram = R"(
#include "cmsis_nn.hpp"
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>
int main() {
  std::mt19937 random(1);
  const auto byte = [&] { return static_cast<std::int8_t>(random() >> 24); };
  int layers = 0;
  for (const std::uint32_t inputs : {1u, 17u, 100u}) {
    for (const std::uint32_t outputs : {1u, 31u, 32u, 33u, 90u}) {
      std::vector<std::int8_t> weights(inputs * outputs), shifts(outputs), x(inputs), y(outputs), z(outputs), table(256);
      std::vector<std::int32_t> biases(outputs), multipliers(outputs);
      for (std::int8_t& w : weights) w = byte();
      for (std::int8_t& w : x) w = byte();
      for (std::int8_t& w : table) w = byte();
      for (std::uint32_t j = 0; j < outputs; ++j) {
        biases[j] = static_cast<std::int32_t>(random() >> 16) - 32768;
        multipliers[j] = static_cast<std::int32_t>(random() >> 2) + (1 << 30);
        shifts[j] = static_cast<std::int8_t>(static_cast<int>(random() % 10) - 9);
      }
      mote::IntegerLayer layer;
      layer.inputs = inputs, layer.outputs = outputs, layer.weights = weights.data(), layer.biases = biases.data();
      layer.multipliers = multipliers.data(), layer.shifts = shifts.data();
      layer.z.zero = byte(), layer.least = -100, layer.most = 90;
      for (const bool has_table : {false, true}) {
        layer.table = has_table ? table.data() : nullptr;
        mote::integer_product(layer, x.data(), y.data());
        cmsis_nn_product(layer, x.data(), z.data());
        if (y != z) return std::printf("%u x %u differ\n", inputs, outputs), 1;
        ++layers;
      }
    }
  }
  std::printf("%d layers", layers);
}
)";

TEST(CmsisNnAdapter, GivesTheBytesOfTheProduct) {
  const char *compiler = std::getenv("MOTE_CXX"), *build = std::getenv("MOTE_BUILD"), *link = std::getenv("MOTE_LINK");
  const TemporaryFolder folder;
  folder.write("arm_nnfunctions.h", kStandIn);
  folder.write("program.cpp", kProgram);
  const std::string command = std::string(compiler == nullptr ? "g++" : compiler) + " -std=c++17 -Wall -Iinclude " +
                              "-Itools/examples -I" + folder.file("") + " " + folder.file("program.cpp") + " " +
                              (build == nullptr ? "build" : build) + "/libmote.a " + (link == nullptr ? "" : link) +
                              " -o " + folder.file("program");
  const CommandResult compiled = run_command(command);
  ASSERT_EQ(compiled.status, 0) << compiled.output;
  EXPECT_EQ(run_command(folder.file("program")).output, "30 layers");
}

}  // namespace
