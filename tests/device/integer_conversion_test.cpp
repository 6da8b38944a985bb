// SPDX-License-Identifier: MIT
#include "mote/integer_conversion.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "data/image_files.hpp"
#include "mote/flash_network.hpp"
#include "mote/initializer.hpp"
#include "mote/network.hpp"
#include "mote/trainer.hpp"
#include "support/converted_network.hpp"
#include "support/double_network.hpp"
#include "support/guarded_memory.hpp"
#include "support/support.hpp"

namespace {

using mote::Activation;
using mote::Inputs;
using mote::IntegerModel;
using mote::Range;
using mote::ScalePer;
using mote::Span;
using mote::Status;
using mote::Topology;
using mote::test::BasicConverted;
using mote::test::Converted;
using mote::test::Converted16;
using mote::test::wide;

/// Decibels of the outputs of the double twin above the error of the integers, over samples of random inputs. T: int8
/// or int16 activations.
template <typename T = std::int8_t>
double signal_to_error(const Topology& t, Span<const float> parameters, const std::vector<float>& inputs,
                       ScalePer per) {
  const std::size_t samples = inputs.size() / t.inputs;
  BasicConverted<T> converted(t);
  converted.make(t, parameters, Inputs(inputs.data(), samples, t.inputs), per);
  const twin::Network network(t, parameters);
  double signal = 0.0, error = 0.0;
  for (std::size_t i = 0; i < samples; ++i) {
    const float* x = inputs.data() + i * t.inputs;
    const std::vector<twin::Vector> z = network.pre_activations(x);
    const Activation last = t.output_activation();
    const twin::Vector wanted =
        last == Activation::softmax ? z[t.layer_count - 1] : twin::activate(last, z[t.layer_count - 1]);
    const Span<const T> found = converted.forward(x, t.inputs);
    for (std::size_t j = 0; j < wanted.size(); ++j) {
      const double difference = converted.number(found[j]) - wanted[j];
      signal += wanted[j] * wanted[j];
      error += difference * difference;
    }
  }
  return 10.0 * std::log10(signal / error);
}

template <typename T = std::int8_t>
double signal_to_error(const Topology& t, ScalePer per) {
  std::vector<float> parameters(t.parameter_count());
  twin::randomize(t, 3, {parameters.data(), parameters.size()});
  const std::vector<float> inputs = mote::test::Source(4).floats(40 * t.inputs, -1.0f, 2.0f);
  return signal_to_error<T>(t, {parameters.data(), parameters.size()}, inputs, per);
}

constexpr Activation kActivations[] = {Activation::identity,   Activation::sigmoid, Activation::tanh, Activation::relu,
                                       Activation::leaky_relu, Activation::elu,     Activation::selu, Activation::gelu,
                                       Activation::silu,       Activation::softplus};

TEST(IntegerConversion, KeepsTheOutputsOfEveryActivation) {
  for (const Activation activation : kActivations) {
    const Topology t{30, {40, activation}, {20, activation}, {5, activation}};
    EXPECT_GE(signal_to_error(t, ScalePer::output), 24.0) << mote::name_of(activation);
  }
  EXPECT_GE(signal_to_error({30, {40, Activation::relu}, {5, Activation::softmax}}, ScalePer::output), 30.0);
}

TEST(IntegerConversion, QuantizesSigmoidAndTanhAsTfliteDoes) {
  const Topology t{3, {4, Activation::sigmoid}, {4, Activation::tanh}, {2, Activation::sigmoid}};
  std::vector<float> parameters(t.parameter_count());
  twin::randomize(t, 3, {parameters.data(), parameters.size()});
  const std::vector<float> inputs = mote::test::Source(4).floats(30, -1.0f, 2.0f);
  Converted converted(t);
  converted.make(t, {parameters.data(), parameters.size()}, Inputs(inputs.data(), 10, 3), ScalePer::output);
  const std::int8_t zeros[] = {-128, 0, -128};
  const float scales[] = {0x1p-8f, 0x1p-7f, 0x1p-8f};
  for (std::size_t l = 0; l < 3; ++l) {
    EXPECT_EQ(converted.layers[l].output.zero, zeros[l]) << l;
    EXPECT_EQ(converted.layers[l].output.scale, scales[l]) << l;
  }
}

/// Parameters whose weights are multiples of a step, up to 127: only the activations lose.
std::vector<float> weights_of_8_bits(const Topology& t, float step) {
  std::vector<float> parameters(t.parameter_count());
  mote::test::Source source(8);
  for (std::size_t l = 0; l < t.layer_count; ++l) {
    for (std::size_t k = 0; k < t.inputs_of(l); ++k) {
      for (std::size_t j = 0; j < t.outputs_of(l); ++j) {
        const float unit = k == 0 ? 127.0f : static_cast<float>(source.below(255)) - 127.0f;
        parameters[t.weights_offset(l) + k * t.stride_of(l) + j] = unit * step;
      }
    }
    for (std::size_t j = 0; j < t.outputs_of(l); ++j) parameters[t.biases_offset(l) + j] = source.uniform(-0.5f, 0.5f);
  }
  return parameters;
}

TEST(IntegerConversion16, KeepsTheOutputsOfEveryActivation) {
  const std::vector<float> inputs = mote::test::Source(4).floats(40 * 30, -1.0f, 2.0f);
  for (const Activation activation : kActivations) {
    SCOPED_TRACE(mote::name_of(activation));
    const Topology t{30, {40, activation}, {20, activation}, {5, activation}};
    EXPECT_GE(signal_to_error<std::int16_t>(t, ScalePer::output), 38.0) << "limited by the weights";
    const std::vector<float> exact = weights_of_8_bits(t, 0.003f);
    const Span<const float> parameters(exact.data(), exact.size());
    const double of_int16 = signal_to_error<std::int16_t>(t, parameters, inputs, ScalePer::output);
    EXPECT_GE(of_int16, 70.0) << "with exact weights";
    EXPECT_GE(of_int16, signal_to_error(t, parameters, inputs, ScalePer::output) + 35.0);
  }
}

TEST(IntegerConversion16, UsesAllStepsForOutputsThatNoLayerSums) {
  const Topology t{3, {1000, Activation::relu}, {1000}};
  std::vector<float> parameters(t.parameter_count());
  twin::randomize(t, 3, {parameters.data(), parameters.size()});
  const std::vector<float> inputs = mote::test::Source(4).floats(30, -1.0f, 2.0f);
  Converted16 converted(t);
  converted.make(t, {parameters.data(), parameters.size()}, Inputs(inputs.data(), 10, 3), ScalePer::output);
  EXPECT_LT(converted.layers[0].output.most, 32767);
  EXPECT_EQ(converted.model.output().most, 32767);
}

TEST(IntegerConversion16, SpendsNoStepsWhereSigmoidAndTanhAreFlat) {
  for (const Activation activation : {Activation::sigmoid, Activation::tanh}) {
    const Topology t{1, {1, activation}, {1}};
    std::vector<float> parameters(t.parameter_count()), inputs{-50.0f, 100.0f};
    parameters[t.weights_offset(0)] = parameters[t.weights_offset(1)] = 1.0f;
    Converted16 converted(t);
    converted.make(t, {parameters.data(), parameters.size()}, Inputs(inputs.data(), 2, 1), ScalePer::output);
    EXPECT_FLOAT_EQ(converted.layers[0].z.scale, 12.0f / 32767.0f);
  }
}

/// No input can overflow a sum: not with the most inputs, the largest weights and biases that outweigh them.
TEST(IntegerConversion16, LeavesRoomForEverySum) {
  for (const std::uint32_t inputs : {1u, 258u, 259u, 784u, 65536u}) {
    SCOPED_TRACE(inputs);
    const Topology t{inputs, {3, Activation::relu}, {4}};
    std::vector<float> parameters(t.parameter_count()), sample(inputs, 1.0f);
    for (std::size_t k = 0; k < inputs; ++k) {
      float* row = parameters.data() + t.weights_offset(0) + k * t.stride_of(0);
      row[0] = 0.5f;
      row[1] = -0.5f;
      row[2] = 1e-9f;
    }
    const float biases[] = {40000.0f, -3.0f, 3.0f};
    std::copy(biases, biases + 3, parameters.begin() + static_cast<std::ptrdiff_t>(t.biases_offset(0)));
    parameters[t.weights_offset(1)] = 1.0f;
    parameters[t.weights_offset(1) + 2 * t.stride_of(1) + 1] = 1.0f;
    parameters[t.biases_offset(1) + 2] = -7.0f;  // without weights
    Converted16 converted(t);
    converted.make(t, {parameters.data(), parameters.size()}, Inputs(sample.data(), 1, inputs), ScalePer::output);
    const std::int16_t most = mote::largest_int16(inputs);
    EXPECT_EQ(converted.model.input.most, most);
    EXPECT_EQ(most, std::min<std::int64_t>(32767, (std::int64_t{1} << 30) / (127 * std::int64_t{inputs})));
    EXPECT_EQ(converted.layers[0].most, 32767) << "the next layer has 3 inputs";
    for (std::size_t l = 0; l < 2; ++l) {
      const auto& layer = converted.layers[l];
      const std::int64_t largest = l == 0 ? most : converted.layers[0].most;
      for (std::size_t j = 0; j < layer.outputs; ++j) {
        std::int64_t sum = std::abs(std::int64_t{layer.biases[j]});
        EXPECT_LT(sum, std::int64_t{1} << 30);
        for (std::size_t k = 0; k < layer.inputs; ++k) {
          sum += largest * std::abs(std::int32_t{layer.weights[j * layer.inputs + k]});
        }
        EXPECT_LT(sum, std::int64_t{1} << 31) << l << ' ' << j;
      }
    }
    std::fill(sample.begin(), sample.end(), 1e6f);  // clamped to 1
    const Span<const std::int16_t> outputs = converted.forward(sample.data(), inputs);
    const double first = 40000.0 + 0.5 * inputs, step = first / 32767.0;
    EXPECT_NEAR(converted.number(outputs[0]), first, 0.005 * first);
    EXPECT_NEAR(converted.number(outputs[1]), 3.0, 3.0 * step) << "the scale is that of the first output";
    EXPECT_NEAR(converted.number(outputs[2]), -7.0, step);
    EXPECT_NEAR(converted.number(outputs[3]), 0.0, step);
  }
}

/// The anomaly network of MLPerf Tiny, smaller.
TEST(IntegerConversion, LosesLessWithAScaleForEachOutput) {
  const mote::Layer wide_layer{64, Activation::relu};
  const Topology t{80, wide_layer, wide_layer, {8, Activation::relu}, wide_layer, wide_layer, {80}};
  const double per_layer = signal_to_error(t, ScalePer::layer), per_output = signal_to_error(t, ScalePer::output);
  EXPECT_GE(per_layer, 25.0);
  EXPECT_GE(per_output, per_layer);
}

/// The loss of the anomaly network depends on the distribution of its random weights: mean decibels over three seeds,
/// with normal inputs. The README quotes these figures.
TEST(IntegerConversion, KeepsTheOutputsOfTheAnomalyNetworkWithRandomWeights) {
  const mote::Layer wide_layer{128, Activation::relu};
  const Topology t{640,        wide_layer, wide_layer, wide_layer, wide_layer, {8, Activation::relu},
                   wide_layer, wide_layer, wide_layer, wide_layer, {640}};
  const struct {
    mote::WeightInit weights;
    ScalePer per;
    double decibels;
  } cases[] = {{mote::WeightInit::glorot_uniform, ScalePer::layer, 32.5},
               {mote::WeightInit::glorot_uniform, ScalePer::output, 32.9},
               {mote::WeightInit::he_normal, ScalePer::layer, 28.3},
               {mote::WeightInit::he_normal, ScalePer::output, 30.1}};
  for (const auto& c : cases) {
    double sum = 0.0;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      std::vector<float> parameters(t.parameter_count()), inputs(60 * t.inputs);
      mote::Random random(seed, mote::Stream::initialization);
      const Span<float> view(parameters.data(), parameters.size());
      mote::initialize(t, c.weights, mote::BiasInit::zero, random, view);
      for (float& x : inputs) x = random.gaussian();
      sum += signal_to_error(t, view, inputs, c.per);
    }
    EXPECT_NEAR(sum / 3.0, c.decibels, 0.1) << static_cast<int>(c.weights) << ", " << static_cast<int>(c.per);
  }
}

TEST(IntegerConversion, RejectsWhatDoesNotFit) {
  const Topology t{2, {3, Activation::relu}, {1}};
  std::vector<float> parameters(t.parameter_count(), 0.5f);
  Converted converted(t);
  const Span<const float> p(parameters.data(), parameters.size());
  const Span<Range> ranges(converted.ranges.data(), converted.ranges.size());
  mote::IntegerArrays arrays = converted.arrays();
  arrays.shifts = arrays.shifts.subspan(0, 3);
  IntegerModel model;
  const mote::Result unknown =
      mote::make_integer_model(t, p, ranges, static_cast<ScalePer>(77), converted.arrays(), model);
  EXPECT_EQ(unknown.status, Status::bad_enumerator);
  EXPECT_EQ(unknown.found, 77u);
  EXPECT_EQ(mote::make_integer_model(t, p, ranges, ScalePer::layer, arrays, model).status, Status::model_size_mismatch);
  parameters[t.weights_offset(1)] = INFINITY;
  EXPECT_EQ(mote::make_integer_model(t, p, ranges, ScalePer::layer, converted.arrays(), model).status,
            Status::weight_out_of_range);
  const Topology normalized{2, {3, Activation::relu, true}, {1}};
  EXPECT_EQ(mote::make_integer_model(normalized, p, ranges, ScalePer::layer, converted.arrays(), model).status,
            Status::batch_norm_not_folded);
}

mote::Storage<std::size_t{64} << 20> data_memory, memory;

/// Within 0.3 points on MNIST's test images.
TEST(IntegerConversion, KeepsTheAccuracyOnMnist) {
  const tools::ImageSet images = tools::load_image_set(tools::mnist_folder(), data_memory);
  const Topology t{784, {30, Activation::sigmoid}, {10, Activation::softmax}};
  const mote::TrainingOptions options{mote::Loss::cross_entropy, {mote::Optimizer::sgd, 0.5f}, 0.0f, 10};
  mote::Trainer trainer;
  ASSERT_TRUE(trainer.bind(t, options, images.train.count, memory).ok());
  trainer.initialize(mote::WeightInit::scaled_gaussian, mote::BiasInit::zero);
  ASSERT_TRUE(trainer.train_epoch(images.train).ok());
  mote::LossTotals totals;
  ASSERT_TRUE(trainer.evaluate(images.test, totals).ok());
  EXPECT_GE(totals.accuracy(), 0.9f);
  Converted converted(t);
  converted.make(t, trainer.parameters(), images.train.subset(0, 1000), ScalePer::output);
  std::vector<float> x(784);
  std::size_t correct = 0;
  for (std::size_t i = 0; i < images.test.count; ++i) {
    ASSERT_TRUE(mote::gather(images.test, nullptr, i, 1, x.data()).ok());
    correct += mote::argmax(converted.forward(x.data(), 784)) == images.test.labels[i] ? 1 : 0;
  }
  const double accuracy = static_cast<double>(correct) / static_cast<double>(images.test.count);
  EXPECT_NEAR(accuracy, wide(totals.accuracy()), 0.003);
}

}  // namespace
