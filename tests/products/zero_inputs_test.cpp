// SPDX-License-Identifier: MIT
// Leaving out inputs that are zero in a whole batch changes no bit, wherever it is done.
#include <gtest/gtest.h>

#include <type_traits>
#include <vector>

#include "mote/detail/products.hpp"
#include "mote/detail/weight_update.hpp"
#include "mote/trainer.hpp"
#include "products/reference.hpp"
#include "support/double_optimizer.hpp"
#include "support/support.hpp"
#include "training/active_inputs.hpp"

namespace {

using mote::Activation;
using mote::Optimizer;
using mote::row_stride;
using std::size_t;

class ZeroInputs : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, ZeroInputs, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

/// The row Z[m] as the reference computes it, every term included.
std::vector<float> reference_row(const float* a, const std::vector<float>& w, size_t inputs, size_t outputs) {
  std::vector<float> z(outputs);
  const auto forward = mote::arithmetic_is_fused() ? mote::reference::forward<true> : mote::reference::forward<false>;
  forward(1, inputs, outputs, a, inputs, w.data(), row_stride(outputs), z.data(), outputs);
  return z;
}

/// A [batch][inputs] in which only every `every`-th column is used, and of those some elements are 0 as well.
std::vector<float> sparse(size_t batch, size_t inputs, size_t every, std::vector<std::uint32_t>& used) {
  mote::Random random(batch * inputs + every, mote::Stream::dropout);
  std::vector<float> a(batch * inputs);
  for (size_t k = 0; k < inputs; ++k) {
    if (every == 0 || k % every != every / 2) continue;
    used.push_back(static_cast<std::uint32_t>(k));
    for (size_t m = 0; m < batch; ++m) a[m * inputs + k] = random.below(3) == 0 ? 0.0f : random.uniform(-1.0f, 1.0f);
  }
  return a;
}

TEST(SetBytes, AreListedWhereverTheyStand) {
  for (const std::uint8_t value : {std::uint8_t{1}, std::uint8_t{128}, std::uint8_t{255}}) {
    for (std::size_t i = 0; i < 37; ++i) {
      std::vector<std::uint8_t> mask(37, 0);
      mask[i] = value;
      std::vector<std::uint32_t> list(mask.size());
      ASSERT_EQ(mote::list_active({mask.data(), mask.size()}, list.data()).count, 1u) << i;
      EXPECT_EQ(list[0], i);
    }
  }
}

TEST_P(ZeroInputs, ForwardProductOfDenseSamplesAfterBlankOnesIsComplete) {
  constexpr size_t kBatch = 120, kInputs = 200, kOutputs = 96;
  const size_t stride = row_stride(kOutputs);
  for (const size_t blank : {6u, 30u, 50u, 61u, 119u}) {
    mote::Random random(blank, mote::Stream::dropout);
    std::vector<float> a(kBatch * kInputs), w(kInputs * stride), z(kBatch * stride, 7.0f);
    for (size_t m = 0; m < kBatch; ++m) {
      for (size_t k = 0; k < kInputs; ++k) {
        if (m >= blank || (k + m / 20) % 3 == 0) a[m * kInputs + k] = random.uniform(-1.0f, 1.0f);
      }
    }
    for (size_t i = 0; i < w.size(); ++i) w[i] = i % stride < kOutputs ? random.uniform(-1.0f, 1.0f) : 0.0f;
    mote::forward_product(kBatch, kInputs, kOutputs, a.data(), kInputs, w.data(), stride, z.data(), stride);
    for (size_t m = 0; m < kBatch; ++m) {
      const std::vector<float> expected = reference_row(a.data() + m * kInputs, w, kInputs, kOutputs);
      for (size_t n = 0; n < kOutputs; ++n) {
        ASSERT_EQ(z[m * stride + n], expected[n]) << blank << " blank, sample " << m << ", output " << n;
      }
    }
  }
}

TEST_P(ZeroInputs, ForwardProductIsTheSameWithAndWithoutThem) {
  for (const size_t batch : {1u, 2u, 11u, 13u, 25u, 48u, 100u}) {
    for (const size_t inputs : {1u, 30u, 100u, 784u}) {
      for (const size_t outputs : {10u, 64u, 130u}) {
        for (const size_t every : {0u, 1u, 2u, 9u}) {  // none, all, half and a ninth of the columns
          std::vector<std::uint32_t> used;
          const std::vector<float> a = sparse(batch, inputs, every, used);
          const size_t stride = row_stride(outputs);
          std::vector<float> w(inputs * stride), all(batch * stride, 7.0f), listed = all;
          mote::Random random(5, mote::Stream::dropout);
          for (size_t i = 0; i < w.size(); ++i) w[i] = i % stride < outputs ? random.uniform(-1.0f, 1.0f) : 0.0f;
          mote::forward_product(batch, inputs, outputs, a.data(), inputs, w.data(), stride, all.data(), stride);
          used.push_back(0);  // so that data() is not null when there are none
          mote::forward_product(batch, inputs, outputs, a.data(), inputs, w.data(), stride, listed.data(), stride,
                                {used.data(), used.size() - 1});
          for (size_t m = 0; m < batch; ++m) {
            const std::vector<float> expected = reference_row(a.data() + m * inputs, w, inputs, outputs);
            for (size_t n = 0; n < outputs; ++n) {
              ASSERT_EQ(all[m * stride + n], expected[n]) << batch << " " << inputs << " " << outputs << " " << every;
              ASSERT_EQ(listed[m * stride + n], expected[n])
                  << batch << " " << inputs << " " << outputs << " " << every;
            }
            for (size_t n = outputs; n < stride; ++n) ASSERT_EQ(listed[m * stride + n], 0.0f);
          }
        }
      }
    }
  }
}

constexpr size_t kSamples = 40, kFeatures = 300;

/// The parameters after an epoch of Trainer.
std::vector<float> trained(const mote::Topology& topology, const mote::TrainingOptions& options,
                           const mote::Dataset& dataset) {
  static mote::Storage<size_t{1} << 20> memory;
  mote::Trainer trainer;
  EXPECT_TRUE(trainer.bind(topology, options, kSamples, memory).ok());
  trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::gaussian);
  EXPECT_TRUE(trainer.train_epoch(dataset).ok());
  return {trainer.parameters().begin(), trainer.parameters().end()};
}

/// The same step by step, with all inputs and gradients kept.
std::vector<float> trained_by_hand(const mote::Topology& topology, const mote::TrainingOptions& options,
                                   const mote::Dataset& dataset) {
  static mote::Storage<size_t{1} << 20> memory, scratch;
  mote::Trainer start;
  EXPECT_TRUE(start.bind(topology, options, kSamples, memory).ok());
  start.initialize(mote::WeightInit::he_normal, mote::BiasInit::gaussian);
  std::vector<float> theta(start.parameters().begin(), start.parameters().end());
  const size_t batch = options.batch_size, weights = topology.all_weight_floats();
  std::vector<float> gradients(theta.size()), state(2 * theta.size()), inputs(batch * kFeatures);
  std::vector<std::uint8_t> labels(batch);
  mote::Backpropagation engine;
  EXPECT_TRUE(engine.bind(topology, batch, scratch).ok());
  mote::ParameterStep step{{options.optimizer, options.l2, 0, theta.size(), options.l1},
                           weights,
                           theta.data(),
                           state.data(),
                           mote::optimizer_step};
  mote::LossTotals totals;
  for (size_t first = 0; first < kSamples; first += batch) {
    EXPECT_TRUE(mote::gather(dataset, nullptr, first, batch, inputs.data()).ok());
    mote::gather_labels(dataset, nullptr, first, batch, labels.data());
    if (first == 0) mote::move_gradient_point(step.step, theta.data(), state.data(), theta.size());
    engine.forward(step.gradient_point(), inputs.data(), batch);
    engine.compute_loss(options.loss, labels.data(), 1.0f / static_cast<float>(batch), totals);
    engine.backward(step.gradient_point(), inputs.data(), {gradients.data(), false, nullptr});
    ++step.step.number;
    step.apply(0, weights, gradients.data());
    step.apply(weights, theta.size() - weights, gradients.data() + weights);
  }
  return theta;
}

TEST_P(ZeroInputs, TrainingIsTheSameWithAndWithoutThem) {
  std::vector<std::uint8_t> pixels(kSamples * kFeatures), labels(kSamples);
  mote::Random random(3, mote::Stream::dropout);
  for (size_t i = 0; i < pixels.size(); ++i) {  // runs of used and of unused columns, some of them short
    const size_t column = i % kFeatures;
    const bool used = column % 50 < 20 || column % 7 == 0;
    pixels[i] = static_cast<std::uint8_t>(used && random.below(4) == 0 ? random.below(256) : 0);
  }
  for (std::uint8_t& label : labels) label = static_cast<std::uint8_t>(random.below(4));
  const mote::Dataset dataset{pixels.data(), labels.data(), kSamples, kFeatures, 4};

  for (const std::uint32_t hidden : {21u, 70u}) {
    const mote::Topology topology{kFeatures, {hidden, Activation::relu}, {4, Activation::softmax}};
    for (const Optimizer method : twin::kEveryOptimizer) {
      for (const float penalty : {0.0f, 1e-3f}) {
        for (const size_t batch : {1u, 5u, 40u}) {
          mote::TrainingOptions options;
          options.optimizer = {method, 0.05f};
          (method == Optimizer::sgd ? options.l1 : options.l2) = penalty;
          options.batch_size = batch;
          options.shuffle = false;
          const std::vector<float> expected = trained_by_hand(topology, options, dataset);
          for (const size_t memory_rows : {4u, 64u}) {
            options.memory_rows = memory_rows;
            options.skip_zero_inputs = true;
            EXPECT_EQ(trained(topology, options, dataset), expected) << batch << ", rows " << memory_rows;
            options.skip_zero_inputs = false;
            EXPECT_EQ(trained(topology, options, dataset), expected) << batch << ", rows " << memory_rows;
          }
        }
      }
    }
  }
}

TEST(ZeroFeatures, AreFoundInBytes) {
  mote::Random random(1, mote::Stream::dropout);
  for (const size_t features : {1u, 7u, 8u, 9u, 64u, 100u}) {
    std::vector<std::uint8_t> pixels(6 * features), mask(features), labels(6);
    for (size_t i = 0; i < pixels.size(); ++i) {  // some of the samples have hardly a zero
      const bool used = i / features % 3 == 0 ? random.below(100) != 0 : random.below(8) == 0;
      pixels[i] = static_cast<std::uint8_t>(used ? random.below(256) : 0);
    }
    const mote::Dataset dataset{pixels.data(), labels.data(), 6, features, 1};
    const std::uint32_t order[] = {5, 0, 3, 3, 1, 2};
    for (size_t rows = 0; rows <= 4; ++rows) {
      std::vector<std::uint32_t> expected, list(features, 999);
      for (std::uint32_t f = 0; f < features; ++f) {
        bool found = false;
        for (size_t i = 0; i < rows; ++i) found |= pixels[order[1 + i] * features + f] != 0;
        if (found) expected.push_back(f);
      }
      mote::mark_active(dataset, order, 1, rows, mask.data());
      const mote::ActiveInputs active = mote::list_active({mask.data(), features}, list.data());
      ASSERT_EQ(active.are_all(), expected.size() == features);
      if (active.are_all()) continue;
      list.resize(active.count);
      EXPECT_EQ(list, expected) << features << " " << rows;
    }
  }
}

/// Samples with blank neighbors, [batch][inputs], and the inputs that are not 0 in all of them.
std::vector<float> blank_corners(size_t batch, size_t inputs, std::vector<std::uint32_t>& used) {
  mote::Random random(batch + inputs, mote::Stream::dropout);
  std::vector<float> a(batch * inputs);
  for (size_t k = 0; k < inputs; ++k) {
    if (random.below(3) == 0) continue;
    used.push_back(static_cast<std::uint32_t>(k));
    for (size_t m = 0; m < batch; ++m) a[m * inputs + k] = (m + k / 9) % 3 == 0 ? 0.0f : random.uniform(-1.0f, 1.0f);
  }
  return a;
}

TEST_P(ZeroInputs, WeightGradientIsTheSameWithAndWithoutThem) {
  for (const size_t batch : {1u, 9u, 40u, 512u, 600u}) {
    for (const size_t outputs : {10u, 64u, 130u}) {
      constexpr size_t kInputs = 75;
      std::vector<std::uint32_t> used;
      const std::vector<float> a = blank_corners(batch, kInputs, used);
      const size_t stride = row_stride(outputs);
      mote::Random random(6, mote::Stream::dropout);
      std::vector<float> d(batch * stride), start(kInputs * stride);
      for (size_t i = 0; i < d.size(); ++i) d[i] = i % stride < outputs ? random.uniform(-1.0f, 1.0f) : 0.0f;
      for (size_t i = 0; i < start.size(); ++i) start[i] = i % stride < outputs ? random.uniform(-1.0f, 1.0f) : 0.0f;
      for (const bool accumulate : {false, true}) {
        std::vector<float> expected = start, found = start;
        const auto reference = [&](auto fused) {
          mote::reference::weight_gradient<decltype(fused)::value>(batch, kInputs, outputs, a.data(), kInputs, d.data(),
                                                                   stride, expected.data(), stride, accumulate);
        };
        mote::arithmetic_is_fused() ? reference(std::true_type()) : reference(std::false_type());
        mote::weight_gradient(batch, {0, kInputs}, outputs, a.data(), kInputs, d.data(), {used.data(), used.size()},
                              accumulate, found.data());
        EXPECT_EQ(found, expected) << batch << " x " << outputs << (accumulate ? ", accumulating" : "");
      }
    }
  }
}

}  // namespace
