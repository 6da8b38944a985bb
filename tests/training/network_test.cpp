// SPDX-License-Identifier: MIT
#include "mote/network.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "mote/instruction_set.hpp"
#include "support/double_network.hpp"
#include "support/guarded_memory.hpp"

namespace {

using mote::Activation;
using mote::Network;
using mote::Result;
using mote::Status;
using mote::Topology;

// 1 to 4 layers; sizes below, at and above the row alignment, with strides that skip a multiple of 128 floats, and with
// matrices so large that products go by panels, one of them longer than a panel.
std::vector<Topology> topologies(Activation hidden, Activation output) {
  return {{1, {1, output}},
          {3, {5, output}},
          {17, {33, hidden}, {7, output}},
          {30, {128, hidden}, {120, hidden}, {3, output}},
          {9, {129, hidden}, {16, hidden}, {17, hidden}, {4, output}},
          {2100, {40, hidden}, {2, output}}};
}

std::string name_of(const Topology& topology) {
  std::string name = std::to_string(topology.inputs);
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    name += "-" + std::to_string(topology.layers[l].outputs) + ":" +
            std::to_string(static_cast<int>(topology.layers[l].activation));
  }
  return name;
}

struct Example {
  Topology topology;
  std::vector<float> parameters;
  twin::Batch batch;

  Example(const Topology& t, std::size_t rows) : topology(t), parameters(t.parameter_count()) {
    twin::randomize(t, 5, parameter_span());
    batch = twin::random_batch(t, rows, 7);
  }
  mote::Span<float> parameter_span() { return {parameters.data(), parameters.size()}; }
  const float* inputs(std::size_t row) const { return batch.inputs.data() + row * topology.inputs; }
};

std::vector<float> copy_of(mote::MatrixView view) {
  std::vector<float> copy;
  for (std::size_t i = 0; i < view.rows; ++i) copy.insert(copy.end(), view.row(i).begin(), view.row(i).end());
  return copy;
}

bool same_bits(const float* a, const float* b, std::size_t count) {
  return std::memcmp(a, b, count * sizeof(float)) == 0;
}

void expect_near(const twin::Vector& expected, mote::Span<const float> actual) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t j = 0; j < expected.size(); ++j) {
    const double found = static_cast<double>(actual[j]);
    EXPECT_NEAR(found, expected[j], 1e-5 * (1.0 + std::abs(expected[j]))) << "output " << j;
  }
}

TEST(Network, ComputesWhatTheFormulasSay) {
  for (const Activation hidden : mote::test::kElementwise) {
    for (const Activation output : mote::test::kAnyActivation) {
      for (const Topology& topology : topologies(hidden, output)) {
        SCOPED_TRACE(name_of(topology));
        constexpr std::size_t kRows = 3;
        Example example(topology, kRows);
        const twin::Network expected(topology, example.parameter_span());
        GuardedMemory scratch(mote::inference_bytes(topology, kRows));
        Network network;
        ASSERT_TRUE(network.bind(topology, example.parameter_span(), kRows, scratch).ok());
        const mote::MatrixView outputs = network.forward(example.inputs(0), kRows);
        ASSERT_EQ(outputs.rows, kRows);
        for (std::size_t i = 0; i < kRows; ++i) expect_near(expected.outputs(example.inputs(i)), outputs.row(i));
        const mote::MatrixView z = network.forward_pre_activations(example.inputs(0), kRows);
        ASSERT_EQ(z.rows, kRows);
        for (std::size_t i = 0; i < kRows; ++i) {
          expect_near(expected.pre_activations(example.inputs(i)).back(), z.row(i));
        }
      }
    }
  }
}

TEST(Network, BatchesOfManyRowsMatchTheFormulasWithEveryInstructionSet) {
  const mote::InstructionSet best = mote::selected();
  for (const Topology& topology : topologies(Activation::tanh, Activation::softmax)) {
    SCOPED_TRACE(name_of(topology));
    constexpr std::size_t kRows = 67;  // packed
    Example example(topology, kRows);
    const twin::Network expected(topology, example.parameter_span());
    GuardedMemory scratch(mote::inference_bytes(topology, kRows));
    Network network;
    ASSERT_TRUE(network.bind(topology, example.parameter_span(), kRows, scratch).ok());
    for (const auto set : {mote::InstructionSet::baseline, mote::InstructionSet::v3, mote::InstructionSet::v4}) {
      if (!mote::is_supported(set)) continue;
      ASSERT_TRUE(mote::select(set).ok());
      const mote::MatrixView outputs = network.forward(example.inputs(0), kRows);
      for (std::size_t i = 0; i < kRows; ++i) expect_near(expected.outputs(example.inputs(i)), outputs.row(i));
    }
    ASSERT_TRUE(mote::select(best).ok());
  }
}

TEST(Network, OneSampleAloneEqualsTheSameSampleInAnyBatchBitForBit) {
  constexpr std::size_t kMost = 64;
  for (const Topology& topology : topologies(Activation::sigmoid, Activation::softmax)) {
    SCOPED_TRACE(name_of(topology));
    Example example(topology, kMost);
    Network single;
    GuardedMemory single_scratch(mote::inference_bytes(topology, 1));
    ASSERT_TRUE(single.bind(topology, example.parameter_span(), 1, single_scratch).ok());
    std::vector<float> alone;
    for (std::size_t i = 0; i < kMost; ++i) {
      const std::vector<float> row = copy_of(single.forward(example.inputs(i), 1));
      alone.insert(alone.end(), row.begin(), row.end());
    }
    for (std::size_t rows = 1; rows <= kMost; ++rows) {
      GuardedMemory scratch(mote::inference_bytes(topology, rows));
      Network network;
      ASSERT_TRUE(network.bind(topology, example.parameter_span(), rows, scratch).ok());
      const std::size_t first = kMost - rows;  // every row at every place in some batch
      const std::vector<float> together = copy_of(network.forward(example.inputs(first), rows));
      const std::size_t outputs = topology.outputs();
      EXPECT_TRUE(same_bits(together.data(), alone.data() + first * outputs, rows * outputs)) << rows << " rows";
    }
  }
}

TEST(Network, FewerRowsThanBoundGiveTheSameBits) {
  const Topology topology{600, {500, Activation::relu}, {10, Activation::softmax}};
  constexpr std::size_t kMost = 160, kFewer = 159;  // which rearrange the weights, and which do not
  Example example(topology, kMost);
  GuardedMemory large(mote::inference_bytes(topology, kMost)), exact(mote::inference_bytes(topology, kFewer));
  Network a, b;
  ASSERT_TRUE(a.bind(topology, example.parameter_span(), kMost, large).ok());
  ASSERT_TRUE(b.bind(topology, example.parameter_span(), kFewer, exact).ok());
  EXPECT_EQ(a.max_rows(), kMost);
  a.forward(example.inputs(0), kMost);  // leaves other values behind
  const std::vector<float> found = copy_of(a.forward(example.inputs(0), kFewer));
  EXPECT_TRUE(same_bits(found.data(), copy_of(b.forward(example.inputs(0), kFewer)).data(), found.size()));
}

void expect_enough(const Topology& topology, std::size_t rows) {
  SCOPED_TRACE(name_of(topology) + " rows " + std::to_string(rows));
  Example example(topology, rows);
  const std::size_t bytes = mote::inference_bytes(topology, rows);
  GuardedMemory exact(bytes), larger(bytes + 1);
  Network a, b;
  ASSERT_TRUE(a.bind(topology, example.parameter_span(), rows, exact).ok());
  ASSERT_TRUE(b.bind(topology, example.parameter_span(), rows, larger).ok());
  const std::vector<float> first = copy_of(a.forward(example.inputs(0), rows));
  const std::vector<float> second = copy_of(b.forward(example.inputs(0), rows));
  EXPECT_TRUE(exact.intact());
  EXPECT_TRUE(larger.intact());
  EXPECT_TRUE(same_bits(first.data(), second.data(), first.size()));
  for (const float a_j : first) ASSERT_EQ(a_j, a_j) << "read memory that was never written";
}

TEST(Network, ExactlyEnoughMemoryWorksAndNothingIsWrittenOutside) {
  for (const Topology& topology : topologies(Activation::relu, Activation::softmax)) {
    for (const std::size_t rows : {1u, 2u, 13u, 24u, 25u, 47u, 48u, 65u}) expect_enough(topology, rows);
  }
  for (const std::size_t rows : {159u, 160u, 161u}) expect_enough({520, {504}, {512}, {512}}, rows);
}

TEST(Network, RefusesOneByteTooFew) {
  for (const Topology& topology : topologies(Activation::relu, Activation::softmax)) {
    for (const std::size_t rows : {1u, 7u, 48u}) {
      SCOPED_TRACE(name_of(topology) + " rows " + std::to_string(rows));
      Example example(topology, 1);
      const std::size_t bytes = mote::inference_bytes(topology, rows);
      GuardedMemory scratch(bytes - 1);
      Network network;
      const Result result = network.bind(topology, example.parameter_span(), rows, scratch);
      EXPECT_EQ(result.status, Status::memory_too_small);
      EXPECT_EQ(result.found, bytes - 1);
      EXPECT_EQ(result.expected, bytes);
    }
  }
}

TEST(Network, RefusesNoMemoryAtAll) {
  const Topology topology{3, {5, Activation::relu}};
  Example example(topology, 1);
  Network network;
  const Result result = network.bind(topology, example.parameter_span(), 1, {});
  EXPECT_EQ(result.status, Status::memory_too_small);
  EXPECT_EQ(result.found, 0u);
}

TEST(Network, RefusesMisalignedMemory) {
  const Topology topology{3, {5, Activation::relu}};
  Example example(topology, 1);
  const std::size_t bytes = mote::inference_bytes(topology, 1);
  GuardedMemory scratch(bytes + mote::kAlignment);
  for (const std::size_t past : {1u, 4u, 16u, 32u, 63u}) {
    Network network;
    const Result result = network.bind(topology, example.parameter_span(), 1, scratch.memory().subspan(past, bytes));
    EXPECT_EQ(result.status, Status::memory_misaligned);
    EXPECT_EQ(result.found, past);
    EXPECT_EQ(result.expected, mote::kAlignment);
  }
}

TEST(Network, RefusesOneParameterTooFew) {
  const Topology topology{3, {5, Activation::relu}, {2, Activation::softmax}};
  Example example(topology, 1);
  GuardedMemory scratch(mote::inference_bytes(topology, 1));
  Network network;
  const Result result =
      network.bind(topology, example.parameter_span().subspan(0, topology.parameter_count() - 1), 1, scratch);
  EXPECT_EQ(result.status, Status::memory_too_small);
  EXPECT_EQ(result.found, topology.parameter_bytes() - sizeof(float));
  EXPECT_EQ(result.expected, topology.parameter_bytes());
}

TEST(Network, RefusesTopologiesThatAreNone) {
  std::vector<float> parameters(10000);
  GuardedMemory scratch(100000);
  const auto status_of = [&](const Topology& topology) {
    Network network;
    return network.bind(topology, {parameters.data(), parameters.size()}, 1, scratch).status;
  };
  EXPECT_EQ(status_of(Topology{}), Status::no_layers);
  EXPECT_EQ(status_of({0, {3, Activation::relu}}), Status::layer_size_out_of_range);
  EXPECT_EQ(status_of({3, {0, Activation::relu}, {2, Activation::relu}}), Status::layer_size_out_of_range);
  EXPECT_EQ(status_of({3, {4, Activation::softmax}, {2, Activation::relu}}), Status::softmax_not_last);
  EXPECT_EQ(status_of({3, {4, Activation::relu}, {2, Activation::softmax}}), Status::ok);
}

TEST(Argmax, FindsTheLargestAndTheFirstOfEquals) {
  const auto argmax_of = [](std::vector<float> values) { return mote::argmax({values.data(), values.size()}); };
  EXPECT_EQ(argmax_of({5.0f}), 0u);
  EXPECT_EQ(argmax_of({1.0f, 3.0f, 2.0f}), 1u);
  EXPECT_EQ(argmax_of({-3.0f, -2.0f, -1.0f}), 2u);
  EXPECT_EQ(argmax_of({2.0f, 7.0f, 7.0f, 1.0f, 7.0f}), 1u);
  EXPECT_EQ(argmax_of({4.0f, 4.0f}), 0u);
  EXPECT_EQ(argmax_of({0.0f, -0.0f}), 0u);
  EXPECT_EQ(argmax_of({-INFINITY, -INFINITY, -1e30f}), 2u);
}

TEST(Argmax, HasNoClassForNaN) {
  const auto argmax_of = [](std::vector<float> values) { return mote::argmax({values.data(), values.size()}); };
  EXPECT_EQ(argmax_of({NAN}), 1u);
  EXPECT_EQ(argmax_of({NAN, 3.0f}), 2u);
  EXPECT_EQ(argmax_of({3.0f, 4.0f, NAN}), 3u);
}

}  // namespace
