// SPDX-License-Identifier: MIT
// Theory of the size of gradients: identities and bounds for one sample, and deep networks of sigmoids, whose first
// layers cannot learn at first.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "data/image_files.hpp"
#include "mote/mote.hpp"
#include "support/closed_forms.hpp"
#include "support/double_network.hpp"
#include "support/guarded_memory.hpp"
#include "support/support.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::Topology;
using twin::norm;
using twin::Vector;

/// Gradients of the mean loss of some samples.
twin::Parameters gradients_of(const Topology& topology, const std::vector<float>& parameters, Loss loss,
                              const float* inputs, const std::uint8_t* labels, std::size_t rows) {
  std::vector<float> gradients(topology.parameter_count());
  GuardedMemory scratch(mote::backpropagation_bytes(topology, rows));
  mote::Backpropagation engine;
  EXPECT_TRUE(engine.bind(topology, rows, scratch).ok());
  mote::LossTotals totals;
  engine.forward(parameters.data(), inputs, rows);
  engine.compute_loss(loss, labels, 1.0f / static_cast<float>(rows), totals);
  engine.backward(parameters.data(), inputs, {gradients.data(), false, nullptr});
  return twin::unpack(topology, {gradients.data(), gradients.size()});
}

/// Largest singular value of w [inputs][outputs], by the power method: never more than it is.
double spectral_norm(const Vector& w, std::size_t inputs) {
  const std::size_t outputs = w.size() / inputs;
  Vector v(outputs, 1.0);
  double size = 0.0;
  for (int i = 0; i < 200; ++i) {
    Vector u(inputs), next(outputs);
    for (std::size_t k = 0; k < w.size(); ++k) u[k / outputs] += w[k] * v[k % outputs];
    for (std::size_t k = 0; k < w.size(); ++k) next[k % outputs] += w[k] * u[k / outputs];
    size = std::sqrt(norm(next) / norm(v));
    const double length = norm(next);
    for (std::size_t j = 0; j < outputs; ++j) v[j] = next[j] / length;
  }
  return size;
}

/// One sample through a network, in double precision but for the gradients.
struct Sample {
  Topology topology;
  std::vector<float> parameters;
  std::vector<std::uint8_t> bytes;  // the inputs times 255
  twin::Batch batch;
  twin::Network network;
  twin::Parameters gradients;

  Sample(const Topology& t, std::uint32_t seed)
      : topology(t),
        parameters(randomized(t, seed)),
        bytes(random_bytes(t.inputs, seed)),
        batch(batch_of(t, seed, bytes)),
        network(t, {parameters.data(), parameters.size()}),
        gradients(gradients_of(t, parameters, Loss::quadratic, batch.inputs.data(), batch.labels.data(), 1)) {}

  static std::vector<float> randomized(const Topology& t, std::uint32_t seed) {
    std::vector<float> flat(t.parameter_count());
    twin::randomize(t, seed, {flat.data(), flat.size()});
    return flat;
  }
  static std::vector<std::uint8_t> random_bytes(std::size_t count, std::uint32_t seed) {
    mote::test::Source source(seed);
    std::vector<std::uint8_t> random(count);
    for (std::uint8_t& byte : random) byte = static_cast<std::uint8_t>(source.below(256));
    return random;
  }
  static twin::Batch batch_of(const Topology& t, std::uint32_t seed, const std::vector<std::uint8_t>& pixels) {
    twin::Batch one = twin::random_batch(t, 1, seed);
    for (std::size_t i = 0; i < t.inputs; ++i) one.inputs[i] = static_cast<float>(pixels[i]) * (1.0f / 255.0f);
    return one;
  }
  mote::Dataset dataset() const { return {bytes.data(), batch.labels.data(), 1, topology.inputs, topology.outputs()}; }
  /// Results of the library.
  std::vector<mote::LayerBound> bounds(Loss loss) const {
    GuardedMemory scratch(std::max(mote::gradient_bounds_bytes(topology), mote::spectral_norms_bytes(topology)));
    std::vector<float> norms(topology.layer_count);
    std::vector<mote::LayerBound> all(topology.layer_count);
    const mote::Span<const float> flat{parameters.data(), parameters.size()};
    EXPECT_TRUE(mote::spectral_norms(topology, flat, scratch, {norms.data(), norms.size()}).ok());
    EXPECT_TRUE(mote::gradient_bounds(topology, flat, loss, dataset(), 0, {norms.data(), norms.size()}, scratch,
                                      {all.data(), all.size()})
                    .ok());
    EXPECT_TRUE(scratch.intact());
    return all;
  }
  /// Activations that layer l gets.
  Vector inputs_of(std::size_t l) const {
    if (l == 0) return Vector(batch.inputs.begin(), batch.inputs.end());
    return twin::activate(topology.layers[l - 1].activation, network.pre_activations(batch.inputs.data())[l - 1]);
  }
  /// gamma^(L-l+1) ||w^(l+1)|| ... ||w^L|| ||a^L - y||, spectral norms; layers counted from 1 to L, here from 0.
  double bias_bound(std::size_t layer, double gamma) const {
    Vector error = network.outputs(batch.inputs.data());
    error[batch.labels[0]] -= 1.0;
    double bound = norm(error) * gamma;
    for (std::size_t l = layer + 1; l < topology.layer_count; ++l) {
      bound *= gamma * spectral_norm(network.parameters.weights[l], topology.inputs_of(l));
    }
    return bound;
  }
};

class GradientBounds : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, GradientBounds, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

double gamma_of(Activation activation) {
  return mote::test::wide(mote::largest_slope(activation));
}

// No slope exceeds largest_slope(), and some slope approaches it.
TEST(LargestSlope, IsTheSupremumOfTheClosedFormsSlope) {
  for (const Activation activation : mote::test::kElementwise) {
    double most = 0.0;
    for (int i = -40000; i <= 40000; ++i) {
      if (i != 0 || !mote::test::has_kink(activation)) {
        const double z = 1e-3 * i;
        most = std::max(most, std::fabs(twin::derivative(activation, z, twin::Mistake::none)));
      }
    }
    EXPECT_LE(most, gamma_of(activation)) << mote::test::activation_name(activation);
    EXPECT_GE(most, gamma_of(activation) * 0.999) << mote::test::activation_name(activation);
  }
  // Softmax with two outputs a and 1 - a: its Jacobian is a (1 - a) times a matrix of norm 2.
  EXPECT_EQ(gamma_of(Activation::softmax), 2.0 * 0.25);
}

Topology network_of(Activation activation) {
  return {9, {20, activation}, {17, activation}, {5, activation}};
}

// ||dC/dw||_F = ||dC/db|| ||a of the layer before||: the gradient is an outer product.
TEST_P(GradientBounds, OneSamplesWeightGradientIsAnOuterProduct) {
  for (const Activation activation : mote::test::kElementwise) {
    for (std::uint32_t seed = 1; seed <= 10; ++seed) {
      const Sample sample(network_of(activation), seed);
      for (std::size_t l = 0; l < 3; ++l) {
        const double expected = norm(sample.gradients.biases[l]) * norm(sample.inputs_of(l));
        EXPECT_NEAR(norm(sample.gradients.weights[l]), expected, 1e-6 * expected) << l << ", seed " << seed;
      }
    }
  }
}

TEST_P(GradientBounds, ProductsOfSpectralNormsBoundBiasGradients) {
  for (const Activation activation : mote::test::kElementwise) {
    for (std::uint32_t seed = 1; seed <= 10; ++seed) {
      const Sample sample(network_of(activation), seed);
      for (std::size_t l = 0; l < 3; ++l) {
        EXPECT_LE(norm(sample.gradients.biases[l]), sample.bias_bound(l, gamma_of(activation)) * (1.0 + 1e-6))
            << mote::test::activation_name(activation) << ", layer " << l << ", seed " << seed;
      }
    }
  }
}

// A chain of single linear units loses nothing on the way.
TEST_P(GradientBounds, AreAttainedByAChainOfLinearUnits) {
  constexpr mote::Layer kUnit{1, Activation::identity};
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    const Sample sample({1, kUnit, kUnit, kUnit, kUnit}, seed);
    for (std::size_t l = 0; l < 4; ++l) {
      const double bound = sample.bias_bound(l, 1.0);
      EXPECT_NEAR(norm(sample.gradients.biases[l]), bound, 2e-6 * bound) << l << ", seed " << seed;
    }
  }
}

TEST_P(GradientBounds, OfTheLibraryAreThoseOfTheTwin) {
  for (const Activation activation : mote::test::kElementwise) {
    for (std::uint32_t seed = 1; seed <= 5; ++seed) {
      const Sample sample(network_of(activation), seed);
      const std::vector<mote::LayerBound> found = sample.bounds(Loss::quadratic);
      Vector error = sample.network.outputs(sample.batch.inputs.data());
      error[sample.batch.labels[0]] -= 1.0;
      double product = norm(error);
      for (std::size_t l = 3; l-- > 0;) {
        const auto near = [&](float value, double expected) {
          EXPECT_NEAR(mote::test::wide(value), expected, 1e-5 * expected)
              << mote::test::activation_name(activation) << ", layer " << l << ", seed " << seed;
        };
        product *= mote::test::wide(found[l].factor);
        near(found[l].bias_gradient, norm(sample.gradients.biases[l]));
        near(found[l].weight_gradient, norm(sample.gradients.weights[l]));
        near(found[l].input_norm, norm(sample.inputs_of(l)));
        near(found[l].bound, sample.bias_bound(l, gamma_of(activation)));
        near(found[l].bias_gradient, product);
        EXPECT_LE(found[l].bias_gradient, found[l].sample_bound * 1.00001f);
        EXPECT_LE(found[l].sample_bound, found[l].bound);
      }
    }
  }
}

// Cross-entropies cancel the slope of the output layer: the product starts with a - y.
TEST_P(GradientBounds, OfCrossEntropiesStartAtTheOutputsErrors) {
  for (const Loss loss : {Loss::cross_entropy, Loss::sigmoid_cross_entropy}) {
    const Activation last = loss == Loss::cross_entropy ? Activation::softmax : Activation::sigmoid;
    const Sample sample({9, {20, Activation::tanh}, {17, Activation::tanh}, {5, last}}, 3);
    const std::vector<mote::LayerBound> found = sample.bounds(loss);
    Vector error = sample.network.outputs(sample.batch.inputs.data());
    error[sample.batch.labels[0]] -= 1.0;
    EXPECT_NEAR(mote::test::wide(found[2].bound), norm(error), 1e-5);
    EXPECT_EQ(found[2].bias_gradient, found[2].bound);
    EXPECT_EQ(found[2].factor, 1.0f);
    for (std::size_t l = 0; l < 2; ++l) EXPECT_LE(found[l].bias_gradient, found[l].sample_bound * 1.00001f) << l;
  }
}

// In a chain of single units the factors are |w f'(z)|, and the sample's bound is the gradient itself.
TEST_P(GradientBounds, OfAChainAreAttainedWithItsOwnSlopes) {
  constexpr mote::Layer kUnit{1, Activation::sigmoid};
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    const Sample sample({1, kUnit, kUnit, kUnit, kUnit}, seed);
    const std::vector<mote::LayerBound> found = sample.bounds(Loss::quadratic);
    const std::vector<Vector> z = sample.network.pre_activations(sample.batch.inputs.data());
    for (std::size_t l = 0; l < 4; ++l) {
      const double a = 1.0 / (1.0 + std::exp(-z[l][0]));
      const double weight = l == 3 ? 1.0 : std::fabs(sample.network.parameters.weights[l + 1][0]);
      const double factor = weight * a * (1.0 - a);
      EXPECT_NEAR(mote::test::wide(found[l].factor), factor, 1e-5 * factor) << l << ", seed " << seed;
      EXPECT_NEAR(mote::test::wide(found[l].sample_bound / found[l].bias_gradient), 1.0, 1e-5) << l;
    }
  }
}

TEST_P(GradientBounds, OfASampleWithoutErrorAreZero) {
  Sample sample({9, {20, Activation::relu}, {5, Activation::identity}}, 1);
  std::fill(sample.parameters.begin(), sample.parameters.end(), 0.0f);
  sample.parameters[sample.topology.biases_offset(1) + sample.batch.labels[0]] = 1.0f;
  for (const mote::LayerBound& layer : sample.bounds(Loss::quadratic)) {
    EXPECT_EQ(layer.bias_gradient, 0.0f);
    EXPECT_EQ(layer.factor, 0.0f);
    EXPECT_EQ(layer.bound, 0.0f);
    EXPECT_EQ(layer.sample_bound, 0.0f);
  }
}

TEST(GradientBoundsErrors, SayWhatDoesNotFit) {
  const Sample sample(network_of(Activation::tanh), 1);
  const mote::Span<const float> flat{sample.parameters.data(), sample.parameters.size()};
  const std::size_t bytes = mote::gradient_bounds_bytes(sample.topology);
  GuardedMemory less(bytes - 1), norm_memory(mote::spectral_norms_bytes(sample.topology) - 1), enough(bytes);
  std::vector<float> norms(3);
  std::vector<mote::LayerBound> bounds(3);
  const auto run = [&](const Topology& topology, mote::Memory scratch, std::size_t entries) {
    return mote::gradient_bounds(topology, flat, Loss::quadratic, sample.dataset(), 0, {norms.data(), entries}, scratch,
                                 {bounds.data(), bounds.size()});
  };
  using mote::Status;
  EXPECT_EQ(run(sample.topology, enough, 3).status, Status::ok);
  EXPECT_EQ(run(sample.topology, less, 3).expected, bytes);
  EXPECT_EQ(run(sample.topology, enough, 2).status, Status::memory_too_small);
  Topology normalized = sample.topology;
  normalized.layers[0].batch_norm = true;
  EXPECT_EQ(run(normalized, enough, 3).status, Status::batch_norm_not_folded);
  EXPECT_EQ(mote::spectral_norms(sample.topology, flat, norm_memory, {norms.data(), 3}).status,
            Status::memory_too_small);
}

/// Nielsen's "speed of learning" of every hidden layer (chapter 5): the norm of the gradient with respect to its
/// biases, averaged over the first 1000 training images, at initialization.
Vector learning_speeds(const Topology& topology, const mote::Dataset& images, std::uint64_t seed) {
  std::vector<float> inputs(images.count * images.features), parameters(topology.parameter_count());
  EXPECT_TRUE(mote::gather(images, nullptr, 0, images.count, inputs.data()).ok());
  mote::Random random(seed, mote::Stream::initialization);
  mote::initialize(topology, mote::WeightInit::scaled_gaussian, mote::BiasInit::gaussian, random,
                   {parameters.data(), parameters.size()});
  const twin::Parameters gradients =
      gradients_of(topology, parameters, Loss::sigmoid_cross_entropy, inputs.data(), images.labels, images.count);
  Vector speeds;
  for (std::size_t l = 0; l + 1 < topology.layer_count; ++l) speeds.push_back(norm(gradients.biases[l]));
  return speeds;
}

mote::Storage<std::size_t{64} << 20> data_memory;

/// Whether the logarithm of a value is within three standard deviations of the mean logarithm of `of` over the draws.
template <typename Of>
void expect_typical(double value, const std::vector<Vector>& draws, Of of) {
  const double n = static_cast<double>(draws.size());
  double mean = 0.0, variance = 0.0;
  for (const Vector& draw : draws) mean += std::log(of(draw)) / n;
  for (const Vector& draw : draws) variance += std::pow(std::log(of(draw)) - mean, 2.0) / (n - 1.0);
  EXPECT_LT(std::fabs(std::log(value) - mean), 3.0 * std::sqrt(variance)) << value << ", here " << std::exp(mean);
}

// He published one draw for each network. It could be one of ours, and so could its quotients of neighboring layers:
// 15 comparisons, of which one in ten times would fail by chance if the draws were not fixed (Student's t, 19 degrees).
TEST(UnstableGradients, VanishLayerByLayerAsNielsenPublished) {
  const mote::Dataset images = tools::load_image_set(tools::mnist_folder(), data_memory).train.subset(0, 1000);
  const std::vector<Vector> published = {{0.0657, 0.3092}, {0.0118, 0.0600, 0.2831}, {0.0030, 0.0171, 0.0695, 0.2851}};
  for (const Vector& expected : published) {
    SCOPED_TRACE(expected.size());
    Topology topology;
    topology.inputs = 784;
    for (std::size_t l = 0; l < expected.size(); ++l) ASSERT_TRUE(topology.add({30, Activation::sigmoid}).ok());
    ASSERT_TRUE(topology.add({10, Activation::sigmoid}).ok());
    std::vector<Vector> draws;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) draws.push_back(learning_speeds(topology, images, seed));
    for (std::size_t l = 0; l < expected.size(); ++l) {
      expect_typical(expected[l], draws, [l](const Vector& draw) { return draw[l]; });
      if (l == 0) continue;
      expect_typical(expected[l] / expected[l - 1], draws, [l](const Vector& draw) { return draw[l] / draw[l - 1]; });
      for (const Vector& draw : draws) EXPECT_GT(draw[l], 3.0 * draw[l - 1]) << l;
    }
  }
}

}  // namespace
