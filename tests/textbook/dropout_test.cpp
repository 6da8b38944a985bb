// SPDX-License-Identifier: MIT
#include "mote/detail/dropout.hpp"
#include "mote/detail/activation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <thread>
#include <vector>

#include "mote/activation.hpp"
#include "mote/detail/backpropagation.hpp"
#include "support/closed_forms.hpp"
#include "support/double_network.hpp"
#include "support/support.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Activation;
using mote::Dropout;
using mote::LossTotals;
using mote::Optimizer;
using mote::Topology;
using mote::TrainingOptions;
using mote::test::wide;
using std::size_t;
using training::Bound;
using training::Samples;
using training::with_batch;

Dropout dropout_of(float rate, std::uint64_t seed = 1, std::uint64_t sample = 0, std::uint32_t layer = 1) {
  return {rate, mote::dropout_key(seed), sample, layer};
}

/// drop_units() applied to ones.
std::vector<float> mask(const Dropout& dropout, size_t rows, size_t columns) {
  std::vector<float> values(rows * columns, 1.0f);
  mote::drop_units(dropout, rows, columns, columns, values.data());
  return values;
}

/// Distance of `hits` of n events with probability p from its expectation, in standard deviations.
double deviations(double hits, double n, double p) {
  return std::fabs(hits - n * p) / std::sqrt(n * p * (1.0 - p));
}

class DropUnits : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, DropUnits, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(DropUnits, LeavesOutAtTheRateAndScalesTheRest) {
  for (const float rate : {0.01f, 0.2f, 0.5f, 0.9f}) {
    const size_t rows = 1000, columns = 300;
    const std::vector<float> values = mask(dropout_of(rate), rows, columns);
    std::vector<double> by_row(rows), by_column(columns);
    double dropped = 0.0;
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] != 0.0f) {
        ASSERT_FLOAT_EQ(values[i], 1.0f / (1.0f - rate));
      } else {
        ++dropped, ++by_row[i / columns], ++by_column[i % columns];
      }
    }
    EXPECT_LT(deviations(dropped, rows * columns, wide(rate)), 4.0) << rate;
    for (const double n : by_row) EXPECT_LT(deviations(n, columns, wide(rate)), 6.5) << rate;
    for (const double n : by_column) EXPECT_LT(deviations(n, rows, wide(rate)), 6.0) << rate;
  }
}

TEST_P(DropUnits, MasksOfUnitsSamplesLayersAndSeedsAreIndependent) {
  const size_t rows = 500, columns = 200, n = rows * columns;
  const std::vector<float> base = mask(dropout_of(0.5f), rows, columns);
  const auto agreement = [&](const std::vector<float>& other, size_t shift) {
    double same = 0.0;
    for (size_t i = 0; i + shift < n; ++i) same += (base[i + shift] != 0.0f) == (other[i] != 0.0f);
    return deviations(same, static_cast<double>(n - shift), 0.5);
  };
  for (size_t unit = 1; unit <= 64; ++unit) EXPECT_LT(agreement(base, unit), 4.5) << unit;
  for (size_t row = 1; row <= 64; ++row) EXPECT_LT(agreement(base, row * columns), 4.5) << row;
  for (std::uint32_t layer = 2; layer < 10; ++layer) {
    EXPECT_LT(agreement(mask(dropout_of(0.5f, 1, 0, layer), rows, columns), 0), 4.5) << layer;
  }
  for (std::uint64_t seed = 2; seed < 10; ++seed) {
    EXPECT_LT(agreement(mask(dropout_of(0.5f, seed), rows, columns), 0), 4.5) << seed;
  }
  EXPECT_GT(agreement(base, 0), 100.0);  // the check itself
}

TEST_P(DropUnits, EightNeighboursTakeAllOfTheirPatternsAlike) {
  const std::vector<float> values = mask(dropout_of(0.5f), 2000, 256);
  std::vector<size_t> counts(256);
  for (size_t i = 0; i < values.size(); i += 8) {
    size_t pattern = 0;
    for (size_t j = 0; j < 8; ++j) pattern = 2 * pattern + (values[i + j] != 0.0f);
    ++counts[pattern];
  }
  EXPECT_LT(mote::test::chi_square(counts), mote::test::chi_square_limit(counts.size()));
}

TEST_P(DropUnits, KeepExpectations) {
  const size_t units = 64, masks = 4000;
  mote::test::Source source(2);
  const std::vector<float> activations = source.floats(units);
  std::vector<double> mean(units);
  for (size_t m = 0; m < masks; ++m) {
    std::vector<float> dropped = activations;
    mote::drop_units(dropout_of(0.3f, 1, m), 1, units, units, dropped.data());
    for (size_t j = 0; j < units; ++j) mean[j] += wide(dropped[j]) / static_cast<double>(masks);
  }
  for (size_t j = 0; j < units; ++j) {  // a (Bernoulli(0.7) / 0.7) has deviation |a| sqrt(0.3 / 0.7)
    const double sigma = std::fabs(wide(activations[j])) * std::sqrt(0.3 / 0.7 / static_cast<double>(masks));
    EXPECT_NEAR(mean[j], wide(activations[j]), 4.5 * sigma) << j;
  }
}

TEST_P(DropUnits, NumbersOfSamplesDecideNotHowTheyCome) {
  const size_t rows = 50, columns = 37, stride = 48;
  const Dropout dropout = dropout_of(0.4f, 9, (std::uint64_t{1} << 40) - 7, 3);
  std::vector<float> whole(rows * stride, 1.0f), parts = whole;
  mote::drop_units(dropout, rows, columns, stride, whole.data());
  for (size_t first = 0; first < rows; first += 7) {
    mote::drop_units(dropout.at(3, first), std::min<size_t>(7, rows - first), columns, stride,
                     parts.data() + first * stride);
  }
  EXPECT_EQ(whole, parts);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = columns; j < stride; ++j) EXPECT_EQ(whole[i * stride + j], 1.0f);
  }
}

TEST(Dropout, LeavesOutNothingAtRate0AndNeverDividesBy0) {
  EXPECT_EQ(mask(dropout_of(0.0f), 10, 20), std::vector<float>(200, 1.0f));
  const float largest = 1.0f - 0x1p-24f;
  for (const float value : mask(dropout_of(largest), 10, 20)) EXPECT_TRUE(value == 0.0f || value == 0x1p24f);
}

TEST(Dropout, MasksAreTheSameOnEveryMachine) {
  std::uint32_t bits = 0;
  for (const float value : mask({0.5f, 0x0123456789abcdefu, 5, 2}, 1, 32)) bits = 2 * bits + (value != 0.0f);
  EXPECT_EQ(bits, 0x2932508cu);
}

TEST_P(DropUnits, DeltasAreThoseOfTheActivationsBefore) {
  const size_t rows = 20, columns = 33, stride = 48;
  mote::test::Source source(4);
  const Dropout dropout = dropout_of(0.4f);
  for (const Activation activation : mote::test::kElementwise) {
    std::vector<float> a = source.matrix(rows, columns, stride), d = source.matrix(rows, columns, stride);
    const std::vector<float> biases(stride);
    a[3] = 100.0f, a[4] = -100.0f;  // where sigmoid and tanh are at their ends
    const std::vector<float> z = a;
    mote::add_biases_and_activate(activation, rows, columns, stride, biases.data(), a.data());
    std::vector<float> expected = d, dropped = a;
    const bool of_z = mote::needs_pre_activations(activation);
    mote::drop_units(dropout, rows, columns, stride, expected.data());
    mote::multiply_by_derivative(activation, rows, columns, stride, (of_z ? z : a).data(), expected.data());
    mote::drop_units(dropout, rows, columns, stride, dropped.data());
    mote::drop_and_multiply_by_derivative(dropout, activation, rows, columns, stride, (of_z ? z : dropped).data(),
                                          d.data());
    for (size_t i = 0; i < d.size(); ++i) {
      ASSERT_NEAR(d[i], expected[i], 1e-6f) << i;
      ASSERT_GE(d[i] * expected[i], 0.0f) << i;
    }
  }
}

/// 1 divided and multiplied by 1 - rate never exceeds 1, where the slope of sigmoid and tanh would be below 0.
TEST_P(DropUnits, SlopesAtTheEndsAreZeroForEveryRate) {
  for (int percent = 1; percent < 100; ++percent) {
    const Dropout dropout = dropout_of(static_cast<float>(percent) / 100.0f);
    for (const Activation activation : {Activation::sigmoid, Activation::tanh}) {
      for (const float end : {1.0f, activation == Activation::tanh ? -1.0f : 1.0f}) {
        std::vector<float> kept(16, end), deltas(16, 1.0f);
        mote::drop_units(dropout, 1, 16, 16, kept.data());
        mote::drop_and_multiply_by_derivative(dropout, activation, 1, 16, 16, kept.data(), deltas.data());
        for (std::size_t j = 0; j < 16; ++j) {
          ASSERT_TRUE(kept[j] == 0.0f || deltas[j] >= 0.0f) << percent << " %";
        }
      }
    }
  }
}

/// A network in double precision whose hidden activations are multiplied by given factors.
struct Thinned {
  twin::Network network;
  const twin::Batch& batch;
  std::vector<std::vector<float>> factors;  // [hidden layer][row * outputs + unit]
  double nearest_kink = 1.0;                // smallest |z| of a relu

  double mean_cross_entropy() {
    const Topology& topology = network.topology;
    double sum = 0.0;
    for (size_t m = 0; m < batch.rows(); ++m) {
      const float* inputs = batch.inputs.data() + m * topology.inputs;
      twin::Vector a(inputs, inputs + topology.inputs);
      for (size_t l = 0; l < topology.layer_count; ++l) {
        twin::Vector z = network.parameters.biases[l];
        for (size_t i = 0; i < a.size() * z.size(); ++i) {
          z[i % z.size()] += a[i / z.size()] * network.parameters.weights[l][i];
        }
        a = twin::activate(topology.layers[l].activation, z);
        if (l + 1 == topology.layer_count) break;
        for (size_t j = 0; j < a.size(); ++j) {
          nearest_kink = std::fmin(nearest_kink, std::fabs(z[j]));
          a[j] *= wide(factors[l][m * a.size() + j]);
        }
      }
      sum -= std::log(a[batch.labels[m]]);
    }
    return sum / static_cast<double>(batch.rows());
  }

  /// Central differences, for every parameter.
  twin::Parameters gradients() {
    constexpr double kStep = 1e-5;
    twin::Parameters slopes = network.parameters;
    for (const auto part : {&twin::Parameters::weights, &twin::Parameters::biases}) {
      for (size_t l = 0; l < slopes.weights.size(); ++l) {
        for (size_t i = 0; i < (slopes.*part)[l].size(); ++i) {
          double& p = (network.parameters.*part)[l][i];
          const double before = p;
          p = before + kStep;
          const double above = mean_cross_entropy();
          p = before - kStep;
          (slopes.*part)[l][i] = (above - mean_cross_entropy()) / (2.0 * kStep);
          p = before;
        }
      }
    }
    return slopes;
  }
};

TEST(Dropout, GradientsAreThoseOfTheThinnedNetwork) {
  for (const Activation hidden : mote::test::kElementwise) {
    const Topology topology{9, {17, hidden}, {8, hidden}, {4, Activation::softmax}};
    const size_t rows = 6;
    const Dropout dropout = dropout_of(0.4f, 3, 1000);
    std::vector<float> parameters(topology.parameter_count());
    const mote::Span<float> span{parameters.data(), parameters.size()};
    const std::vector<std::vector<float>> factors = {mask(dropout.at(1, 0), rows, 17), mask(dropout.at(2, 0), rows, 8)};
    bool found = false;
    for (std::uint32_t seed = 1; !found && seed < 100; ++seed) {
      twin::randomize(topology, seed, span);
      twin::Batch batch = twin::random_batch(topology, rows, seed);
      Thinned thinned{twin::Network(topology, span), batch, factors};
      const double loss = thinned.mean_cross_entropy();
      if (thinned.nearest_kink < 1e-3) continue;
      found = true;
      GuardedMemory scratch(mote::backpropagation_bytes(topology, rows)), kept(topology.parameter_bytes());
      mote::Backpropagation engine;
      ASSERT_TRUE(engine.bind(topology, rows, scratch).ok());
      engine.set_dropout(dropout);
      LossTotals totals;
      engine.forward(parameters.data(), batch.inputs.data(), rows);
      engine.compute_loss(mote::Loss::cross_entropy, batch.labels.data(), 1.0f / static_cast<float>(rows), totals);
      engine.backward(parameters.data(), batch.inputs.data(), {kept.floats().data(), false, nullptr});
      EXPECT_NEAR(wide(totals.mean_loss()), loss, 1e-5 * loss);
      EXPECT_LT(twin::largest_error(twin::unpack(topology, kept.floats()), thinned.gradients()), 1e-4)
          << static_cast<int>(hidden);
    }
    EXPECT_TRUE(found);
  }
}

constexpr size_t kSamples = 60;
const Topology kTopology{40, {33, Activation::tanh}, {20, Activation::relu}, {4, Activation::softmax}};

TrainingOptions with_dropout(size_t batch, float input, float hidden, size_t memory_rows = 256,
                             Optimizer method = Optimizer::momentum) {
  TrainingOptions options = with_batch(batch, memory_rows, method);
  options.optimizer.learning_rate = 0.05f;
  options.input_dropout = input;
  options.hidden_dropout = hidden;
  return options;
}

void run_on_threads(void*, size_t pieces, mote::Parallel::Piece piece, void* context) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < pieces; ++i) threads.emplace_back(piece, context, i);
  for (std::thread& thread : threads) thread.join();
}

/// Samples in which a third of the features are always 0, and many of the others are 0.
void make_sparse(Samples& samples) {
  for (size_t i = 0; i < samples.features.size(); ++i) {
    if (i % 40 % 3 == 0 || samples.features[i] < 120) samples.features[i] = 0;
  }
}

TEST(Dropout, ChunksWorkersAndTheSearchForZeroInputsChangeNoBit) {
  Samples samples(kTopology, kSamples);
  make_sparse(samples);
  for (const Optimizer method : {Optimizer::sgd, Optimizer::nesterov, Optimizer::adam}) {
    for (const size_t batch : {1u, 25u, 60u}) {
      TrainingOptions options = with_dropout(batch, 0.2f, 0.5f, 256, method);
      options.max_norm = 1.0f;
      options.clip_norm = batch == 25 ? 0.1f : 0.0f;
      Bound plain(kTopology, options, kSamples);
      const std::uint32_t expected = plain.train(samples.dataset, 3);
      const auto expect_same = [&](const char* what) {
        Bound other(kTopology, options, kSamples);
        other.trainer.set_parallel({run_on_threads, nullptr, options.workers});
        EXPECT_EQ(other.train(samples.dataset, 3), expected) << what << ", batch " << batch;
      };
      for (const size_t rows : {1u, 7u}) options.memory_rows = rows, expect_same("chunks");
      options.memory_rows = 256;
      for (const size_t workers : {2u, 3u}) options.workers = workers, expect_same("workers");
      options.workers = 2, options.memory_rows = 30, expect_same("both");
      options.skip_zero_inputs = false, expect_same("all inputs");
    }
  }
}

TEST(Dropout, DrawsNewMasksForEveryEpochAndSeed) {
  const Samples samples(kTopology, kSamples);
  const auto after = [&](std::uint64_t seed, int epochs_before) {  // from the same parameters, in the same order
    TrainingOptions options = with_dropout(20, 0.0f, 0.5f, 256, Optimizer::sgd);
    options.shuffle = false;
    options.seed = seed;
    Bound bound(kTopology, options, kSamples);
    bound.train(samples.dataset, epochs_before);
    for (size_t i = 0; i < kTopology.parameter_count(); ++i) bound.trainer.parameters()[i] = 0.01f;
    for (size_t l = 0; l < 3; ++l) bound.trainer.parameters()[kTopology.biases_offset(l)] = 0.5f;
    return bound.train(samples.dataset);
  };
  const std::set<std::uint32_t> different = {after(1, 0), after(1, 1), after(1, 2), after(2, 0)};
  EXPECT_EQ(different.size(), 4u);
  EXPECT_EQ(after(1, 1), after(1, 1));
}

TEST(Dropout, EvaluationSeesTheWholeNetwork) {
  const Samples samples(kTopology, kSamples);
  Bound dropped(kTopology, with_dropout(20, 0.5f, 0.5f), kSamples);
  Bound whole(kTopology, with_dropout(20, 0.0f, 0.0f), kSamples);
  dropped.train(samples.dataset);
  std::copy(dropped.trainer.parameters().begin(), dropped.trainer.parameters().end(),
            whole.trainer.parameters().begin());
  LossTotals a, b, again;
  ASSERT_TRUE(dropped.trainer.evaluate(samples.dataset, a).ok());
  ASSERT_TRUE(whole.trainer.evaluate(samples.dataset, b).ok());
  ASSERT_TRUE(dropped.trainer.evaluate(samples.dataset, again).ok());
  EXPECT_EQ(a.mean_loss(), b.mean_loss());
  EXPECT_EQ(a.mean_loss(), again.mean_loss());
  EXPECT_EQ(a.correct, b.correct);
}

TEST(Dropout, ARateForEachLayerDropsUnitsOfThatLayer) {
  const Samples samples(kTopology, kSamples);
  const auto trained = [&](float hidden, mote::Span<const float> layers) {
    Bound bound(kTopology, with_dropout(20, 0.1f, hidden).set_layer_dropout(layers), kSamples);
    return bound.train(samples.dataset, 2);
  };
  const float equal[] = {0.5f, 0.5f}, first[] = {0.5f, 0.0f}, second[] = {0.0f, 0.5f}, none[] = {0.0f, 0.0f};
  EXPECT_EQ(trained(0.9f, equal), trained(0.5f, {}));
  EXPECT_EQ(trained(0.9f, none), trained(0.0f, {}));
  const std::set<std::uint32_t> different = {trained(0.5f, {}), trained(0.0f, {}), trained(0.0f, first),
                                             trained(0.0f, second)};
  EXPECT_EQ(different.size(), 4u);

  GuardedMemory scratch(mote::backpropagation_bytes(kTopology, 20));
  mote::Backpropagation engine;
  ASSERT_TRUE(engine.bind(kTopology, 20, scratch).ok());
  std::vector<float> parameters(kTopology.parameter_count(), 0.01f), inputs(20 * 40, 1.0f);
  Dropout dropout{0.9f, 7};
  dropout.rates = first;
  engine.set_dropout(dropout);
  engine.forward(parameters.data(), inputs.data(), 20);
  const auto zeros = [&](size_t layer) {
    const mote::MatrixView view = engine.activations(layer);
    std::ptrdiff_t count = 0;
    for (size_t i = 0; i < view.rows; ++i) count += std::count(view.row(i).begin(), view.row(i).end(), 0.0f);
    return count;
  };
  EXPECT_NEAR(static_cast<double>(zeros(0)), 0.5 * 20 * 33, 60.0);  // 4.7 deviations
  EXPECT_EQ(zeros(1), 0);
}

TEST(Dropout, ARateForEachLayerIsCheckedAgainstTheLayers) {
  const float one[] = {0.5f}, wrong[] = {0.5f, 1.0f};
  const mote::Result result = check(kTopology, with_dropout(20, 0.0f, 0.0f).set_layer_dropout(one), kSamples);
  EXPECT_EQ(result.status, mote::Status::bad_dropout_count);
  EXPECT_EQ(result.found, 1u);
  EXPECT_EQ(result.expected, 2u);
  EXPECT_EQ(check(kTopology, with_dropout(20, 0.0f, 0.0f).set_layer_dropout(wrong), kSamples).status,
            mote::Status::bad_dropout);
}

TEST(Dropout, EitherRateCountsAndCostsNoMemory) {
  const Samples samples(kTopology, kSamples);
  std::set<std::uint32_t> different;
  const size_t bytes = mote::training_bytes(kTopology, with_dropout(20, 0.0f, 0.0f), kSamples);
  for (const auto& [input, hidden] : {std::pair{0.0f, 0.0f}, {0.2f, 0.0f}, {0.0f, 0.2f}, {0.2f, 0.2f}}) {
    const TrainingOptions options = with_dropout(20, input, hidden);
    EXPECT_EQ(mote::training_bytes(kTopology, options, kSamples), bytes);
    Bound bound(kTopology, options, kSamples);
    different.insert(bound.train(samples.dataset));
  }
  EXPECT_EQ(different.size(), 4u);
}

}  // namespace
