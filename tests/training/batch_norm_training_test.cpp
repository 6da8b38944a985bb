// SPDX-License-Identifier: MIT
// Networks with batch normalization in training, and what becomes of them for inference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>
#include <vector>

#include "mote/checksum.hpp"
#include "mote/network.hpp"
#include "support/double_batch_norm.hpp"
#include "support/guarded_memory.hpp"
#include "support/support.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::LossTotals;
using mote::Optimizer;
using mote::Result;
using mote::Status;
using mote::Topology;
using mote::TrainingOptions;
using training::Bound;
using training::Samples;
using training::with_batch;
using Floats = std::vector<float>;

constexpr Topology kSmall{5, {17, Activation::tanh, true}, {9, Activation::relu, true}, {3, Activation::softmax}};

bool same_bits(const Floats& a, const Floats& b) {
  return a.size() == b.size() && mote::test::same_bits(a.data(), b.data(), a.size());
}

Floats copy_of(mote::Span<const float> span) {
  return {span.begin(), span.end()};
}

TEST(BatchNormTraining, PaddingOfParametersStaysZero) {
  const Samples samples(kSmall, 40);
  Bound bound(kSmall, with_batch(10, 256, Optimizer::adam), 40);
  bound.train(samples.dataset, 3);
  Floats parameters = copy_of(bound.trainer.parameters());
  for (std::size_t l = 0; l < kSmall.layer_count; ++l) {
    const std::size_t outputs = kSmall.outputs_of(l);
    for (std::size_t i = 0; i < kSmall.inputs_of(l); ++i) {
      std::fill_n(parameters.begin() + static_cast<long>(kSmall.weights_offset(l) + i * kSmall.stride_of(l)), outputs,
                  0.0f);
    }
    std::fill_n(parameters.begin() + static_cast<long>(kSmall.biases_offset(l)), outputs, 0.0f);
    if (!kSmall.layers[l].batch_norm) continue;
    std::fill_n(parameters.begin() + static_cast<long>(kSmall.scales_offset(l)), outputs, 0.0f);
  }
  EXPECT_EQ(std::count(parameters.begin(), parameters.end(), 0.0f), static_cast<long>(parameters.size()));
}

TEST(BatchNormTraining, EvaluationChangesNothing) {
  const Topology wide{5, {128, Activation::tanh, true}, {250, Activation::relu, true}, {3, Activation::softmax}};
  const Samples samples(wide, 40);
  Floats models[2];
  for (const bool evaluates : {false, true}) {
    Bound bound(wide, with_batch(10, 256, Optimizer::sgd), 40);
    bound.train(samples.dataset, 1);
    LossTotals totals;
    if (evaluates) {
      ASSERT_TRUE(bound.trainer.evaluate(samples.dataset, totals).ok());
    }
    bound.train(samples.dataset, 1);
    models[evaluates ? 1 : 0] = copy_of(bound.trainer.learned());  // padding too, which checkpoints hold
  }
  EXPECT_TRUE(same_bits(models[0], models[1]));
}

/// Mini-batch gradient descent by the twin, with slopes for gradients, and its running statistics.
struct TwinTraining {
  twin::NormalizedNetwork network;
  std::vector<twin::Moments> running;

  TwinTraining(const Topology& topology, mote::Span<const float> parameters) : network(topology, parameters) {
    for (std::size_t l = 0; l < topology.layer_count; ++l) {
      running.push_back({twin::Vector(topology.outputs_of(l), 0.0), twin::Vector(topology.outputs_of(l), 1.0)});
    }
  }
  static twin::Batch batch_of(const mote::Dataset& data, std::size_t first, std::size_t end) {
    twin::Batch batch;
    for (std::size_t i = first; i < end; ++i) {
      for (std::size_t j = 0; j < data.features; ++j) {
        batch.inputs.push_back(static_cast<float>(static_cast<const std::uint8_t*>(data.data)[i * data.features + j]) /
                               255.0f);
      }
      batch.labels.push_back(data.labels[i]);
    }
    return batch;
  }
  void step(const twin::Batch& batch, double rate) {
    const twin::Rows gradients = twin::numerical_gradients(network, batch);
    const std::vector<twin::Moments> moments = network.forward(batch).moments;
    const double m = static_cast<double>(batch.rows());
    for (std::size_t l = 0; l < running.size(); ++l) {
      for (std::size_t j = 0; network.topology.layers[l].batch_norm && j < running[l].means.size(); ++j) {
        running[l].means[j] += 0.1 * (moments[l].means[j] - running[l].means[j]);
        running[l].variances[j] += 0.1 * (moments[l].variances[j] * m / (m - 1.0) - running[l].variances[j]);
      }
    }
    const std::vector<twin::Vector*> arrays = network.arrays();
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      for (std::size_t k = 0; k < arrays[i]->size(); ++k) (*arrays[i])[k] -= rate * gradients[i][k];
    }
  }
  double inference_loss(const twin::Batch& batch) const {
    const twin::Rows outputs = network.forward(batch, &running).outputs;
    double sum = 0.0;
    for (std::size_t m = 0; m < batch.rows(); ++m) sum -= std::log(outputs[m][batch.labels[m]]);
    return sum / static_cast<double>(batch.rows());
  }
};

TEST(BatchNormTraining, EpochsOfGradientDescentAndTheirEvaluationMatchTheFormulas) {
  const Topology topology{5, {6, Activation::tanh, true}, {4, Activation::sigmoid, true}, {3, Activation::softmax}};
  const Samples samples(topology, 50);
  TrainingOptions options = with_batch(16);  // 2 are left for the last
  options.shuffle = false;
  options.l2 = 0.0f;
  options.optimizer.learning_rate = 0.1f;
  Bound bound(topology, options, 50);
  TwinTraining expected(topology, bound.trainer.parameters());
  for (int epoch = 0; epoch < 2; ++epoch) {
    ASSERT_TRUE(bound.trainer.train_epoch(samples.dataset).ok());
    for (std::size_t first = 0; first < 50; first += 16) {
      expected.step(TwinTraining::batch_of(samples.dataset, first, std::min<std::size_t>(first + 16, 50)), 0.1);
    }
  }
  twin::NormalizedNetwork found(topology, bound.trainer.parameters());
  const std::vector<twin::Vector*> arrays = found.arrays(), wanted = expected.network.arrays();
  for (std::size_t i = 0; i < arrays.size(); ++i) EXPECT_LT(twin::relative_error(*arrays[i], *wanted[i]), 1e-4) << i;
  const mote::Span<float> running = bound.trainer.running_statistics();
  ASSERT_EQ(running.size(), mote::running_statistics_count(topology));
  for (std::size_t l = 0; l < 2; ++l) {
    for (std::size_t j = 0; j < topology.outputs_of(l); ++j) {
      EXPECT_NEAR(static_cast<double>(running[16 * l + j]), expected.running[l].means[j], 1e-4);
      EXPECT_NEAR(static_cast<double>(running[32 + 16 * l + j]), expected.running[l].variances[j], 1e-4);
    }
  }
  LossTotals totals;
  ASSERT_TRUE(bound.trainer.evaluate(samples.dataset, totals).ok());
  const double loss = expected.inference_loss(TwinTraining::batch_of(samples.dataset, 0, 50));
  EXPECT_NEAR(static_cast<double>(totals.mean_loss()), loss, 1e-4);
}

TEST(BatchNormTraining, EvaluationIsThatOfTheParametersForInference) {
  const Samples samples(kSmall, 60);
  Bound bound(kSmall, with_batch(12), 60);
  bound.train(samples.dataset, 5);
  LossTotals own, plain;
  ASSERT_TRUE(bound.trainer.evaluate(samples.dataset, own).ok());
  const Topology topology = bound.trainer.inference_topology();
  const Floats folded = copy_of(bound.trainer.inference_parameters());
  ASSERT_EQ(folded.size(), topology.parameter_count());
  GuardedMemory scratch(mote::evaluation_bytes(topology, 60));
  ASSERT_TRUE(
      mote::evaluate(topology, {folded.data(), folded.size()}, Loss::cross_entropy, samples.dataset, scratch, plain)
          .ok());
  EXPECT_EQ(own.sum, plain.sum);
  EXPECT_EQ(own.correct, plain.correct);
}

TEST(BatchNormTraining, WithoutItInferenceTakesTheParametersThemselves) {
  const Topology& topology = training::kSmall;
  Bound bound(topology, with_batch(4), 10);
  EXPECT_EQ(bound.trainer.inference_parameters().data(), bound.trainer.parameters().data());
  EXPECT_TRUE(bound.trainer.running_statistics().empty());
  const mote::detail::TrainingPlan plan = mote::detail::training_plan(topology, with_batch(4), 10);
  EXPECT_EQ(plan.learned.count, topology.parameter_count());
  EXPECT_EQ(plan.folded.count, 0u);
  const mote::detail::BackpropagationPlan engine = mote::detail::backpropagation_plan(topology, {}, 4);
  EXPECT_EQ(engine.normalized.count + engine.statistics.count, 0u);
}

void run_on_threads(void*, std::size_t pieces, mote::Parallel::Piece piece, void* context) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < pieces; ++i) threads.emplace_back(piece, context, i);
  for (std::thread& thread : threads) thread.join();
}

void run_backwards(void*, std::size_t pieces, mote::Parallel::Piece piece, void* context) {
  for (std::size_t i = pieces; i-- > 0;) piece(context, i);
}

TEST(BatchNormTraining, WorkersChangeNoBit) {
  const Topology topology{21,
                          {70, Activation::relu, true},
                          {40, Activation::tanh},
                          {33, Activation::sigmoid, true},
                          {4, Activation::softmax}};
  const Samples samples(topology, 110);
  for (const Optimizer method : {Optimizer::sgd, Optimizer::nesterov, Optimizer::adam}) {
    Floats expected, expected_folded;
    for (const mote::Parallel& parallel :
         {mote::Parallel{}, mote::Parallel{run_on_threads, nullptr, 2}, mote::Parallel{run_on_threads, nullptr, 3},
          mote::Parallel{run_backwards, nullptr, 7}}) {
      TrainingOptions options = with_batch(50, 256, method);
      options.optimizer.learning_rate = 0.05f;
      options.workers = parallel.workers;
      Bound bound(topology, options, 110);
      bound.trainer.set_parallel(parallel);
      bound.train(samples.dataset, 3);
      if (expected.empty()) {
        expected = copy_of(bound.trainer.parameters());
        expected_folded = copy_of(bound.trainer.inference_parameters());
      }
      EXPECT_TRUE(same_bits(copy_of(bound.trainer.parameters()), expected)) << parallel.workers;
      EXPECT_TRUE(same_bits(copy_of(bound.trainer.inference_parameters()), expected_folded)) << parallel.workers;
    }
  }
}

class BatchNormFingerprints : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, BatchNormFingerprints, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(BatchNormFingerprints, AreTheSameOnEveryMachineOfAClass) {
  const Topology topology{30, {33, Activation::sigmoid, true}, {20, Activation::relu, true}, {4, Activation::softmax}};
  const Samples samples(topology, 200);
  Bound bound(topology, with_batch(13, 256, Optimizer::momentum), 200);
  const std::uint32_t trained = bound.train(samples.dataset, 3);
  const std::uint32_t folded =
      mote::fingerprint(bound.trainer.inference_topology(), bound.trainer.inference_parameters());
  const bool fused = mote::arithmetic_is_fused();
  EXPECT_EQ(trained, fused ? 0x7bd56888u : 0x9a2cbe41u);
  EXPECT_EQ(folded, fused ? 0xeddac193u : 0x26ad9c62u);
}

TEST(BatchNormTraining, ExactlyEnoughMemoryWorksAndNothingIsWrittenOutside) {
  for (const Topology& topology :
       {kSmall, Topology{1, {2, Activation::relu, true}, {2, Activation::softmax}},
        Topology{9, {128, Activation::sigmoid, true}, {16, Activation::tanh}, {7, Activation::softmax}}}) {
    const Samples samples(topology, 50);
    for (const std::size_t batch : {std::size_t{2}, std::size_t{12}, std::size_t{50}}) {
      const TrainingOptions options = with_batch(batch, 256, Optimizer::momentum);
      const std::size_t bytes = mote::training_bytes(topology, options, 50);
      GuardedMemory small(bytes - 1), exact(bytes), larger(bytes + 1);
      mote::Trainer trainer;
      const Result result = trainer.bind(topology, options, 50, small);
      EXPECT_EQ(result.status, Status::memory_too_small);
      EXPECT_EQ(result.expected, bytes);
      std::uint32_t fingerprints[2] = {};
      for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(trainer.bind(topology, options, 50, i == 0 ? exact : larger).ok());
        trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
        ASSERT_TRUE(trainer.train_epoch(samples.dataset).ok());
        LossTotals totals;
        ASSERT_TRUE(trainer.evaluate(samples.dataset, totals).ok());
        EXPECT_TRUE(std::isfinite(totals.mean_loss()));
        fingerprints[i] = mote::fingerprint(trainer.inference_topology(), trainer.inference_parameters());
      }
      EXPECT_EQ(fingerprints[0], fingerprints[1]);
      EXPECT_TRUE(small.intact() && exact.intact() && larger.intact());
    }
  }
}

TEST(BatchNormTraining, InitializeStartsOver) {
  const Samples samples(kSmall, 50);
  Bound bound(kSmall, with_batch(10), 50);
  const Floats start = copy_of(bound.trainer.parameters()), running = copy_of(bound.trainer.running_statistics());
  for (std::size_t l = 0; l < 2; ++l) {
    for (std::size_t j = 0; j < kSmall.outputs_of(l); ++j) {
      EXPECT_EQ(start[kSmall.scales_offset(l) + j], 1.0f);
      EXPECT_EQ(running[kSmall.scale_floats_before(l) + j], 0.0f);
      EXPECT_EQ(running[running.size() / 2 + kSmall.scale_floats_before(l) + j], 1.0f);
    }
  }
  bound.train(samples.dataset);
  EXPECT_FALSE(same_bits(copy_of(bound.trainer.running_statistics()), running));
  bound.trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::gaussian);
  EXPECT_TRUE(same_bits(copy_of(bound.trainer.parameters()), start));
  EXPECT_TRUE(same_bits(copy_of(bound.trainer.running_statistics()), running));
}

TEST(BatchNormTraining, ALossThatIsNotFiniteLeavesTheRunningStatisticsAlone) {
  const Samples samples(kSmall, 50);
  Bound bound(kSmall, with_batch(10), 50);
  bound.train(samples.dataset);
  const Floats running = copy_of(bound.trainer.running_statistics());
  bound.trainer.parameters()[kSmall.weights_offset(2)] = mote::test::kInf;
  EXPECT_EQ(bound.trainer.train_epoch(samples.dataset).status, Status::not_finite);
  EXPECT_TRUE(same_bits(copy_of(bound.trainer.running_statistics()), running));
}

/// The accuracy that a deep network of sigmoids reaches on four classes of points: one for each corner of a square.
float accuracy_of_deep_sigmoids(bool batch_norm) {
  Topology topology;
  topology.inputs = 2;
  for (int l = 0; l < 6; ++l) EXPECT_TRUE(topology.add({16, Activation::sigmoid, batch_norm}).ok());
  EXPECT_TRUE(topology.add({4, Activation::softmax}).ok());
  Samples samples(topology, 256);
  for (std::size_t i = 0; i < 256; ++i) {
    const bool right = samples.features[2 * i] > 127, up = samples.features[2 * i + 1] > 127;
    samples.labels[i] = static_cast<std::uint8_t>((right ? 1 : 0) + (up ? 2 : 0));
  }
  TrainingOptions options = with_batch(32);
  options.optimizer.learning_rate = 0.2f;
  options.l2 = 0.0f;
  Bound bound(topology, options, 256);
  bound.trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::zero);
  for (int epoch = 0; epoch < 30; ++epoch) EXPECT_TRUE(bound.trainer.train_epoch(samples.dataset).ok());
  LossTotals totals;
  EXPECT_TRUE(bound.trainer.evaluate(samples.dataset, totals).ok());
  return totals.accuracy();
}

TEST(BatchNormTraining, LetsADeepNetworkOfSigmoidsLearn) {
  EXPECT_LT(accuracy_of_deep_sigmoids(false), 0.4f);
  EXPECT_GT(accuracy_of_deep_sigmoids(true), 0.9f);
}

}  // namespace
