// SPDX-License-Identifier: MIT
#include "mote/batch_norm.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "mote/evaluation.hpp"
#include "mote/network.hpp"
#include "support/double_batch_norm.hpp"
#include "support/guarded_memory.hpp"
#include "support/support.hpp"

namespace {

using mote::Activation;
using mote::Status;
using mote::Topology;
using std::size_t;
using Floats = std::vector<float>;

/// Weights, biases and scales at random, and running statistics with variances from 0.05 on.
struct Example {
  Topology topology;
  Floats parameters, running;

  explicit Example(const Topology& t) : topology(t), parameters(t.parameter_count()) {
    mote::test::Source source(5);
    twin::randomize(t, 4, {parameters.data(), parameters.size()});
    running.resize(mote::running_statistics_count(t));
    for (size_t l = 0; l < t.layer_count; ++l) {
      for (size_t j = 0; t.layers[l].batch_norm && j < t.outputs_of(l); ++j) {
        const size_t at = t.scale_floats_before(l) + j;
        parameters[t.scales_offset(l) + j] = source.uniform(-2.0f, 2.0f);
        running[at] = source.uniform(-1.0f, 1.0f);
        running[running.size() / 2 + at] = source.uniform(0.05f, 4.0f);
      }
    }
  }

  std::vector<twin::Moments> moments() const {
    std::vector<twin::Moments> all;
    for (size_t l = 0; l < topology.layer_count; ++l) {
      const float* means = running.data() + topology.scale_floats_before(l);
      const float* variances = means + running.size() / 2;
      const size_t columns = topology.layers[l].batch_norm ? topology.outputs_of(l) : 0;
      all.push_back({{means, means + columns}, {variances, variances + columns}});
    }
    return all;
  }
  mote::Result fold(mote::Span<float> folded) const {
    return mote::fold_batch_norm(topology, {parameters.data(), parameters.size()}, {running.data(), running.size()},
                                 folded);
  }
};

const Topology kTopologies[] = {
    {3, {2, Activation::tanh, true}, {2, Activation::softmax}},
    {17, {30, Activation::relu, true}, {20, Activation::sigmoid}, {4, Activation::softmax}},
    {9, {33, Activation::tanh}, {128, Activation::identity, true}, {5, Activation::tanh, true}, {3}}};

class BatchNormFolding : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, BatchNormFolding, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(BatchNormFolding, TheFoldedNetworkDoesWhatTheNormalizedOneDoesWithRunningStatistics) {
  for (const Topology& topology : kTopologies) {
    const Example example(topology);
    const Topology plain = mote::without_batch_norm(topology);
    GuardedMemory folded(plain.parameter_bytes()), scratch(mote::inference_bytes(plain, 50));
    ASSERT_TRUE(example.fold(folded.floats()).ok());
    mote::Network network;
    ASSERT_TRUE(network.bind(plain, folded.floats(), 50, scratch).ok());
    const twin::Batch batch = twin::random_batch(topology, 50, 8);
    const mote::MatrixView found = network.forward(batch.inputs.data(), 50);
    const std::vector<twin::Moments> moments = example.moments();
    const twin::NormalizedNetwork expected(topology, {example.parameters.data(), example.parameters.size()});
    const twin::NormalizedNetwork::Pass pass = expected.forward(batch, &moments);
    for (size_t i = 0; i < 50; ++i) {
      for (size_t j = 0; j < found.columns; ++j) {
        EXPECT_NEAR(static_cast<double>(found.row(i)[j]), pass.outputs[i][j], 2e-5);
      }
    }
    EXPECT_TRUE(folded.intact());
  }
}

TEST_P(BatchNormFolding, FollowsTheAffineFormulaAndCopiesOtherLayers) {
  const Topology& topology = kTopologies[2];
  const Example example(topology);
  Floats folded(mote::without_batch_norm(topology).parameter_count(), mote::test::kNotANumber);
  ASSERT_TRUE(example.fold({folded.data(), folded.size()}).ok());
  const twin::NormalizedNetwork before(topology, {example.parameters.data(), example.parameters.size()});
  const twin::Parameters after = twin::unpack(mote::without_batch_norm(topology), {folded.data(), folded.size()});
  const std::vector<twin::Moments> moments = example.moments();
  for (size_t l = 0; l < topology.layer_count; ++l) {
    for (size_t j = 0; j < topology.outputs_of(l); ++j) {
      const bool has_norm = topology.layers[l].batch_norm;
      const double factor = has_norm ? before.scales[l][j] / std::sqrt(moments[l].variances[j] + 1e-5) : 1.0;
      const double mean = has_norm ? moments[l].means[j] : 0.0, limit = has_norm ? 1e-6 : 0.0;
      EXPECT_NEAR(after.biases[l][j], before.parameters.biases[l][j] - mean * factor,
                  limit * (1.0 + std::fabs(factor)));
      for (size_t i = 0; i < topology.inputs_of(l); ++i) {
        const size_t at = i * topology.outputs_of(l) + j;
        EXPECT_NEAR(after.weights[l][at], before.parameters.weights[l][at] * factor, limit * std::fabs(factor));
      }
    }
  }
  for (size_t l = 0; l < topology.layer_count; ++l) {  // padding
    for (size_t j = topology.outputs_of(l); j < topology.stride_of(l); ++j) {
      EXPECT_EQ(folded[topology.biases_offset(l) + j], 0.0f);
      for (size_t i = 0; i < topology.inputs_of(l); ++i) {
        EXPECT_EQ(folded[topology.weights_offset(l) + i * topology.stride_of(l) + j], 0.0f);
      }
    }
  }
}

TEST_P(BatchNormFolding, InPlaceGivesTheSameBits) {
  Example example(kTopologies[1]);
  const size_t count = mote::without_batch_norm(example.topology).parameter_count();
  Floats folded(count);
  ASSERT_TRUE(example.fold({folded.data(), count}).ok());
  ASSERT_TRUE(example.fold({example.parameters.data(), count}).ok());
  EXPECT_TRUE(mote::test::same_bits(folded.data(), example.parameters.data(), count));
}

TEST(BatchNormFoldingChecks, WithoutBatchNormTheParametersAreCopied) {
  const Topology topology{7, {5, Activation::tanh}, {3}};
  const Example example(topology);
  EXPECT_EQ(mote::running_statistics_count(topology), 0u);
  Floats folded(topology.parameter_count());
  ASSERT_TRUE(example.fold({folded.data(), folded.size()}).ok());
  EXPECT_EQ(folded, example.parameters);
}

TEST(BatchNormFoldingChecks, RefusesWhatIsTooShort) {
  const Example example(kTopologies[0]);
  const mote::Span<const float> parameters{example.parameters.data(), example.parameters.size()},
      running{example.running.data(), example.running.size()};
  Floats folded(mote::without_batch_norm(example.topology).parameter_count());
  const mote::Span<float> room{folded.data(), folded.size()};
  const auto expect = [](const mote::Result& result, size_t floats) {
    EXPECT_EQ(result.status, Status::memory_too_small);
    EXPECT_EQ(result.found, (floats - 1) * 4);
    EXPECT_EQ(result.expected, floats * 4);
  };
  const Topology& topology = example.topology;
  expect(mote::fold_batch_norm(topology, parameters.subspan(0, parameters.size() - 1), running, room),
         parameters.size());
  expect(mote::fold_batch_norm(topology, parameters, running.subspan(0, running.size() - 1), room), running.size());
  expect(mote::fold_batch_norm(topology, parameters, running, room.subspan(0, room.size() - 1)), room.size());
  EXPECT_TRUE(mote::fold_batch_norm(topology, parameters, running, room).ok());
}

TEST(BatchNormFoldingChecks, InferenceRefusesWhatIsNotFolded) {
  const Example example(kTopologies[0]);
  GuardedMemory scratch(10000);
  mote::Network network;
  const mote::Span<const float> parameters{example.parameters.data(), example.parameters.size()};
  EXPECT_EQ(network.bind(example.topology, parameters, 1, scratch).status, Status::batch_norm_not_folded);
  EXPECT_TRUE(network.bind(mote::without_batch_norm(example.topology), parameters, 1, scratch).ok());
  const unsigned char pixels[3] = {}, label = 0;
  mote::LossTotals totals;
  EXPECT_EQ(mote::evaluate(example.topology, parameters, mote::Loss::cross_entropy, {pixels, &label, 1, 3, 2}, scratch,
                           totals)
                .status,
            Status::batch_norm_not_folded);
}

}  // namespace
