// SPDX-License-Identifier: MIT
// Gradients against differences of the loss, for every combination of activations and losses.
#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <string>
#include <vector>

#include "mote/detail/backpropagation.hpp"
#include "support/double_network.hpp"
#include "support/guarded_memory.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::Topology;
using twin::Mistake;

constexpr double kLimit = 1e-3;
constexpr float kL2 = 0.125f;  // the same number in float and double

constexpr auto& kHidden = mote::test::kElementwise;

struct Ending {
  mote::LossOptions loss;
  Activation output;
  bool vectors = false;  // targets are numbers, not labels
};

std::vector<Ending> endings() {
  std::vector<Ending> allowed;
  for (const Loss loss :
       {Loss::quadratic, Loss::sigmoid_cross_entropy, Loss::cross_entropy, Loss::mean_absolute_error, Loss::huber}) {
    for (const Activation output : mote::test::kAnyActivation) {
      if (mote::check(loss, output).ok()) allowed.push_back({loss, output});
    }
  }
  return allowed;
}

std::vector<Topology> topologies(Activation hidden, Activation output) {
  return {{1, {1, output}},
          {6, {4, output}},
          {7, {5, hidden}, {3, output}},
          {33, {31, hidden}, {2, output}},
          {13, {17, hidden}, {11, hidden}, {5, output}}};
}

/// The same with Huber's delta within reach of the errors, with smoothed labels, and all of them with target vectors.
std::vector<Ending> all_endings() {
  std::vector<Ending> all = endings();
  for (const Ending& ending : endings()) {
    if (ending.loss.kind == Loss::huber) all.push_back({{Loss::huber, 0.25f}, ending.output});
    if (mote::is_cross_entropy(ending.loss.kind)) all.push_back({{ending.loss.kind, 1.0f, 0.125f}, ending.output});
  }
  for (std::size_t i = 0, labelled = all.size(); i < labelled; ++i) {
    all.push_back({all[i].loss, all[i].output, true});
  }
  return all;
}

struct Example {
  Topology topology;
  mote::LossOptions loss;
  std::vector<float> parameters;
  twin::Batch batch;

  mote::Span<const float> span() const { return {parameters.data(), parameters.size()}; }

  mote::Targets targets() const {
    if (batch.values.empty()) return batch.labels.data();
    return {batch.values.data(), topology.outputs()};
  }

  /// Whether a small change of the parameters takes no error to a kink of the loss. Nor may softmax be sure, where the
  /// difference from 1 has few digits.
  bool away_from_kinks_of_the_loss() const {
    if (loss.kind != Loss::mean_absolute_error && loss.kind != Loss::huber) return true;
    const double kink = loss.kind == Loss::huber ? static_cast<double>(loss.huber_delta) : 0.0;
    const bool is_relu = topology.output_activation() == Activation::relu;
    const bool is_softmax = topology.output_activation() == Activation::softmax;
    if (is_softmax && topology.outputs() == 1) return true;  // always 1
    const twin::Network network(topology, span());
    for (std::size_t m = 0; m < batch.rows(); ++m) {
      const twin::Vector a = network.outputs(batch.inputs.data() + m * topology.inputs);
      const twin::Vector y = twin::targets_of(loss, batch, m, a.size());
      for (std::size_t j = 0; j < a.size(); ++j) {
        const bool is_constant = is_relu && a[j] == 0.0;
        if (!is_constant && std::abs(std::abs(a[j] - y[j]) - kink) < 1e-3) return false;
        if (is_softmax && a[j] > 0.99) return false;
      }
    }
    return true;
  }

  /// Whether a small change of the parameters takes no pre-activation across a kink.
  bool away_from_kinks() const {
    const twin::Network network(topology, span());
    for (std::size_t m = 0; m < batch.rows(); ++m) {
      const std::vector<twin::Vector> z = network.pre_activations(batch.inputs.data() + m * topology.inputs);
      for (std::size_t l = 0; l < topology.layer_count; ++l) {
        if (!mote::test::has_kink(topology.layers[l].activation)) continue;
        for (const double x : z[l]) {
          if (std::abs(x) < 1e-3) return false;
        }
      }
    }
    return true;
  }
};

Example make_example(const Topology& topology, const Ending& ending, std::size_t rows) {
  Example example{topology, ending.loss, std::vector<float>(topology.parameter_count()), {}};
  for (std::uint32_t seed = 1; seed < 1000; ++seed) {
    twin::randomize(topology, seed, {example.parameters.data(), example.parameters.size()});
    example.batch = twin::random_batch(topology, rows, seed);
    if (ending.vectors) example.batch.values = twin::random_values(topology, rows, seed);
    if (example.away_from_kinks() && example.away_from_kinks_of_the_loss()) return example;
  }
  ADD_FAILURE() << "no example without a pre-activation close to 0";
  return example;
}

/// (C(p + h) - C(p - h)) / 2h for every parameter p, where C = mean loss + penalty, in double precision.
twin::Parameters numerical_gradients(const Example& example, double l2) {
  constexpr double kStep = 1e-5;
  twin::Network network(example.topology, example.span());
  twin::Parameters gradients = network.parameters;
  const auto cost = [&] { return network.mean_loss(example.loss, example.batch) + network.penalty(l2); };
  const auto differentiate = [&](twin::Vector& parameters, twin::Vector& slopes) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const double before = parameters[i];
      parameters[i] = before + kStep;
      const double above = cost();
      parameters[i] = before - kStep;
      slopes[i] = (above - cost()) / (2.0 * kStep);
      parameters[i] = before;
    }
  };
  for (std::size_t l = 0; l < example.topology.layer_count; ++l) {
    differentiate(network.parameters.weights[l], gradients.weights[l]);
    differentiate(network.parameters.biases[l], gradients.biases[l]);
  }
  return gradients;
}

/// The gradient that mote uses: parameters before minus after a step of gradient descent at rate 1. With l2 = 0, the
/// one that it keeps.
twin::Parameters mote_gradients(const Example& example, float l2) {
  const Topology& topology = example.topology;
  const std::size_t rows = example.batch.rows();
  GuardedMemory scratch(mote::backpropagation_bytes(topology, rows)), kept(topology.parameter_bytes());
  mote::Backpropagation engine;
  EXPECT_TRUE(engine.bind(topology, rows, scratch).ok());
  mote::LossTotals totals;
  const float* inputs = example.batch.inputs.data();
  engine.forward(example.parameters.data(), inputs, rows);
  engine.compute_loss(example.loss, example.targets(), 1.0f / static_cast<float>(rows), totals);
  engine.backward(example.parameters.data(), inputs, {kept.floats().data(), false, nullptr});
  if (l2 == 0.0f) return twin::unpack(topology, kept.floats());

  std::vector<float> stepped = example.parameters;
  const std::size_t weights = topology.all_weight_floats();
  const mote::ParameterStep step{
      {{mote::Optimizer::sgd, 1.0f, 0.0f}, l2, 1, 64}, weights, stepped.data(), nullptr, mote::optimizer_step};
  step.apply(0, weights, kept.floats().data());
  step.apply(weights, topology.parameter_count() - weights, kept.floats().data() + weights);
  twin::Parameters gradients = twin::unpack(topology, example.span());
  const twin::Parameters after = twin::unpack(topology, {stepped.data(), stepped.size()});
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    for (std::size_t i = 0; i < gradients.weights[l].size(); ++i) gradients.weights[l][i] -= after.weights[l][i];
    for (std::size_t j = 0; j < gradients.biases[l].size(); ++j) gradients.biases[l][j] -= after.biases[l][j];
  }
  return gradients;
}

/// Checks mote's gradients for one hidden activation and all else; the largest error goes into the test's record.
void check_all(Activation hidden) {
  double largest = 0.0;
  for (const Ending& ending : all_endings()) {
    for (const Topology& topology : topologies(hidden, ending.output)) {
      for (const std::size_t rows : {1u, 3u, 10u}) {
        if (rows != 3 && topology.inputs == 33) continue;  // nothing new, and differences take long
        if (rows == 10 && topology.inputs == 13) continue;
        if (ending.vectors && topology.inputs > 7) continue;
        const Example example = make_example(topology, ending, rows);
        const float l2 = rows == 3 ? 0.0f : kL2;
        const double error =
            twin::largest_error(mote_gradients(example, l2), numerical_gradients(example, static_cast<double>(l2)));
        EXPECT_LT(error, kLimit) << "loss " << static_cast<int>(ending.loss.kind) << " output activation "
                                 << static_cast<int>(ending.output) << " inputs " << topology.inputs << " rows "
                                 << rows;
        largest = std::fmax(largest, error);
      }
    }
  }
  testing::Test::RecordProperty("largest_relative_error", std::to_string(largest * 1e6) + "e-6");
}

TEST(GradientCheck, CoversEveryLossThatAnOutputActivationMayMeet) {
  constexpr std::size_t kActivations = std::size(mote::test::kAnyActivation);
  EXPECT_EQ(mote::name_of(static_cast<Activation>(kActivations)), nullptr) << "kAnyActivation lacks an activation";
  EXPECT_EQ(std::size(kHidden), kActivations - 1) << "all but softmax";
  EXPECT_EQ(endings().size(), 3u * kActivations + 2u);
  EXPECT_EQ(all_endings().size(), 2u * (4u * kActivations + 4u));
}

class HiddenActivations : public testing::TestWithParam<Activation> {};
INSTANTIATE_TEST_SUITE_P(, HiddenActivations, testing::ValuesIn(kHidden),
                         [](const auto& hidden) { return mote::test::activation_name(hidden.param); });

TEST_P(HiddenActivations, HaveTheGradientsOfTheLossWithEveryLossAndOutput) {
  check_all(GetParam());
}

TEST(GradientCheck, AcceptsTheTwinWithoutMistakes) {
  for (const Activation hidden : kHidden) {
    for (const Ending& ending : all_endings()) {
      const Example example = make_example({7, {6, hidden}, {5, hidden}, {3, ending.output}}, ending, 3);
      const twin::Network network(example.topology, example.span());
      const double l2 = static_cast<double>(kL2);
      const double error =
          twin::largest_error(network.gradients(ending.loss, example.batch, l2), numerical_gradients(example, l2));
      EXPECT_LT(error, 1e-6);
    }
  }
}

/// The error that the same check finds when the gradient has been computed with a mistake.
double error_with(Mistake mistake, Activation hidden, const Ending& ending) {
  const Example example = make_example({7, {6, hidden}, {5, hidden}, {3, ending.output}}, ending, 3);
  const twin::Network network(example.topology, example.span());
  const double l2 = static_cast<double>(kL2);
  return twin::largest_error(network.gradients(ending.loss, example.batch, l2, mistake),
                             numerical_gradients(example, l2));
}

TEST(GradientCheck, RejectsWrongDerivativesOfHiddenActivations) {
  for (const Ending& ending : endings()) {
    EXPECT_GT(error_with(Mistake::sigmoid_derivative_a, Activation::sigmoid, ending), kLimit);
    EXPECT_GT(error_with(Mistake::tanh_derivative_1_minus_a, Activation::tanh, ending), kLimit);
    EXPECT_GT(error_with(Mistake::relu_derivative_1, Activation::relu, ending), kLimit);
    EXPECT_GT(error_with(Mistake::leaky_relu_derivative_0, Activation::leaky_relu, ending), kLimit);
    EXPECT_GT(error_with(Mistake::elu_derivative_a, Activation::elu, ending), kLimit);
    EXPECT_GT(error_with(Mistake::selu_derivative_unscaled, Activation::selu, ending), kLimit);
    EXPECT_GT(error_with(Mistake::gelu_derivative_phi, Activation::gelu, ending), kLimit);
    EXPECT_GT(error_with(Mistake::silu_derivative_s, Activation::silu, ending), kLimit);
    EXPECT_GT(error_with(Mistake::softplus_derivative_a, Activation::softplus, ending), kLimit);
    for (const Activation hidden : kHidden) {
      if (hidden == Activation::identity) continue;
      EXPECT_GT(error_with(Mistake::hidden_derivative_missing, hidden, ending), kLimit);
    }
  }
}

TEST(GradientCheck, RejectsWrongDerivativesOfOutputActivations) {
  const Activation hidden = Activation::identity;
  EXPECT_GT(error_with(Mistake::sigmoid_derivative_a, hidden, {Loss::quadratic, Activation::sigmoid}), kLimit);
  EXPECT_GT(error_with(Mistake::sigmoid_derivative_a, hidden, {Loss::sigmoid_cross_entropy, Activation::sigmoid}),
            kLimit);
  EXPECT_GT(error_with(Mistake::tanh_derivative_1_minus_a, hidden, {Loss::quadratic, Activation::tanh}), kLimit);
  EXPECT_GT(error_with(Mistake::relu_derivative_1, hidden, {Loss::quadratic, Activation::relu}), kLimit);
  EXPECT_GT(error_with(Mistake::leaky_relu_derivative_0, hidden, {Loss::quadratic, Activation::leaky_relu}), kLimit);
  EXPECT_GT(error_with(Mistake::elu_derivative_a, hidden, {Loss::quadratic, Activation::elu}), kLimit);
  EXPECT_GT(error_with(Mistake::selu_derivative_unscaled, hidden, {Loss::quadratic, Activation::selu}), kLimit);
  EXPECT_GT(error_with(Mistake::gelu_derivative_phi, hidden, {Loss::quadratic, Activation::gelu}), kLimit);
  EXPECT_GT(error_with(Mistake::silu_derivative_s, hidden, {Loss::quadratic, Activation::silu}), kLimit);
  EXPECT_GT(error_with(Mistake::softplus_derivative_a, hidden, {Loss::quadratic, Activation::softplus}), kLimit);
  EXPECT_GT(error_with(Mistake::softmax_diagonal_only, hidden, {Loss::quadratic, Activation::softmax}), kLimit);
  EXPECT_GT(error_with(Mistake::softmax_diagonal_only, hidden, {Loss::cross_entropy, Activation::softmax}), kLimit);
  for (const Loss loss : {Loss::mean_absolute_error, Loss::huber}) {
    EXPECT_GT(error_with(Mistake::sigmoid_derivative_a, hidden, {loss, Activation::sigmoid}), kLimit);
    EXPECT_GT(error_with(Mistake::softmax_diagonal_only, hidden, {loss, Activation::softmax}), kLimit);
  }
}

TEST(GradientCheck, RejectsMistakesOfBatchAndPenaltyWithEveryActivationAndLoss) {
  for (const Activation hidden : kHidden) {
    for (const Ending& ending : endings()) {
      for (const Mistake mistake : {Mistake::sign_flipped, Mistake::batch_sum, Mistake::penalty_on_biases,
                                    Mistake::penalty_doubled, Mistake::first_sample_only_in_biases}) {
        EXPECT_GT(error_with(mistake, hidden, ending), kLimit) << "mistake " << static_cast<int>(mistake);
      }
    }
  }
}

}  // namespace
