// SPDX-License-Identifier: MIT
#include "mote/detail/backpropagation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "mote/instruction_set.hpp"
#include "support/double_network.hpp"
#include "support/guarded_memory.hpp"

namespace {

using mote::Activation;
using mote::Backpropagation;
using mote::GradientSink;
using mote::Loss;
using mote::LossTotals;
using mote::Optimizer;
using mote::ParameterStep;
using mote::Result;
using mote::Status;
using mote::Topology;

using Floats = std::vector<float>;

mote::Span<float> span_of(Floats& floats) {
  return {floats.data(), floats.size()};
}

bool same_bits(const Floats& a, const Floats& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Sizes around the row alignment, strides that skip multiples of 128 floats, more outputs than a panel has rows.
std::vector<Topology> topologies() {
  return {{1, {2, Activation::softmax}},
          {5, {3, Activation::softmax}},
          {11, {20, Activation::tanh}, {90, Activation::tanh}, {10, Activation::softmax}},
          {7, {17, Activation::relu}, {10, Activation::softmax}},
          {30, {128, Activation::tanh}, {120, Activation::sigmoid}, {3, Activation::softmax}},
          {4, {33, Activation::sigmoid}, {16, Activation::identity}, {15, Activation::relu}, {2, Activation::softmax}},
          {3, {40, Activation::tanh}, {1100, Activation::softmax}},
          {9, {19, Activation::gelu}, {35, Activation::elu}, {33, Activation::silu}, {3, Activation::softmax}},
          {300, {100, Activation::relu}, {10, Activation::softmax}}};
}

std::string name_of(const Topology& topology) {
  std::string name = std::to_string(topology.inputs);
  for (std::size_t l = 0; l < topology.layer_count; ++l) name += "-" + std::to_string(topology.layers[l].outputs);
  return name;
}

struct Example {
  Topology topology;
  Floats parameters;
  twin::Batch batch;

  Example(const Topology& t, std::size_t rows)
      : topology(t), parameters(t.parameter_count()), batch(twin::random_batch(t, rows, 3)) {
    twin::randomize(t, 11, span_of(parameters));
  }

  /// Forward, loss and backward of rows [first, first + rows) of the batch.
  LossTotals run(Backpropagation& engine, std::size_t first, std::size_t rows, const GradientSink& sink) const {
    const float* inputs = batch.inputs.data() + first * topology.inputs;
    const float* used = sink.step != nullptr ? sink.step->parameters : parameters.data();
    LossTotals totals;
    engine.forward(used, inputs, rows);
    engine.compute_loss(Loss::cross_entropy, batch.labels.data() + first, 1.0f / static_cast<float>(batch.rows()),
                        totals);
    engine.backward(used, inputs, sink);
    return totals;
  }
  /// Gradients of the whole batch in chunks of at most `rows`.
  Floats gradients(std::size_t rows) const {
    Floats kept(topology.parameter_count(), NAN);  // whatever was there must not matter
    GuardedMemory scratch(mote::backpropagation_bytes(topology, rows));
    Backpropagation engine;
    EXPECT_TRUE(engine.bind(topology, rows, scratch).ok());
    for (std::size_t first = 0; first < batch.rows(); first += rows) {
      run(engine, first, std::min(rows, batch.rows() - first), {kept.data(), first != 0, nullptr});
    }
    EXPECT_TRUE(scratch.intact());
    return kept;
  }
};

TEST(Backpropagation, GradientsAreThoseOfTheFormulasWithEveryInstructionSet) {
  const mote::InstructionSet best = mote::selected();
  for (const Topology& topology : topologies()) {
    for (const std::size_t rows : {1u, 2u, 10u, 17u, 50u}) {
      SCOPED_TRACE(name_of(topology) + " rows " + std::to_string(rows));
      if (rows > 10 && topology.parameter_count() > 40000) continue;  // the twin is slow
      Example example(topology, rows);
      const twin::Network network(topology, span_of(example.parameters));
      const twin::Parameters expected = network.gradients(Loss::cross_entropy, example.batch, 0.0);
      for (const auto set : {mote::InstructionSet::baseline, mote::InstructionSet::v3, mote::InstructionSet::v4}) {
        if (!mote::is_supported(set)) continue;
        ASSERT_TRUE(mote::select(set).ok());
        Floats kept = example.gradients(rows);
        EXPECT_LT(twin::largest_error(twin::unpack(topology, span_of(kept)), expected), 1e-5) << static_cast<int>(set);
      }
      ASSERT_TRUE(mote::select(best).ok());
    }
  }
}

TEST(Backpropagation, KeepsActivationsOfEveryLayerAndPreActivationsOfTheLast) {
  for (const Topology& topology : topologies()) {
    SCOPED_TRACE(name_of(topology));
    constexpr std::size_t kRows = 3;
    Example example(topology, kRows);
    const twin::Network expected(topology, span_of(example.parameters));
    GuardedMemory scratch(mote::backpropagation_bytes(topology, kRows + 2));
    Backpropagation engine;
    ASSERT_TRUE(engine.bind(topology, kRows + 2, scratch).ok());
    engine.set_dropout({0.5f, 7});
    ASSERT_TRUE(engine.bind(topology, kRows + 2, scratch).ok());  // drops nothing
    engine.forward(example.parameters.data(), example.batch.inputs.data(), kRows);
    for (std::size_t l = 0; l < topology.layer_count; ++l) {
      const mote::MatrixView found = engine.activations(l);
      ASSERT_EQ(found.rows, kRows);
      for (std::size_t i = 0; i < kRows; ++i) {
        const twin::Vector z = expected.pre_activations(example.batch.inputs.data() + i * topology.inputs)[l];
        const bool last = l + 1 == topology.layer_count;
        const twin::Vector a = last ? z : twin::activate(topology.layers[l].activation, z);
        ASSERT_EQ(found.row(i).size(), a.size());
        for (std::size_t j = 0; j < a.size(); ++j) {
          EXPECT_NEAR(static_cast<double>(found.row(i)[j]), a[j], 1e-5 * (1.0 + std::abs(a[j])));
        }
      }
    }
  }
}

TEST(Backpropagation, KeepsPreActivationsOfTheLastLayerAndOfHiddenOnesThatNeedThem) {
  const Topology topology{
      9, {19, Activation::gelu}, {35, Activation::elu}, {33, Activation::silu}, {20, Activation::tanh}, {3}};
  constexpr std::size_t kRows = 5;
  Example example(topology, kRows);
  const twin::Network expected(topology, span_of(example.parameters));
  GuardedMemory scratch(mote::backpropagation_bytes(topology, kRows + 1));
  Backpropagation engine;
  ASSERT_TRUE(engine.bind(topology, kRows + 1, scratch).ok());
  engine.forward(example.parameters.data(), example.batch.inputs.data(), kRows);
  for (const std::size_t l : {1u, 3u}) EXPECT_EQ(engine.pre_activations(l).rows, 0u);
  for (const std::size_t l : {0u, 2u, 4u}) {
    const mote::MatrixView found = engine.pre_activations(l);
    ASSERT_EQ(found.rows, kRows);
    for (std::size_t i = 0; i < kRows; ++i) {
      const twin::Vector z = expected.pre_activations(example.batch.inputs.data() + i * topology.inputs)[l];
      ASSERT_EQ(found.row(i).size(), z.size());
      for (std::size_t j = 0; j < z.size(); ++j) EXPECT_NEAR(static_cast<double>(found.row(i)[j]), z[j], 1e-5);
    }
  }
}

TEST(Backpropagation, MemoryGrowsByThePreActivationsThatHiddenLayersNeedOnly) {
  constexpr std::size_t kRows = 32;
  const auto bytes = [](Activation hidden, Activation output) {
    return mote::backpropagation_bytes({9, {20, hidden}, {70, hidden}, {10, output}}, kRows);
  };
  const std::size_t least = bytes(Activation::relu, Activation::softmax);
  for (const Activation activation : mote::test::kElementwise) {
    const bool needs = mote::needs_pre_activations(activation);
    const std::size_t more = needs ? kRows * (mote::row_stride(20) + mote::row_stride(70)) * sizeof(float) : 0;
    EXPECT_EQ(bytes(activation, Activation::softmax), least + more) << mote::test::activation_name(activation);
    EXPECT_EQ(bytes(Activation::relu, activation), least) << "as the last layer's";
  }
}

TEST(Backpropagation, TotalsAreTheLossesOfTheRows) {
  Example example(topologies()[4], 20);
  GuardedMemory scratch(mote::backpropagation_bytes(example.topology, 20));
  Backpropagation engine;
  ASSERT_TRUE(engine.bind(example.topology, 20, scratch).ok());
  Floats kept(example.topology.parameter_count());
  const LossTotals totals = example.run(engine, 0, 20, {kept.data(), false, nullptr});
  const twin::Network expected(example.topology, span_of(example.parameters));
  EXPECT_EQ(totals.samples, 20u);
  EXPECT_NEAR(static_cast<double>(totals.mean_loss()), expected.mean_loss(Loss::cross_entropy, example.batch), 1e-5);
}

TEST(Backpropagation, PaddingOfGradientsIsZero) {
  for (const Topology& topology : topologies()) {
    SCOPED_TRACE(name_of(topology));
    const Floats kept = Example(topology, 5).gradients(5);
    const auto padding_is_zero = [&](std::size_t row, std::size_t columns, std::size_t stride) {
      for (std::size_t j = columns; j < stride; ++j) {
        ASSERT_EQ(kept[row + j], 0.0f);
      }
    };
    for (std::size_t l = 0; l < topology.layer_count; ++l) {
      const std::size_t stride = topology.stride_of(l), columns = topology.outputs_of(l);
      for (std::size_t i = 0; i < topology.inputs_of(l); ++i) {
        padding_is_zero(topology.weights_offset(l) + i * stride, columns, stride);
      }
      padding_is_zero(topology.biases_offset(l), columns, stride);
    }
  }
}

TEST(Backpropagation, ChunksGiveTheSameGradientsAsOneBitForBit) {
  for (const Topology& topology : topologies()) {
    SCOPED_TRACE(name_of(topology));
    const Example example(topology, 61);
    const Floats whole = example.gradients(61);
    for (const std::size_t rows : {1u, 2u, 7u, 20u, 48u, 60u}) {
      EXPECT_TRUE(same_bits(whole, example.gradients(rows))) << "chunks of " << rows;
    }
  }
}

TEST(Backpropagation, MoreRowsInMemoryThanNeededChangeNothing) {
  const Example example(topologies()[4], 10);
  EXPECT_TRUE(same_bits(example.gradients(10), example.gradients(64)));
}

TEST(Backpropagation, GradientsUsedAtOnceEqualGradientsKeptBitForBit) {
  const Topology large{784, {300, Activation::sigmoid}, {10, Activation::softmax}};
  // Or there is nothing to slice, as on microcontrollers.
  ASSERT_TRUE(!mote::detail::kRearranges || large.inputs > 10 * mote::detail::slice_rows(large, 0));
  std::vector<Topology> all = topologies();
  all.push_back(large);
  for (const Topology& topology : all) {
    for (const Optimizer method : {Optimizer::sgd, Optimizer::momentum}) {
      for (const float l2 : {0.0f, 0.01f}) {
        SCOPED_TRACE(name_of(topology) + (method == Optimizer::sgd ? " sgd" : " momentum"));
        const Example example(topology, 9);
        const std::size_t count = topology.parameter_count(), weights = topology.all_weight_floats();
        GuardedMemory kept_parameters(count * sizeof(float)), used_parameters(count * sizeof(float));
        GuardedMemory kept_state(count * sizeof(float)), used_state(count * sizeof(float));
        GuardedMemory kept(count * sizeof(float)), scratch(mote::backpropagation_bytes(topology, 9));
        std::copy(example.parameters.begin(), example.parameters.end(), kept_parameters.floats().begin());
        std::copy(example.parameters.begin(), example.parameters.end(), used_parameters.floats().begin());
        std::fill(kept_state.floats().begin(), kept_state.floats().end(), 0.0f);
        std::fill(used_state.floats().begin(), used_state.floats().end(), 0.0f);
        const mote::OptimizerOptions options{method, 0.3f, 0.8f};
        Backpropagation engine;
        ASSERT_TRUE(engine.bind(topology, 9, scratch).ok());
        for (std::uint32_t step = 1; step <= 3; ++step) {
          const float* inputs = example.batch.inputs.data();
          const float scale = 1.0f / 9.0f;
          LossTotals totals;
          engine.forward(kept_parameters.floats().data(), inputs, 9);
          engine.compute_loss(Loss::cross_entropy, example.batch.labels.data(), scale, totals);
          engine.backward(kept_parameters.floats().data(), inputs, {kept.floats().data(), false, nullptr});
          mote::optimizer_step({options, l2, step, count}, kept.floats().data(), kept_parameters.floats().data(),
                               kept_state.floats().data(), weights);
          mote::optimizer_step({options, 0.0f, step, count}, kept.floats().data() + weights,
                               kept_parameters.floats().data() + weights, kept_state.floats().data() + weights,
                               count - weights);

          float* state = method == Optimizer::sgd ? nullptr : used_state.floats().data();
          const ParameterStep at_once{
              {options, l2, step, count}, weights, used_parameters.floats().data(), state, mote::optimizer_step};
          example.run(engine, 0, 9, {nullptr, false, &at_once});
          const std::size_t bytes = count * sizeof(float);
          ASSERT_EQ(std::memcmp(kept_parameters.memory().data(), used_parameters.memory().data(), bytes), 0);
          ASSERT_EQ(std::memcmp(kept_state.memory().data(), used_state.memory().data(), bytes), 0);
        }
        ASSERT_NE(std::memcmp(used_parameters.memory().data(), example.parameters.data(), count * sizeof(float)), 0);
        EXPECT_TRUE(kept_parameters.intact() && used_parameters.intact() && kept_state.intact() && used_state.intact());
        EXPECT_TRUE(kept.intact() && scratch.intact());
      }
    }
  }
}

TEST(Backpropagation, ExactlyEnoughMemoryWorksAndNothingIsWrittenOutside) {
  for (const Topology& topology : topologies()) {
    for (const std::size_t rows : {1u, 5u, 48u}) {
      SCOPED_TRACE(name_of(topology) + " rows " + std::to_string(rows));
      const Example example(topology, rows);
      const std::size_t bytes = mote::backpropagation_bytes(topology, rows);
      GuardedMemory exact(bytes), larger(bytes + 1), gradients(topology.parameter_bytes());
      for (GuardedMemory* scratch : {&exact, &larger}) {
        Backpropagation engine;
        ASSERT_TRUE(engine.bind(topology, rows, *scratch).ok());
        example.run(engine, 0, rows, {gradients.floats().data(), false, nullptr});
        EXPECT_TRUE(scratch->intact());
        EXPECT_TRUE(gradients.intact());
        for (const float g : gradients.floats()) ASSERT_EQ(g, g) << "NaN from memory that was never written";
      }
    }
  }
}

TEST(Backpropagation, RefusesOneByteTooFewMisalignedMemoryAndBadTopologies) {
  for (const Topology& topology : topologies()) {
    for (const std::size_t rows : {1u, 5u, 48u}) {
      SCOPED_TRACE(name_of(topology) + " rows " + std::to_string(rows));
      const std::size_t bytes = mote::backpropagation_bytes(topology, rows);
      GuardedMemory scratch(bytes + 4);
      Backpropagation engine;
      const Result small = engine.bind(topology, rows, scratch.memory().subspan(0, bytes - 1));
      EXPECT_EQ(small.status, Status::memory_too_small);
      EXPECT_EQ(small.found, bytes - 1);
      EXPECT_EQ(small.expected, bytes);
      EXPECT_EQ(engine.bind(topology, rows, scratch.memory().subspan(4, bytes)).status, Status::memory_misaligned);
    }
  }
  GuardedMemory scratch(100000);
  Backpropagation engine;
  EXPECT_EQ(engine.bind(Topology{}, 1, scratch).status, Status::no_layers);
  const Topology softmax_first{3, {4, Activation::softmax}, {2, Activation::relu}};
  EXPECT_EQ(engine.bind(softmax_first, 1, scratch).status, Status::softmax_not_last);
}

}  // namespace
