// SPDX-License-Identifier: MIT
#include "mote/integer_fine_tuning.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/guarded_memory.hpp"
#include "support/tuned_network.hpp"

namespace {

using mote::Activation;
using mote::FineTuningOptions;
using mote::IntegerFineTuning;
using mote::Optimizer;
using mote::Status;
using mote::Topology;
using mote::test::wide;
using tuned::copied;
using tuned::Example;
using tuned::kInputs;
using tuned::kOutputs;
using tuned::kTopology;

/// The layers in integers round: a batch is near the gradient only. Layers from the first that learns on are floats.
TEST(IntegerFineTuning, FollowsTheGradientsOfTheFeatures) {
  const Example example;
  for (const std::size_t layers : {1u, 2u, 3u, 4u}) {
    for (const bool biases : {false, true}) {
      FineTuningOptions options;
      options.set_optimizer({Optimizer::sgd, 0.1f}).set_batch_size(3);
      biases ? options.set_biases(layers) : options.set_layers(layers);
      GuardedMemory memory(mote::integer_fine_tuning_bytes(kTopology, options));
      IntegerFineTuning tuning;
      ASSERT_TRUE(tuning.bind(kTopology, example.integers.model, options, memory.memory()).ok());
      const std::vector<float> before = copied(tuning);
      std::vector<float> exact = example.parameters;
      for (std::size_t l = 0; l < kTopology.layer_count; ++l) {
        const std::size_t stride = kTopology.stride_of(l);
        float largest = 0.0f;  // rounded to 1/127 of it
        for (std::size_t i = 0; i < kTopology.weight_floats(l); ++i) {
          largest = std::max(largest, std::fabs(exact[kTopology.weights_offset(l) + i]));
        }
        for (std::size_t i = 0; i < kTopology.weight_floats(l); ++i) {
          ASSERT_NEAR(before[kTopology.weights_offset(l) + i], exact[kTopology.weights_offset(l) + i],
                      largest / 250.0f);
        }
        for (std::size_t j = 0; j < stride; ++j) {
          ASSERT_NEAR(before[kTopology.biases_offset(l) + j], exact[kTopology.biases_offset(l) + j], 1e-3f);
        }
      }
      const twin::Network network(kTopology, {before.data(), before.size()});
      for (std::size_t i = 0; i < 3; ++i) {
        const twin::Vector z = network.pre_activations(example.batch.inputs.data() + i * kInputs).back();
        const auto found = tuning.forward_pre_activations(example.sample(i));
        for (std::size_t j = 0; j < kOutputs; ++j) EXPECT_NEAR(wide(found[j]), z[j], 0.06) << layers << ' ' << biases;
      }
      twin::Batch batch = example.batch;
      batch.labels.resize(3);
      const twin::Parameters gradients = network.gradients(options.loss, batch, 0.0);
      for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(tuning.train(example.sample(i), batch.labels[i]).ok());
      const std::vector<float> after = copied(tuning);
      const twin::Parameters found = twin::unpack(kTopology, {after.data(), after.size()});
      for (std::size_t l = 0; l < 4; ++l) {
        twin::Vector moved;
        for (std::size_t j = 0; j < found.biases[l].size(); ++j) {
          moved.push_back((network.parameters.biases[l][j] - found.biases[l][j]) / 0.1);
        }
        if (l + layers >= 4) {
          EXPECT_LE(twin::relative_error(moved, gradients.biases[l]), 0.05) << layers << ' ' << biases << ' ' << l;
        } else {
          EXPECT_EQ(twin::norm(moved), 0.0);
        }
      }
      EXPECT_TRUE(memory.intact());
    }
  }
}

TEST(IntegerFineTuning, LearnsANewClass) {
  const Example example;
  FineTuningOptions options;
  options.set_layers(3).set_new_classes(1).set_optimizer({Optimizer::momentum, 0.01f});
  GuardedMemory memory(mote::integer_fine_tuning_bytes(kTopology, options));
  IntegerFineTuning tuning;
  ASSERT_TRUE(tuning.bind(kTopology, example.integers.model, options, memory.memory()).ok());
  tuned::expect_to_learn_a_fifth_class(tuning);
  EXPECT_TRUE(memory.intact());
}

TEST(IntegerFineTuning, RejectsAnotherTopology) {
  const Example example;
  const FineTuningOptions options;
  GuardedMemory memory(mote::integer_fine_tuning_bytes(kTopology, options));
  IntegerFineTuning tuning;
  Topology other = kTopology;
  other.layers[1].outputs = 10;
  EXPECT_EQ(tuning.bind(other, example.integers.model, options, memory.memory()).status, Status::model_size_mismatch);
  const Topology fewer{19, {21, Activation::gelu}, {4, Activation::softmax}};
  EXPECT_EQ(tuning.bind(fewer, example.integers.model, options, memory.memory()).status, Status::model_size_mismatch);
  EXPECT_EQ(tuning.bind(kTopology, example.integers.model, options, memory.memory().subspan(0, 64)).status,
            Status::memory_too_small);
  Topology normalized = kTopology;
  normalized.layers[0].batch_norm = true;
  EXPECT_EQ(tuning.bind(normalized, example.integers.model, options, memory.memory()).status,
            Status::batch_norm_not_folded);
}

}  // namespace
