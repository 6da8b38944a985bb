// SPDX-License-Identifier: MIT
#include "mote/diagnostics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "mote/mote.hpp"
#include "support/closed_forms.hpp"
#include "support/double_network.hpp"
#include "support/guarded_memory.hpp"
#include "support/support.hpp"

namespace {

using mote::Activation;
using mote::LayerDiagnostics;
using mote::Loss;
using mote::Topology;
using mote::Verdict;
using mote::test::Source;
using mote::test::wide;
using twin::Vector;

/// Random bytes with labels, and the floats they stand for, which the twin takes.
struct Samples {
  std::vector<std::uint8_t> bytes, labels;
  std::size_t features, classes;
  twin::Batch batch;

  Samples(std::size_t count, const Topology& topology, std::uint32_t seed)
      : features(topology.inputs), classes(topology.outputs()) {
    Source source(seed);
    for (std::size_t i = 0; i < count * features; ++i) {
      bytes.push_back(static_cast<std::uint8_t>(source.below(256)));
      batch.inputs.push_back(static_cast<float>(bytes.back()) * (1.0f / 255.0f));
    }
    for (std::size_t i = 0; i < count; ++i) labels.push_back(static_cast<std::uint8_t>(source.below(classes)));
    batch.labels = labels;
  }
  mote::Dataset dataset() const { return {bytes.data(), labels.data(), labels.size(), features, classes}; }
};

std::vector<float> random_parameters(const Topology& topology, std::uint32_t seed, float scale = 1.0f) {
  std::vector<float> flat(topology.parameter_count());
  twin::randomize(topology, seed, {flat.data(), flat.size()});
  for (std::size_t i = 0; i < topology.all_weight_floats(); ++i) flat[i] *= scale;
  return flat;
}

std::vector<LayerDiagnostics> diagnose(const Topology& topology, const std::vector<float>& parameters,
                                       const mote::LossOptions& loss, const mote::Dataset& dataset, std::size_t rows) {
  GuardedMemory scratch(mote::diagnosis_bytes(topology, rows));
  std::vector<LayerDiagnostics> layers(topology.layer_count);
  const mote::Result result = mote::diagnose(topology, {parameters.data(), parameters.size()}, loss, dataset, rows,
                                             scratch, {layers.data(), layers.size()});
  EXPECT_TRUE(result.ok()) << mote::to_string(result.status);
  EXPECT_TRUE(scratch.intact());
  return layers;
}

/// Mean and deviation of all elements of some rows.
struct Spread {
  double mean = 0.0, deviation = 0.0;

  explicit Spread(const std::vector<Vector>& rows) {
    double count = 0.0, squares = 0.0;
    for (const Vector& row : rows) {
      for (const double x : row) mean += x, count += 1.0;
    }
    mean /= count;
    for (const Vector& row : rows) {
      for (const double x : row) squares += (x - mean) * (x - mean);
    }
    deviation = std::sqrt(squares / count);
  }
};

void expect_moments(const mote::Moments& found, const std::vector<Vector>& rows, const std::string& what) {
  const Spread exact(rows);
  const double size = std::fabs(exact.mean) + exact.deviation;
  EXPECT_NEAR(wide(found.mean), exact.mean, 2e-5 * size) << what;
  EXPECT_NEAR(wide(found.deviation), exact.deviation, 2e-5 * size) << what;
}

/// Expected results of diagnose(), sample by sample in double precision.
struct Twin {
  twin::Parameters gradients;
  std::vector<std::vector<Vector>> pre_activations, activations, deltas;  // [layer][sample][unit]

  Twin(const Topology& topology, const std::vector<float>& parameters, const mote::LossOptions& loss,
       const twin::Batch& batch) {
    const twin::Network network(topology, {parameters.data(), parameters.size()});
    gradients = network.gradients(loss, batch, 0.0);
    pre_activations.resize(topology.layer_count), activations = deltas = pre_activations;
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const float* inputs = batch.inputs.data() + i * topology.inputs;
      const std::vector<Vector> z = network.pre_activations(inputs);
      const twin::Batch one{{inputs, inputs + topology.inputs}, {batch.labels[i]}, {}};
      const twin::Parameters own = network.gradients(loss, one, 0.0);  // of one sample: biases get its deltas
      for (std::size_t l = 0; l < topology.layer_count; ++l) {
        pre_activations[l].push_back(z[l]);
        activations[l].push_back(twin::activate(topology.layers[l].activation, z[l]));
        deltas[l].push_back(own.biases[l]);
      }
    }
  }
};

class Diagnostics : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, Diagnostics, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(Diagnostics, AgreeWithADoublePrecisionTwinForEveryActivationAndLoss) {
  for (const Activation hidden : mote::test::kElementwise) {
    for (const Loss loss : {Loss::quadratic, Loss::sigmoid_cross_entropy, Loss::cross_entropy}) {
      const std::string name = mote::test::activation_name(hidden) + ", loss " + std::to_string(static_cast<int>(loss));
      const Activation last = loss == Loss::cross_entropy           ? Activation::softmax
                              : loss == Loss::sigmoid_cross_entropy ? Activation::sigmoid
                                                                    : hidden;
      const Topology topology{11, {20, hidden}, {13, hidden}, {5, last}};
      const Samples samples(37, topology, 7);
      const std::vector<float> parameters = random_parameters(topology, 5);
      const std::vector<LayerDiagnostics> found = diagnose(topology, parameters, loss, samples.dataset(), 10);
      const Twin exact(topology, parameters, loss, samples.batch);
      const twin::Parameters own = twin::unpack(topology, {parameters.data(), parameters.size()});
      for (std::size_t l = 0; l < 3; ++l) {
        const std::string at = name + ", layer " + std::to_string(l);
        const auto near = [&](float value, double expected) {
          EXPECT_NEAR(wide(value), expected, 2e-5 * expected) << at;
        };
        near(found[l].bias_gradient, twin::norm(exact.gradients.biases[l]));
        near(found[l].weight_gradient, twin::norm(exact.gradients.weights[l]));
        near(found[l].weight_norm, twin::norm(own.weights[l]));
        double squares = 0.0;
        for (const Vector& delta : exact.deltas[l]) squares += std::pow(twin::norm(delta), 2.0) / 37.0;
        near(found[l].delta_norm, std::sqrt(squares));
        expect_moments(found[l].pre_activations, exact.pre_activations[l], at + ", z");
        expect_moments(found[l].activations, exact.activations[l], at + ", a");
        expect_moments(found[l].deltas, exact.deltas[l], at + ", deltas");
      }
    }
  }
}

TEST_P(Diagnostics, VarianceRatiosAreBetweenNeighbours) {
  const Topology topology{11, {20, Activation::tanh}, {13, Activation::sigmoid}, {5, Activation::softmax}};
  const Samples samples(40, topology, 3);
  const std::vector<float> parameters = random_parameters(topology, 9);
  const std::vector<LayerDiagnostics> layers =
      diagnose(topology, parameters, Loss::cross_entropy, samples.dataset(), 40);
  const Twin exact(topology, parameters, Loss::cross_entropy, samples.batch);
  std::vector<Vector> inputs;
  for (std::size_t i = 0; i < 40; ++i) {
    inputs.emplace_back(samples.batch.inputs.begin() + static_cast<std::ptrdiff_t>(i * 11),
                        samples.batch.inputs.begin() + static_cast<std::ptrdiff_t>(i * 11 + 11));
  }
  for (std::size_t l = 0; l < 3; ++l) {
    const Spread before(l == 0 ? inputs : exact.activations[l - 1]), own(exact.activations[l]);
    EXPECT_NEAR(wide(layers[l].forward_ratio), std::pow(own.deviation / before.deviation, 2.0), 1e-4) << l;
    if (l == 2) continue;
    const double ratio = Spread(exact.deltas[l]).deviation / Spread(exact.deltas[l + 1]).deviation;
    EXPECT_NEAR(wide(layers[l].backward_ratio), ratio * ratio, 1e-4 * ratio * ratio) << l;
  }
  EXPECT_EQ(layers[2].backward_ratio, 1.0f);
}

TEST_P(Diagnostics, CountSaturatedActivationsAndDeadUnits) {
  for (const Activation hidden : mote::test::kElementwise) {
    const Topology topology{11, {40, hidden}, {5, Activation::softmax}};
    const Samples samples(30, topology, 3);
    std::vector<float> parameters = random_parameters(topology, 2, 4.0f);
    for (std::size_t j = 0; j < 9; ++j) parameters[topology.biases_offset(0) + j] = -200.0f;  // flat where that is flat
    const Twin exact(topology, parameters, Loss::cross_entropy, samples.batch);
    const double largest = wide(mote::largest_slope(hidden));
    double saturated = 0.0, dead = 0.0, close = 1e-6;
    for (std::size_t j = 0; j < 40; ++j) {
      bool alive = false;
      for (const Vector& z : exact.pre_activations[0]) {
        const double slope = std::fabs(twin::derivative(hidden, z[j], twin::Mistake::none));
        close += std::fabs(slope / largest - 0.1) < 1e-5 ? 1.0 / (30.0 * 40.0) : 0.0;  // may count either way
        saturated += slope < 0.1 * largest ? 1.0 / (30.0 * 40.0) : 0.0;
        alive = alive || slope >= 0.001 * largest;
      }
      dead += alive ? 0.0 : 1.0 / 40.0;
    }
    const std::vector<LayerDiagnostics> layers =
        diagnose(topology, parameters, Loss::cross_entropy, samples.dataset(), 7);
    EXPECT_NEAR(wide(layers[0].saturated), saturated, close) << mote::test::activation_name(hidden);
    EXPECT_NEAR(wide(layers[0].dead), dead, 1e-6) << mote::test::activation_name(hidden);
    const bool is_flat = std::fabs(twin::derivative(hidden, -200.0, twin::Mistake::none)) < 0.001 * largest;
    EXPECT_EQ(layers[0].dead >= 9.0f / 40.0f, is_flat) << mote::test::activation_name(hidden);
    EXPECT_EQ(layers[1].saturated, 0.0f);
    EXPECT_EQ(layers[1].dead, 0.0f);
  }
}

TEST_P(Diagnostics, DoNotDependOnHowManySamplesAreInMemory) {
  const Topology topology{11, {20, Activation::gelu}, {13, Activation::relu}, {5, Activation::softmax}};
  const Samples samples(37, topology, 3);
  const std::vector<float> parameters = random_parameters(topology, 9);
  const auto all = diagnose(topology, parameters, Loss::cross_entropy, samples.dataset(), 37);
  for (const std::size_t rows : {1u, 2u, 10u, 36u, 100u}) {
    const auto some = diagnose(topology, parameters, Loss::cross_entropy, samples.dataset(), rows);
    EXPECT_EQ(std::memcmp(all.data(), some.data(), all.size() * sizeof(LayerDiagnostics)), 0) << rows;
  }
}

// Widths of 1: with z_l = w_l a_(l-1) + b_l, dC/db_1 = f'(z_1) w_2 f'(z_2) ... w_L f'(z_L) (a_L - y).
TEST_P(Diagnostics, OfAChainAreTheTextbooksProduct) {
  Topology topology;
  topology.inputs = 1;
  for (int l = 0; l < 5; ++l) ASSERT_TRUE(topology.add({1, Activation::sigmoid}).ok());
  const std::uint8_t byte = 200, label = 0;
  const mote::Dataset dataset{&byte, &label, 1, 1, 1, 1.0f / 256.0f};
  const std::vector<float> parameters = random_parameters(topology, 4, 2.0f);
  const auto layers = diagnose(topology, parameters, Loss::quadratic, dataset, 1);
  double a = 200.0 / 256.0;
  std::vector<double> slopes, weights, before;
  for (std::size_t l = 0; l < 5; ++l) {
    weights.push_back(wide(parameters[topology.weights_offset(l)]));
    before.push_back(a);
    a = 1.0 / (1.0 + std::exp(-(weights[l] * a + wide(parameters[topology.biases_offset(l)]))));
    slopes.push_back(a * (1.0 - a));
  }
  double product = a - 1.0;  // y is 1
  for (std::size_t l = 5; l-- > 0;) {
    product *= slopes[l] * (l == 4 ? 1.0 : weights[l + 1]);
    EXPECT_NEAR(wide(layers[l].bias_gradient), std::fabs(product), 1e-6 * std::fabs(product)) << l;
    EXPECT_NEAR(wide(layers[l].deltas.mean), product, 1e-6 * std::fabs(product)) << l;
    EXPECT_NEAR(wide(layers[l].weight_gradient), std::fabs(product * before[l]), 1e-6 * std::fabs(product)) << l;
  }
}

TEST_P(Diagnostics, UpdatesAreMeasuredAgainstWeights) {
  const Topology topology{11, {20, Activation::tanh}, {5, Activation::softmax}};
  const Samples samples(30, topology, 3);
  mote::TrainingOptions options;
  options.optimizer = {mote::Optimizer::sgd, 0.05f};
  options.batch_size = 30;
  GuardedMemory memory(mote::training_bytes(topology, options, 30));
  mote::Trainer trainer;
  ASSERT_TRUE(trainer.bind(topology, options, 30, memory).ok());
  trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::zero);
  const std::vector<float> before(trainer.parameters().begin(), trainer.parameters().end());
  auto layers = diagnose(topology, before, Loss::cross_entropy, samples.dataset(), 30);
  ASSERT_TRUE(trainer.train_epoch(samples.dataset()).ok());
  measure_updates(topology, {before.data(), before.size()}, trainer.parameters(), {layers.data(), layers.size()});
  for (const LayerDiagnostics& layer : layers) {  // gradient descent: the update is the gradient
    const double expected = 0.05 * wide(layer.weight_gradient) / wide(layer.weight_norm);
    EXPECT_NEAR(wide(layer.update_ratio), expected, 1e-4 * expected);
  }
}

// Batch normalization: gradients are those of training, and the activation gets mean `bias` and deviation `scale`.
TEST_P(Diagnostics, WithBatchNormalizationTakeTheSamplesAsOneMiniBatch) {
  const Topology topology{11, {20, Activation::identity, true}, {5, Activation::softmax}};
  const Samples samples(30, topology, 3);
  std::vector<float> parameters = random_parameters(topology, 6);
  for (std::size_t j = 0; j < 20; ++j) {
    parameters[topology.biases_offset(0) + j] = 0.25f;
    parameters[topology.scales_offset(0) + j] = 3.0f;
  }
  const auto layers = diagnose(topology, parameters, Loss::cross_entropy, samples.dataset(), 30);
  EXPECT_NEAR(layers[0].pre_activations.mean, 0.25f, 1e-5f);
  EXPECT_NEAR(layers[0].pre_activations.deviation, 3.0f, 1e-3f);
  EXPECT_NEAR(layers[0].deltas.mean, 0.0f, 1e-7f);  // before it, every unit's deltas add up to nothing
  std::vector<float> gradients(topology.parameter_count());
  GuardedMemory scratch(mote::backpropagation_bytes(topology, 30));
  mote::Backpropagation engine;
  ASSERT_TRUE(engine.bind(topology, 30, scratch).ok());
  mote::LossTotals totals;
  engine.forward(parameters.data(), samples.batch.inputs.data(), 30);
  engine.compute_loss(Loss::cross_entropy, samples.labels.data(), 1.0f / 30.0f, totals);
  engine.backward(parameters.data(), samples.batch.inputs.data(), {gradients.data(), false, nullptr});
  const twin::Parameters expected = twin::unpack(topology, {gradients.data(), gradients.size()});
  for (std::size_t l = 0; l < 2; ++l) {
    EXPECT_NEAR(wide(layers[l].bias_gradient), twin::norm(expected.biases[l]), 1e-6) << l;
    EXPECT_NEAR(wide(layers[l].weight_gradient), twin::norm(expected.weights[l]), 1e-6) << l;
  }
}

struct Case {
  const char* name;
  Activation activation;
  float scale;  // of weights
  float bias;   // of the first hidden layer
  float nan;    // added to its first weight
  Loss loss;
  Verdict first;  // of the layers from the first on
  Verdict second;
  Verdict last;
};
using V = Verdict;
constexpr Loss kQuadratic = Loss::quadratic, kCrossEntropy = Loss::cross_entropy;
// (A unit above dead units gets only its own bias, which is as often negative as positive.)
const Case kCases[] = {
    {"relu", Activation::relu, 1.0f, 0.3f, 0.0f, kCrossEntropy, V::healthy, V::healthy, V::healthy},
    {"dead", Activation::relu, 1.0f, -90.0f, 0.0f, kCrossEntropy, V::dead, V::dead, V::healthy},
    {"leaky", Activation::leaky_relu, 1.0f, -90.0f, 0.0f, kCrossEntropy, V::saturated, V::healthy, V::healthy},
    {"saturated", Activation::sigmoid, 1.0f, 5.5f, 0.0f, kCrossEntropy, V::saturated, V::healthy, V::healthy},
    {"vanishing", Activation::tanh, 0.004f, 0.0f, 0.0f, kCrossEntropy, V::vanishing, V::vanishing, V::healthy},
    {"exploding", Activation::identity, 200.0f, 0.0f, 0.0f, kCrossEntropy, V::exploding, V::exploding, V::healthy},
    {"not finite", Activation::tanh, 1.0f, 0.0f, mote::test::kNotANumber, kCrossEntropy, V::exploding, V::exploding,
     V::exploding},
    {"flat outputs", Activation::sigmoid, 40.0f, 0.0f, 0.0f, kQuadratic, V::saturated, V::saturated, V::saturated},
};

TEST_P(Diagnostics, JudgeLayersByWhatIsWrongWithThem) {
  for (const Case& example : kCases) {
    const bool is_quadratic = example.loss == Loss::quadratic;
    const Activation last = is_quadratic ? example.activation : Activation::softmax;
    const Topology topology{20, {30, example.activation}, {30, example.activation}, {10, last}};
    const Samples samples(50, topology, 3);
    std::vector<float> parameters = random_parameters(topology, 8, example.scale);
    for (std::size_t j = 0; j < 30; ++j) parameters[topology.biases_offset(0) + j] += example.bias;
    parameters[0] += example.nan;
    const auto layers = diagnose(topology, parameters, example.loss, samples.dataset(), 50);
    const auto verdict = [&](std::size_t l) { return std::string(mote::to_string(layers[l].verdict)); };
    EXPECT_EQ(verdict(0), mote::to_string(example.first)) << example.name;
    EXPECT_EQ(verdict(1), mote::to_string(example.second)) << example.name;
    EXPECT_EQ(verdict(2), mote::to_string(example.last)) << example.name;
  }
}

TEST(DiagnosticsVerdict, OfALayerWithHalfOfItsUnitsDeadIsNotDead) {
  for (const std::uint32_t dead : {2u, 3u}) {
    const Topology topology{20, {4, Activation::relu}, {10, Activation::softmax}};
    const Samples samples(50, topology, 3);
    std::vector<float> parameters = random_parameters(topology, 8);
    for (std::size_t j = 0; j < 4; ++j) parameters[topology.biases_offset(0) + j] = j < dead ? -1e4f : 1e4f;
    const auto layers = diagnose(topology, parameters, Loss::cross_entropy, samples.dataset(), 50);
    EXPECT_EQ(layers[0].dead, static_cast<float>(dead) / 4.0f);
    EXPECT_EQ(layers[0].verdict == mote::Verdict::dead, dead == 3);
  }
}

/// In a chain of single linear units, the delta of the hidden layer is the weight times the delta of the output.
TEST(DiagnosticsVerdict, FollowsTheRatioToTheDeltaOfTheOutput) {
  constexpr struct {
    float weight;
    mote::Verdict verdict;
  } kRatios[] = {{101.0f, mote::Verdict::exploding},
                 {99.0f, mote::Verdict::healthy},
                 {0.0101f, mote::Verdict::healthy},
                 {0.0099f, mote::Verdict::vanishing}};
  const Topology topology{1, {1, Activation::identity}, {1, Activation::identity}};
  const Samples samples(50, topology, 3);
  for (const auto& [weight, verdict] : kRatios) {
    std::vector<float> parameters(topology.parameter_count());
    parameters[topology.weights_offset(0)] = 1.0f;
    parameters[topology.weights_offset(1)] = weight;
    EXPECT_EQ(diagnose(topology, parameters, Loss::quadratic, samples.dataset(), 50)[0].verdict, verdict) << weight;
  }
}

/// A sigmoid of 4 has a slope of 0.018, which the cross-entropy of sigmoids cancels.
TEST(DiagnosticsVerdict, OfSaturatedOutputsDependsOnTheLoss) {
  const Topology topology{20, {10, Activation::sigmoid}};
  const Samples samples(50, topology, 3);
  std::vector<float> parameters(topology.parameter_count());
  for (std::size_t j = 0; j < 10; ++j) parameters[topology.biases_offset(0) + j] = 4.0f;
  EXPECT_EQ(diagnose(topology, parameters, Loss::quadratic, samples.dataset(), 50)[0].verdict,
            mote::Verdict::saturated);
  EXPECT_EQ(diagnose(topology, parameters, Loss::sigmoid_cross_entropy, samples.dataset(), 50)[0].verdict,
            mote::Verdict::healthy);
}

TEST(DiagnosticsMoments, KeepTheirDigitsWhereSquaresWouldVanishOrOverflow) {
  Source source(5);
  for (const float scale : {1e-30f, 1e-20f, 1.0f, 1e20f, 1e30f}) {
    mote::detail::MomentsTally tally;
    std::vector<Vector> rows;
    for (int i = 0; i < 100; ++i) {
      std::vector<float> row = source.floats(33, -0.5f, 1.5f);
      for (float& x : row) x *= scale;
      tally.add({row.data(), row.size()});
      rows.emplace_back(row.begin(), row.end());
    }
    expect_moments(tally.moments(), rows, std::to_string(scale));
  }
  EXPECT_EQ(mote::detail::MomentsTally().moments().deviation, 0.0f);
  mote::detail::MomentsTally tally;
  const float row[] = {0.0f, 2.0f};
  tally.add(row);
  EXPECT_EQ(tally.moments().mean, 1.0f);
  EXPECT_NEAR(tally.moments().deviation, 1.0f, 1e-6f);
}

TEST(DiagnosticsErrors, SayWhatDoesNotFit) {
  const Topology topology{11, {20, Activation::tanh, true}, {5, Activation::softmax}};
  const Samples samples(30, topology, 3);
  const std::vector<float> parameters = random_parameters(topology, 6);
  std::vector<LayerDiagnostics> layers(2);
  GuardedMemory scratch(mote::diagnosis_bytes(topology, 30)), less(mote::diagnosis_bytes(topology, 30) - 1);
  const auto run = [&](std::size_t count, std::size_t rows, mote::Memory memory, std::size_t floats,
                       std::size_t entries, mote::LossOptions loss) {
    return mote::diagnose(topology, {parameters.data(), floats}, loss, samples.dataset().subset(0, count), rows, memory,
                          {layers.data(), entries});
  };
  using mote::Status;
  const std::size_t all = parameters.size();
  EXPECT_EQ(run(30, 30, scratch, all, 2, Loss::cross_entropy).status, Status::ok);
  EXPECT_EQ(run(30, 29, scratch, all, 2, Loss::cross_entropy).status, Status::batch_norm_in_chunks);
  EXPECT_EQ(run(2, 30, scratch, all, 2, Loss::cross_entropy).status, Status::ok);
  EXPECT_EQ(run(1, 30, scratch, all, 2, Loss::cross_entropy).status, Status::batch_norm_of_one_sample);
  EXPECT_EQ(run(1, 30, scratch, all, 2, Loss::cross_entropy).expected, 2u);
  EXPECT_EQ(run(0, 30, scratch, all, 2, Loss::cross_entropy).status, Status::no_samples);
  EXPECT_EQ(run(30, 30, less, all, 2, Loss::cross_entropy).expected, mote::diagnosis_bytes(topology, 30));
  EXPECT_EQ(run(30, 30, scratch, all - 1, 2, Loss::cross_entropy).expected, topology.parameter_bytes());
  EXPECT_EQ(run(30, 30, scratch, all, 1, Loss::cross_entropy).expected, 2 * sizeof(LayerDiagnostics));
  EXPECT_EQ(run(30, 30, scratch, all, 2, Loss::sigmoid_cross_entropy).status, Status::loss_activation_mismatch);
}

TEST(SaturationLimit, IsLowerBetweenTwoFlatEnds) {
  for (const Activation activation : {Activation::sigmoid, Activation::tanh}) {
    EXPECT_EQ(mote::saturation_limit(activation), 0.5f);
  }
  for (const Activation activation : {Activation::relu, Activation::softplus, Activation::elu}) {
    EXPECT_EQ(mote::saturation_limit(activation), 0.9f);
  }
}

}  // namespace
