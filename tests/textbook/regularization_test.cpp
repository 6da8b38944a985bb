// SPDX-License-Identifier: MIT
#include "mote/detail/regularization.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/double_network.hpp"
#include "support/double_optimizer.hpp"
#include "support/support.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Activation;
using mote::Optimizer;
using mote::Status;
using mote::Topology;
using mote::TrainingOptions;
using mote::test::kInf;
using mote::test::kNotANumber;
using mote::test::wide;
using std::size_t;
using training::Bound;
using training::Samples;
using training::with_batch;

class Regularization : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, Regularization, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

const Topology kTopology{70, {130, Activation::tanh}, {33, Activation::relu}, {10, Activation::softmax}};

double norm_of(const std::vector<float>& v) {
  double squares = 0.0;
  for (const float x : v) squares += wide(x) * wide(x);
  return std::sqrt(squares);
}

/// Gradients laid out for kTopology, of about the given size.
std::vector<float> gradients_of_size(float size) {
  std::vector<float> gradients(kTopology.parameter_count());
  twin::randomize(kTopology, 3, {gradients.data(), gradients.size()});
  for (float& g : gradients) g = std::fmin(std::fmax(g, -3.4f), 3.4f) * size;
  return gradients;
}

TEST_P(Regularization, ClipsToTheRightNormInTheSameDirection) {
  for (const float size : {1e-37f, 1e-30f, 1e-10f, 1.0f, 1e10f, 1e30f, 1e38f}) {
    const std::vector<float> before = gradients_of_size(size);
    const double norm = norm_of(before);
    for (const double share : {1e-6, 0.3, 0.999}) {
      SCOPED_TRACE(testing::Message() << "size " << size << " share " << share);
      if (norm * share > 3e38 || norm * share < 1e-37) continue;
      const float limit = static_cast<float>(norm * share);
      std::vector<float> clipped = before;
      ASSERT_TRUE(mote::clip_norm(kTopology, limit, clipped.data()));
      EXPECT_NEAR(norm_of(clipped) / wide(limit), 1.0, 1e-5);
      for (size_t i = 0; i < before.size(); ++i) {
        const double expected = wide(before[i]) * wide(limit) / norm;
        ASSERT_NEAR(wide(clipped[i]), expected, 1e-5 * std::fabs(expected) + 0x1p-149) << i;
      }
    }
  }
}

TEST_P(Regularization, LeavesGradientsWithinTheNormAlone) {
  for (const float size : {1e-30f, 1.0f, 1e30f}) {
    const std::vector<float> before = gradients_of_size(size);
    std::vector<float> clipped = before;
    ASSERT_TRUE(mote::clip_norm(kTopology, static_cast<float>(norm_of(before) * 1.0001), clipped.data()));
    EXPECT_EQ(clipped, before);
  }
  std::vector<float> zeros(kTopology.parameter_count());
  ASSERT_TRUE(mote::clip_norm(kTopology, 1e-40f, zeros.data()));
  EXPECT_EQ(norm_of(zeros), 0.0);
}

TEST_P(Regularization, NormCountsEveryWeightAndBiasOfEveryLayer) {
  for (size_t l = 0; l < kTopology.layer_count; ++l) {
    for (const size_t at : {kTopology.weights_offset(l), kTopology.biases_offset(l) + kTopology.outputs_of(l) - 1,
                            kTopology.weights_offset(l) + kTopology.weight_floats(l) - kTopology.stride_of(l)}) {
      std::vector<float> gradients(kTopology.parameter_count());
      gradients[at] = -3.0f;
      gradients[kTopology.biases_offset(1)] = 4.0f;
      ASSERT_TRUE(mote::clip_norm(kTopology, 2.5f, gradients.data()));
      EXPECT_EQ(gradients[at], -1.5f) << l;
      EXPECT_EQ(gradients[kTopology.biases_offset(1)], 2.0f);
    }
  }
}

TEST_P(Regularization, ClippingReportsWhatIsNotFinite) {
  const std::vector<float> good = gradients_of_size(1.0f);
  for (const float bad : {kInf, -kInf, kNotANumber}) {
    for (const size_t at : {size_t{0}, size_t{100}, kTopology.biases_offset(2) + 9}) {
      std::vector<float> gradients = good;
      gradients[at] = bad;
      const std::vector<float> before = gradients;
      EXPECT_FALSE(mote::clip_norm(kTopology, 1.0f, gradients.data()));
      EXPECT_TRUE(mote::test::same_bits(before.data(), gradients.data(), before.size()));
      EXPECT_FALSE(mote::clip_value(1.0f, gradients.data(), gradients.size()));
      EXPECT_TRUE(mote::test::same_bits(&before[at], &gradients[at], 1));
    }
  }
}

TEST_P(Regularization, ClipsEveryElementByValue) {
  std::vector<float> gradients = {0.0f, -0.0f, 0.5f, -0.5f, 0.50001f, -0.50001f, 1e38f, -1e38f, 1e-40f};
  const std::vector<float> expected = {0.0f, -0.0f, 0.5f, -0.5f, 0.5f, -0.5f, 0.5f, -0.5f, 1e-40f};
  ASSERT_TRUE(mote::clip_value(0.5f, gradients.data(), gradients.size()));
  EXPECT_TRUE(mote::test::same_bits(gradients.data(), expected.data(), expected.size()));
}

TEST_P(Regularization, LimitsTheNormOfEveryColumnThatIsLonger) {
  mote::test::Source source(8);
  for (const size_t columns : {1u, 15u, 64u, 130u}) {
    const size_t inputs = 50, stride = mote::row_stride(columns);
    for (const float size : {1e-30f, 1.0f, 1e30f, 3e38f}) {
      std::vector<float> w = source.matrix(inputs, columns, stride);
      for (size_t i = 0; i < w.size(); ++i) w[i] *= size * (i % stride % 3 == 0 ? 0.001f : 1.0f);  // a third are short
      const std::vector<float> before = w;
      const float limit = 0.8f * size;
      mote::limit_column_norms(limit, inputs, columns, stride, w.data());
      for (size_t j = 0; j < stride; ++j) {
        double squares = 0.0;
        for (size_t i = 0; i < inputs; ++i) squares += wide(before[i * stride + j]) * wide(before[i * stride + j]);
        const double factor = j < columns && std::sqrt(squares) > wide(limit) ? wide(limit) / std::sqrt(squares) : 1.0;
        EXPECT_EQ(factor != 1.0, j < columns && j % 3 != 0);
        for (size_t i = 0; i < inputs; ++i) {
          const double expected = wide(before[i * stride + j]) * factor;
          ASSERT_NEAR(wide(w[i * stride + j]), expected, 1e-6 * std::fabs(expected));
          if (factor == 1.0) {
            ASSERT_EQ(w[i * stride + j], before[i * stride + j]);
          }
        }
      }
    }
  }
}

TEST_P(Regularization, LeavesColumnsThatAreNotFiniteForOthersToFind) {
  std::vector<float> w = {kInf, 3.0f, kNotANumber, 1.0f, 4.0f, 5.0f};
  const float inf = w[0];
  mote::limit_column_norms(0.5f, 2, 3, 3, w.data());
  EXPECT_EQ(w[0], inf);
  EXPECT_EQ(w[3], 1.0f);
  EXPECT_FLOAT_EQ(w[1], 0.3f);
  EXPECT_FLOAT_EQ(w[4], 0.4f);
  EXPECT_NE(w[2], w[2]);
  EXPECT_EQ(w[5], 5.0f);
}

constexpr size_t kSamples = 40;
const Topology kSmallNet{12, {20, Activation::tanh}, {11, Activation::sigmoid}, {4, Activation::softmax}};

TrainingOptions full_batch(float rate) {
  TrainingOptions options = with_batch(kSamples);
  options.optimizer.learning_rate = rate;
  options.l2 = 0.0f;
  options.shuffle = false;
  return options;
}

/// The change of parameters by a first step of gradient descent at rate 1, and the gradient by the formulas.
struct FirstStep {
  twin::Parameters taken, gradients;

  explicit FirstStep(const TrainingOptions& options) {
    const Samples samples(kSmallNet, kSamples);
    Bound bound(kSmallNet, options, kSamples);
    const std::vector<float> before(bound.trainer.parameters().begin(), bound.trainer.parameters().end());
    twin::Batch batch;
    for (const std::uint8_t byte : samples.features) batch.inputs.push_back(static_cast<float>(byte) / 255.0f);
    batch.labels = samples.labels;
    const mote::Span<const float> span{before.data(), before.size()};
    gradients = twin::Network(kSmallNet, span).gradients(options.loss, batch, 0.0);
    bound.train(samples.dataset);
    taken = twin::unpack(kSmallNet, span);
    const twin::Parameters after = twin::unpack(kSmallNet, bound.trainer.parameters());
    for_each(after, [](double& x, double y) { x -= y; });
  }

  template <typename F>
  void for_each(const twin::Parameters& other, F f) {
    for (size_t l = 0; l < other.weights.size(); ++l) {
      for (size_t i = 0; i < other.weights[l].size(); ++i) f(taken.weights[l][i], other.weights[l][i]);
      for (size_t i = 0; i < other.biases[l].size(); ++i) f(taken.biases[l][i], other.biases[l][i]);
    }
  }
};

TEST(GradientClipping, StepsAlongTheGradientOfTheFormulasWithTheNormAskedFor) {
  for (const size_t memory_rows : {7u, 256u}) {
    for (const float limit : {0.0f, 1e6f, 0.05f}) {
      TrainingOptions options = full_batch(1.0f);
      options.memory_rows = memory_rows;
      options.clip_norm = limit;
      FirstStep step(options);
      double dot = 0.0, step_squares = 0.0, squares = 0.0;
      step.for_each(step.gradients,
                    [&](double& s, double g) { dot += s * g, step_squares += s * s, squares += g * g; });
      ASSERT_GT(std::sqrt(squares), 0.1);  // so that 0.05 clips
      EXPECT_NEAR(dot / std::sqrt(step_squares * squares), 1.0, 1e-6);
      EXPECT_NEAR(std::sqrt(step_squares), limit == 0.05f ? 0.05 : std::sqrt(squares), 1e-5);
    }
  }
}

TEST(GradientClipping, ByValueLimitsEveryElementOfTheGradientOfTheFormulas) {
  TrainingOptions options = full_batch(1.0f);
  options.clip_value = 0.01f;
  FirstStep step(options);
  int clipped = 0, whole = 0;
  step.for_each(step.gradients, [&](double& s, double g) {
    ++(std::fabs(g) > 0.01 ? clipped : whole);
    EXPECT_NEAR(s, std::fmin(std::fmax(g, -0.01), 0.01), 1e-6);
  });
  EXPECT_GT(clipped, 10);
  EXPECT_GT(whole, 10);
}

TEST(GradientClipping, ThatNeverClipsChangesNoBit) {
  const Samples samples(kSmallNet, kSamples);
  for (const size_t memory_rows : {3u, 256u}) {
    for (const Optimizer method : {Optimizer::sgd, Optimizer::momentum, Optimizer::nesterov, Optimizer::adam}) {
      TrainingOptions options = with_batch(8, memory_rows, method);
      Bound plain(kSmallNet, options, kSamples);
      const std::uint32_t expected = plain.train(samples.dataset, 3);
      options.clip_norm = 1e30f;
      Bound by_norm(kSmallNet, options, kSamples);
      EXPECT_EQ(by_norm.train(samples.dataset, 3), expected);
      options.clip_norm = 0.0f;
      options.clip_value = 1e30f;
      Bound by_value(kSmallNet, options, kSamples);
      EXPECT_EQ(by_value.train(samples.dataset, 3), expected);
    }
  }
}

TEST(MaxNorm, HoldsForEveryHiddenUnitAndForNothingElse) {
  const Samples samples(kSmallNet, kSamples);
  for (const Optimizer method : {Optimizer::sgd, Optimizer::nesterov, Optimizer::adam}) {
    TrainingOptions options = with_batch(8, 256, method);
    options.max_norm = 0.5f;
    options.l2 = 0.0f;
    Bound bound(kSmallNet, options, kSamples);
    bound.train(samples.dataset, 5);
    const twin::Parameters p = twin::unpack(kSmallNet, bound.trainer.parameters());
    for (size_t l = 0; l < 3; ++l) {
      const size_t outputs = kSmallNet.outputs_of(l);
      double longest = 0.0, longest_bias = 0.0;
      for (size_t j = 0; j < outputs; ++j) {
        double squares = 0.0;
        for (size_t i = j; i < p.weights[l].size(); i += outputs) squares += p.weights[l][i] * p.weights[l][i];
        longest = std::fmax(longest, std::sqrt(squares));
        longest_bias = std::fmax(longest_bias, std::fabs(p.biases[l][j]));
      }
      EXPECT_GT(longest_bias, 0.5) << l;
      if (l < 2) {
        EXPECT_LT(longest, 0.5 + 1e-6) << l;
        EXPECT_GT(longest, 0.49) << l;
      } else {
        EXPECT_GT(longest, 0.6) << l;
      }
    }
    double rest = 0.0, all = 0.0;  // padding stays 0
    for (const float x : bound.trainer.parameters()) all += wide(x) * wide(x);
    for (size_t l = 0; l < 3; ++l) {
      for (const double x : p.weights[l]) rest += x * x;
      for (const double x : p.biases[l]) rest += x * x;
    }
    EXPECT_NEAR(all, rest, 1e-9 * all);
  }
}

/// Scales columns of hidden weights back, as Srivastava et al. say.
void limit(twin::Parameters& p, double most) {
  for (size_t l = 0; l + 1 < p.weights.size(); ++l) {
    const size_t outputs = p.biases[l].size();
    for (size_t j = 0; j < outputs; ++j) {
      double squares = 0.0;
      for (size_t i = j; i < p.weights[l].size(); i += outputs) squares += p.weights[l][i] * p.weights[l][i];
      const double factor = std::fmin(1.0, most / std::sqrt(squares));
      for (size_t i = j; i < p.weights[l].size(); i += outputs) p.weights[l][i] *= factor;
    }
  }
}

TEST(MaxNorm, FollowsTheFormulasWithOptimizersThatRemember) {
  const Samples samples(kSmallNet, kSamples);
  twin::Batch batch;
  for (const std::uint8_t byte : samples.features) batch.inputs.push_back(static_cast<float>(byte) / 255.0f);
  batch.labels = samples.labels;
  for (const Optimizer method : {Optimizer::sgd, Optimizer::momentum, Optimizer::nesterov}) {
    TrainingOptions options = full_batch(0.1f);
    options.optimizer.method = method;
    options.max_norm = 0.5f;
    Bound bound(kSmallNet, options, kSamples);
    twin::Network network(kSmallNet, bound.trainer.parameters());
    const twin::OptimizerTwin optimizer{options.optimizer};
    std::vector<twin::Memory> memory(kSmallNet.trainable_count());
    for (int t = 1; t <= 20; ++t) {
      twin::Parameters theta = network.parameters;
      const auto for_each = [&](twin::Parameters& p, const auto& f) {
        size_t m = 0;
        for (auto* parts : {&p.weights, &p.biases}) {
          for (twin::Vector& part : *parts) {
            for (double& x : part) f(x, memory[m++]);
          }
        }
      };
      for_each(network.parameters, [&](double& x, const twin::Memory& m) { x = optimizer.point(x, m); });
      twin::Parameters g = network.gradients(options.loss, batch, 0.0);
      std::vector<double> slopes;
      for_each(g, [&](double& x, const twin::Memory&) { slopes.push_back(x); });
      size_t next = 0;
      for_each(theta, [&](double& x, twin::Memory& m) { optimizer.step(x, slopes[next++], m, t); });
      limit(theta, 0.5);
      network.parameters = theta;
    }
    bound.train(samples.dataset, 20);
    EXPECT_LT(twin::largest_error(twin::unpack(kSmallNet, bound.trainer.parameters()), network.parameters), 1e-5)
        << twin::name_of(method);
  }
}

}  // namespace
