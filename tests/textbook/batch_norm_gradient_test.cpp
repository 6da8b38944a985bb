// SPDX-License-Identifier: MIT
// Gradients of networks with batch normalization.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "mote/detail/backpropagation.hpp"
#include "support/closed_forms.hpp"
#include "support/double_batch_norm.hpp"
#include "support/guarded_memory.hpp"
#include "support/support.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::LossTotals;
using mote::Optimizer;
using mote::Topology;
using Floats = std::vector<float>;

constexpr auto& kHidden = mote::test::kElementwise;
constexpr Topology kSmall{5, {17, Activation::tanh, true}, {9, Activation::relu, true}, {3, Activation::softmax}};

bool same_bits(const Floats& a, const Floats& b) {
  return a.size() == b.size() && mote::test::same_bits(a.data(), b.data(), a.size());
}

/// A network with batch normalization and a mini-batch for it.
struct Example {
  Topology topology;
  Floats parameters;
  twin::Batch batch;

  Example(const Topology& t, std::size_t rows) : topology(t), parameters(t.parameter_count()) {
    std::uint32_t seed = 0;
    do {
      draw(rows, ++seed);
    } while (!away_from_kinks() && seed < 1000);
    EXPECT_LT(seed, 1000u);
  }
  void draw(std::size_t rows, std::uint32_t seed) {
    twin::randomize(topology, seed, {parameters.data(), parameters.size()});
    mote::test::Source source(seed);
    for (std::size_t l = 0; l < topology.layer_count; ++l) {
      for (std::size_t j = 0; topology.layers[l].batch_norm && j < topology.outputs_of(l); ++j) {
        parameters[topology.scales_offset(l) + j] = source.uniform(0.5f, 1.5f);
      }
    }
    batch = twin::random_batch(topology, rows, seed);
  }
  mote::Span<const float> span() const { return {parameters.data(), parameters.size()}; }
  /// Whether no pre-activation crosses a kink under a small change of the parameters.
  bool away_from_kinks() const {
    const twin::NormalizedNetwork::Pass pass = twin::NormalizedNetwork(topology, span()).forward(batch);
    for (std::size_t l = 0; l < topology.layer_count; ++l) {
      if (!mote::test::has_kink(topology.layers[l].activation)) continue;
      for (const twin::Vector& row : pass.arguments[l]) {
        for (const double y : row) {
          if (std::fabs(y) < 1e-3) return false;
        }
      }
    }
    return true;
  }
};

/// mote's forward, loss and backward on an example.
struct Engine {
  GuardedMemory scratch;
  mote::Backpropagation engine;
  const Example& example;

  explicit Engine(const Example& e) : scratch(mote::backpropagation_bytes(e.topology, e.batch.rows())), example(e) {
    EXPECT_TRUE(engine.bind(e.topology, e.batch.rows(), scratch).ok());
  }
  ~Engine() { EXPECT_TRUE(scratch.intact()); }
  void run(const mote::GradientSink& sink) {
    LossTotals totals;
    const float* inputs = example.batch.inputs.data();
    const std::size_t rows = example.batch.rows();
    engine.forward(example.parameters.data(), inputs, rows);
    engine.compute_loss(Loss::cross_entropy, example.batch.labels.data(), 1.0f / static_cast<float>(rows), totals);
    engine.backward(example.parameters.data(), inputs, sink);
  }
};

std::vector<Topology> topologies(Activation hidden) {
  return {{7, {5, hidden, true}, {3, Activation::softmax}},
          {4, {18, hidden, true}, {11, hidden, true}, {5, Activation::softmax}},
          {6, {8, hidden}, {7, hidden, true}, {5, hidden}, {3, Activation::softmax}}};
}

TEST(BatchNormGradients, OfAllParametersAreTheSlopesOfTheLoss) {
  for (const Activation hidden : kHidden) {
    for (const Topology& topology : topologies(hidden)) {
      for (const std::size_t rows : {4u, 10u}) {
        const Example example(topology, rows);
        Floats kept(topology.parameter_count(), mote::test::kNotANumber);  // former content must not matter
        Engine(example).run({kept.data(), false, nullptr});
        twin::NormalizedNetwork network(topology, example.span());
        const twin::Rows expected = twin::numerical_gradients(network, example.batch);
        twin::NormalizedNetwork found(topology, {kept.data(), kept.size()});
        const std::vector<twin::Vector*> arrays = found.arrays();
        ASSERT_EQ(arrays.size(), expected.size());
        for (std::size_t i = 0; i < arrays.size(); ++i) {
          twin::Vector error = *arrays[i];
          for (std::size_t k = 0; k < error.size(); ++k) error[k] -= expected[i][k];
          // Biases that come before a normalization without an activation between have slope 0, but for rounding.
          EXPECT_LT(twin::norm(error), 1e-3 * twin::norm(expected[i]) + 1e-6)
              << "activation " << static_cast<int>(hidden) << " inputs " << topology.inputs << " rows " << rows
              << " array " << i;
        }
      }
    }
  }
}

TEST(BatchNormGradients, UsedAtOnceAreThoseThatAreKept) {
  for (const Optimizer method : {Optimizer::sgd, Optimizer::momentum, Optimizer::adam}) {
    const Example example(kSmall, 10);
    const std::size_t count = kSmall.parameter_count(), weights = kSmall.all_weight_floats();
    Floats kept(count), stepped = example.parameters, used = example.parameters, state(2 * count), other(2 * count);
    mote::ParameterStep step{{{method, 0.1f}, 0.01f, 1, count}, weights, stepped.data(), state.data(),
                             mote::optimizer_step};
    Engine(example).run({kept.data(), false, nullptr});
    step.apply(0, weights, kept.data());
    step.apply(weights, count - weights, kept.data() + weights);
    step.parameters = used.data(), step.state = other.data();
    Engine(example).run({nullptr, false, &step});
    EXPECT_TRUE(same_bits(used, stepped));
    EXPECT_TRUE(same_bits(state, other));
    EXPECT_FALSE(same_bits(used, example.parameters));
  }
}

TEST(BatchNormGradients, Accumulate) {
  const Example example(kSmall, 10);
  Floats once(kSmall.parameter_count()), twice(once.size());
  Engine(example).run({once.data(), false, nullptr});
  twice = once;
  Engine(example).run({twice.data(), true, nullptr});
  for (std::size_t l = 0; l < 2; ++l) {
    for (const std::size_t offset : {kSmall.biases_offset(l), kSmall.scales_offset(l)}) {
      for (std::size_t j = 0; j < kSmall.stride_of(l); ++j) {
        EXPECT_EQ(twice[offset + j], 2.0f * once[offset + j]) << l << ", " << j;
      }
    }
  }
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_NEAR(twice[i], 2.0f * once[i], 1e-6f) << i;
}

}  // namespace
