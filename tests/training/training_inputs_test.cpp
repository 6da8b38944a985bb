// SPDX-License-Identifier: MIT
// Training on inputs of every type, on batches that are not stored, and with weights of samples and classes.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "mote/trainer.hpp"
#include "support/double_network.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Dataset;
using mote::Inputs;
using mote::Optimizer;
using mote::Result;
using mote::Status;
using mote::TrainingOptions;
using training::Bound;
using training::kSmall;
using training::Samples;
using training::with_batch;

constexpr std::size_t kSamples = 50;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// The numbers of `samples`, halved to fit, as another type.
template <typename Element>
std::vector<Element> halves(const std::vector<std::uint8_t>& bytes) {
  std::vector<Element> result;
  for (const std::uint8_t byte : bytes) result.push_back(static_cast<Element>(byte / 2));
  return result;
}

TEST(TrainingInputs, EqualNumbersOfAnyTypeTrainToEqualBits) {
  const Samples samples(kSmall, kSamples);
  const auto bytes = halves<std::uint8_t>(samples.features);
  const auto signed_bytes = halves<std::int8_t>(samples.features);
  const auto integers = halves<std::int16_t>(samples.features);
  const auto floats = halves<float>(samples.features);
  for (const std::size_t batch : {std::size_t{1}, std::size_t{8}, kSamples}) {
    for (const float offset : {0.0f, 60.0f}) {
      SCOPED_TRACE("batch " + std::to_string(batch) + " offset " + std::to_string(offset));
      const auto train = [&](Inputs inputs) {
        Bound bound(kSmall, with_batch(batch, 4, Optimizer::adam), kSamples);
        return bound.train(Dataset(inputs.set_offset(offset), samples.labels.data(), 3), 2);
      };
      const std::uint32_t expected = train(Inputs(bytes.data(), kSamples, 5, 0.01f));
      EXPECT_EQ(train(Inputs(signed_bytes.data(), kSamples, 5, 0.01f)), expected);
      EXPECT_EQ(train(Inputs(integers.data(), kSamples, 5, 0.01f)), expected);
      EXPECT_EQ(train(Inputs(floats.data(), kSamples, 5, 0.01f)), expected);
    }
  }
}

TEST(TrainingInputs, ARejectedInputChangesNoParameter) {
  const Samples samples(kSmall, kSamples);
  std::vector<float> floats = halves<float>(samples.features);
  const Dataset dataset(Inputs(floats.data(), kSamples, 5, 0.01f), samples.labels.data(), 3);
  for (const std::size_t memory_rows : {4u, 256u}) {  // a batch in chunks, and whole
    Bound bound(kSmall, with_batch(16, memory_rows, Optimizer::adam), kSamples);
    floats[33 * 5 + 2] = kNan;
    mote::LossTotals totals;
    const Result evaluated = bound.trainer.evaluate(dataset, totals);
    EXPECT_EQ(evaluated.status, Status::input_not_finite);
    EXPECT_EQ(evaluated.found, 33u);
    EXPECT_EQ(evaluated.expected, 2u);
    ASSERT_TRUE(bound.trainer.begin_epoch(dataset).ok());
    Result result;
    std::uint32_t before = 0;
    std::uint32_t steps = 0;
    while (result.ok()) {
      ASSERT_GT(bound.trainer.samples_left(), 0u);
      before = bound.fingerprint();
      steps = bound.trainer.progress().steps;
      result = bound.trainer.train_batch();
    }
    EXPECT_EQ(result.status, Status::input_not_finite);
    EXPECT_EQ(result.found, 33u);
    EXPECT_EQ(result.expected, 2u);
    EXPECT_EQ(bound.fingerprint(), before);
    EXPECT_EQ(bound.trainer.progress().steps, steps);
    floats[33 * 5 + 2] = 1.0f;
    while (bound.trainer.samples_left() > 0) ASSERT_TRUE(bound.trainer.train_batch().ok()) << "goes on when mended";
  }
}

TEST(TrainingInputs, ATargetThatIsNotFiniteIsNamed) {
  constexpr mote::Topology kRegression{5, {4, mote::Activation::tanh}, {2, mote::Activation::identity}};
  const Samples samples(kSmall, kSamples);
  std::vector<float> targets(kSamples * 2, 0.5f);
  const Dataset dataset(samples.dataset, mote::MatrixView{targets.data(), kSamples, 2, 2});
  TrainingOptions options = with_batch(8);
  options.loss = mote::Loss::quadratic;
  Bound bound(kRegression, options, kSamples);
  targets[17 * 2 + 1] = kNan;
  mote::LossTotals totals;
  for (const Result result : {bound.trainer.train_epoch(dataset), bound.trainer.evaluate(dataset, totals)}) {
    EXPECT_EQ(result.status, Status::target_out_of_range);
    EXPECT_EQ(result.found, 17u);
    EXPECT_EQ(result.expected, 1u);
  }
}

TEST(Unstored, BatchesHandedOverTrainToTheBitsOfAStoredSet) {
  const Samples samples(kSmall, kSamples);
  for (const Optimizer method : {Optimizer::sgd, Optimizer::nesterov, Optimizer::adam}) {
    TrainingOptions options = with_batch(8, 256, method).set_shuffle(false).set_hidden_dropout(0.25f);
    options.schedule = {mote::Decay::step, 5, 0.5f};
    Bound stored(kSmall, options, kSamples), unstored(kSmall, options, mote::kUnstored);
    EXPECT_EQ(unstored.trainer.samples(), 0u);
    for (int epoch = 0; epoch < 2; ++epoch) {
      ASSERT_TRUE(stored.trainer.train_epoch(samples.dataset).ok());
      for (std::size_t first = 0; first < kSamples; first += 8) {
        const Samples once(kSmall, kSamples);  // the memory goes after the call
        const Dataset batch = once.dataset.subset(first, std::min<std::size_t>(8, kSamples - first));
        ASSERT_TRUE(unstored.trainer.train_batch(batch).ok());
        EXPECT_EQ(unstored.trainer.epoch_totals().samples, batch.count);
      }
    }
    EXPECT_EQ(unstored.fingerprint(), stored.fingerprint());
    EXPECT_EQ(unstored.trainer.progress().steps, stored.trainer.progress().steps);
  }
}

TEST(Unstored, NeedsNoMemoryForAnOrder) {
  const std::size_t stored = mote::training_bytes(kSmall, with_batch(8), 100000);
  const std::size_t unstored = mote::training_bytes(kSmall, with_batch(8), mote::kUnstored);
  EXPECT_GE(stored, unstored + 100000 * sizeof(std::uint32_t));
}

TEST(Unstored, RejectsBatchesThatItCannotTrainOn) {
  const Samples samples(kSmall, kSamples);
  Bound bound(kSmall, with_batch(8), mote::kUnstored);
  const std::uint32_t before = bound.fingerprint();
  const Result large = bound.trainer.train_batch(samples.dataset.subset(0, 9));
  EXPECT_EQ(large.status, Status::bad_batch_size);
  EXPECT_EQ(large.found, 9u);
  EXPECT_EQ(large.expected, 8u);
  EXPECT_EQ(bound.trainer.train_batch(samples.dataset.subset(0, 0)).status, Status::no_samples);
  EXPECT_EQ(bound.trainer.begin_epoch(samples.dataset).status, Status::count_mismatch);
  EXPECT_EQ(bound.fingerprint(), before);
  constexpr mote::Topology kNormalized{5, {4, mote::Activation::relu, true}, {3, mote::Activation::softmax}};
  Bound normalized(kNormalized, with_batch(8), mote::kUnstored);
  EXPECT_EQ(normalized.trainer.train_batch(samples.dataset.subset(0, 1)).status, Status::batch_norm_of_one_sample);
  EXPECT_TRUE(normalized.trainer.train_batch(samples.dataset.subset(0, 2)).ok());
}

/// Trains one full-batch step and returns all parameters.
std::vector<float> stepped(const Dataset& dataset) {
  Bound bound(kSmall, with_batch(dataset.count).set_l2(0.0f), dataset.count);
  EXPECT_TRUE(bound.trainer.train_epoch(dataset).ok());
  return {bound.trainer.parameters().begin(), bound.trainer.parameters().end()};
}

TEST(Weights, AWeightOfTwoIsTheSampleTwice) {
  const Samples samples(kSmall, 4);
  const Samples twice({samples.features}, samples.labels, 5, 3);
  std::vector<std::uint8_t> features, labels;
  for (const std::size_t i : {0u, 0u, 1u, 3u}) {  // sample 0 twice, sample 2 never
    features.insert(features.end(), samples.features.begin() + static_cast<std::ptrdiff_t>(5 * i),
                    samples.features.begin() + static_cast<std::ptrdiff_t>(5 * i + 5));
    labels.push_back(samples.labels[i]);
  }
  const Samples repeated(features, labels, 5, 3);
  const float weights[] = {2.0f, 1.0f, 0.0f, 1.0f};
  Dataset weighted = samples.dataset;
  weighted.sample_weights = weights;
  const std::vector<float> found = stepped(weighted), expected = stepped(repeated.dataset);
  for (std::size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 2e-7f) << i;

  Bound bound(kSmall, with_batch(4), 4);
  mote::LossTotals of_weighted, of_repeated;
  ASSERT_TRUE(bound.trainer.evaluate(weighted, of_weighted).ok());
  ASSERT_TRUE(bound.trainer.evaluate(repeated.dataset, of_repeated).ok());
  EXPECT_NEAR(of_weighted.mean_loss(), of_repeated.mean_loss(), 1e-6f);
}

TEST(Weights, OfClassesAreWeightsOfTheirSamples) {
  const Samples samples(kSmall, kSamples);
  const float of_classes[] = {0.5f, 1.0f, 3.0f}, others[] = {1.0f, 2.0f, 1.0f};
  std::vector<float> of_samples, halves_of_samples;
  for (const std::uint8_t label : samples.labels) {
    of_samples.push_back(of_classes[label]);
    halves_of_samples.push_back(of_classes[label] / others[label]);
  }
  const auto train = [&](const float* sample_weights, const float* class_weights, std::size_t memory_rows) {
    Dataset dataset = samples.dataset;
    dataset.sample_weights = sample_weights;
    dataset.class_weights = class_weights;
    Bound bound(kSmall, with_batch(16, memory_rows), kSamples);
    return bound.train(dataset, 2);
  };
  const std::uint32_t expected = train(of_samples.data(), nullptr, 256);
  EXPECT_EQ(train(nullptr, of_classes, 256), expected);
  EXPECT_EQ(train(halves_of_samples.data(), others, 256), expected);
  EXPECT_EQ(train(of_samples.data(), nullptr, 3), train(nullptr, of_classes, 3)) << "in chunks, too";
  const std::vector<float> ones(kSamples, 1.0f);
  EXPECT_EQ(train(ones.data(), ones.data(), 256), train(nullptr, nullptr, 256)) << "a weight of 1 changes no bit";
  EXPECT_NE(expected, train(nullptr, nullptr, 256));
}

TEST(Weights, OfAnAutoencoderFollowTheOrderOfItsSamples) {
  constexpr mote::Topology kAutoencoder{5, {3, mote::Activation::tanh}, {5, mote::Activation::identity}};
  const Samples samples(kSmall, kSamples);
  TrainingOptions options = with_batch(8).set_loss(mote::Loss::quadratic);
  const auto train = [&](const std::vector<float>& weights) {
    Dataset dataset = samples.dataset.autoencoding();
    dataset.sample_weights = weights.empty() ? nullptr : weights.data();
    Bound bound(kAutoencoder, options, kSamples);
    return bound.train(dataset, 2);
  };
  std::vector<float> weights(kSamples, 1.0f);
  EXPECT_EQ(train(weights), train({})) << "a weight of 1 changes no bit";
  weights[7] = 2.0f;
  EXPECT_NE(train(weights), train({}));
}

TEST(Weights, AreChecked) {
  const Samples samples(kSmall, kSamples);
  for (const float bad : {-1.0f, kNan, std::numeric_limits<float>::infinity()}) {
    std::vector<float> weights(kSamples, 1.0f);
    Dataset dataset = samples.dataset;
    dataset.sample_weights = weights.data();
    EXPECT_TRUE(mote::check(dataset).ok());
    weights[7] = bad;
    EXPECT_EQ(mote::check(dataset).status, Status::bad_weight);
    EXPECT_EQ(mote::check(dataset).found, 7u);
    dataset.sample_weights = nullptr;
    const float classes[] = {0.0f, 1.0f, bad};
    dataset.class_weights = classes;
    EXPECT_EQ(mote::check(dataset).found, 2u);
    dataset = dataset.autoencoding();
    EXPECT_TRUE(mote::check(dataset).ok());
  }
  Dataset unlabelled = samples.dataset.autoencoding();
  const float weights[] = {1.0f};
  unlabelled.class_weights = weights;
  EXPECT_EQ(mote::check(unlabelled).status, Status::no_labels);
}

/// Mean and deviation of a feature in long double.
std::pair<double, double> moments(const Inputs& inputs, std::size_t feature) {
  long double sum = 0.0L, squares = 0.0L;
  for (std::size_t i = 0; i < inputs.count; ++i) sum += static_cast<long double>(element_at(inputs, i, feature));
  const long double mean = sum / static_cast<long double>(inputs.count);
  for (std::size_t i = 0; i < inputs.count; ++i) {
    const long double distance = static_cast<long double>(element_at(inputs, i, feature)) - mean;
    squares += distance * distance;
  }
  return {static_cast<double>(mean), static_cast<double>(std::sqrt(squares / static_cast<long double>(inputs.count)))};
}

TEST(Standardize, IsSoundForEveryMagnitudeAndType) {
  constexpr std::size_t kRows = 1000, kFeatures = 37;
  std::mt19937 random(3);
  std::vector<float> values(kRows * kFeatures);
  std::vector<std::int16_t> integers(kRows * kFeatures);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t f = i % kFeatures;
    const float noise = static_cast<float>(random() % 1000) / 1000.0f;
    const float unit = std::ldexp(1.0f, static_cast<int>(f) * 6 - 110);  // 2^-110 to 2^106
    values[i] = f % 3 == 0 ? unit * (1000.0f + noise) : unit * noise;    // a mean far above the deviation, too
    integers[i] = static_cast<std::int16_t>(random());
  }
  for (const Inputs& inputs : {Inputs(values.data(), kRows, kFeatures), Inputs(integers.data(), kRows, kFeatures)}) {
    std::vector<float> offsets(kFeatures), scales(kFeatures);
    ASSERT_TRUE(mote::standardize(inputs, {offsets.data(), kFeatures}, {scales.data(), kFeatures}).ok());
    for (std::size_t f = 0; f < kFeatures; ++f) {
      const auto [mean, deviation] = moments(inputs, f);
      ASSERT_NEAR(static_cast<double>(offsets[f]) / mean, 1.0, 1e-7) << f;
      ASSERT_NEAR(static_cast<double>(scales[f]) * deviation, 1.0, 1e-7) << f;
    }
  }
}

TEST(Standardize, LeavesConstantsFiniteAndRejectsWhatIsNot) {
  const float values[] = {0.1f, 1.0f, 0.1f, 2.0f, 0.1f, 4.0f};
  float offsets[2], scales[2];
  ASSERT_TRUE(mote::standardize(Inputs(values, 3, 2), offsets, scales).ok());
  EXPECT_EQ(offsets[0], 0.1f);
  EXPECT_EQ(scales[0], 1.0f);
  EXPECT_EQ(mote::standardize(Inputs(values, 0, 2), offsets, scales).status, Status::no_samples);
  const float bad[] = {0.0f, 1.0f, 2.0f, kNan};
  const Result result = mote::standardize(Inputs(bad, 2, 2), offsets, scales);
  EXPECT_EQ(result.status, Status::input_not_finite);
  EXPECT_EQ(result.found, 1u);
  EXPECT_EQ(result.expected, 1u);
}

TEST(Standardize, MakesTrainingInvariantToUnits) {
  const Samples samples(kSmall, kSamples);
  const std::vector<float> meters = halves<float>(samples.features);
  const auto train = [&](const std::vector<float>& values) {
    const Inputs inputs(values.data(), kSamples, 5);
    float offsets[5], scales[5];
    EXPECT_TRUE(mote::standardize(inputs, offsets, scales).ok());
    Bound bound(kSmall, with_batch(8), kSamples);
    return bound.train(Dataset(Inputs(inputs).set_transformation(offsets, scales), samples.labels.data(), 3), 2);
  };
  std::vector<float> others = meters;
  for (float& x : others) x *= 1024.0f;  // a power of 2: no rounding differs
  EXPECT_EQ(train(others), train(meters));
}

}  // namespace
