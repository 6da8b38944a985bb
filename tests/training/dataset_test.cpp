// SPDX-License-Identifier: MIT
#include "mote/dataset.hpp"
#include "mote/idx.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "support/support.hpp"

namespace {

using mote::Dataset;
using mote::Idx;
using mote::Status;
using mote::test::Guarded;
using mote::test::kNotANumber;
using std::size_t;

constexpr size_t kCount = 6, kFeatures = 5;

/// Six samples of five bytes, sample i being 40 i, 40 i + 1, ..., and their labels.
struct Samples {
  Samples() {
    for (size_t i = 0; i < kCount; ++i) {
      for (size_t j = 0; j < kFeatures; ++j) bytes.push_back(static_cast<std::uint8_t>(40 * i + j));
    }
    dataset = Dataset(bytes.data(), labels.data(), kCount, kFeatures, 10);
  }
  std::vector<std::uint8_t> bytes, labels = {7, 3, 9, 0, 4, 4};
  Dataset dataset;
};

/// Fails unless row i of what was gathered is the sample that `sample(i)` says.
template <typename F>
void expect_gathered(const Samples& s, const std::uint32_t* order, size_t first, size_t rows, F sample) {
  Guarded<float> inputs(rows * kFeatures, kNotANumber);
  Guarded<std::uint8_t> labels(rows, 255);
  ASSERT_TRUE(mote::gather(s.dataset, order, first, rows, inputs.data()).ok());
  mote::gather_labels(s.dataset, order, first, rows, labels.data());
  ASSERT_TRUE(inputs.intact() && labels.intact());
  for (size_t i = 0; i < rows; ++i) {
    ASSERT_EQ(labels[i], s.labels[sample(i)]);
    for (size_t j = 0; j < kFeatures; ++j) {
      ASSERT_EQ(inputs[i * kFeatures + j], static_cast<float>(40 * sample(i) + j) * s.dataset.scale);
    }
  }
}

TEST(Gather, WithoutOrderTakesSamplesAsTheyLie) {
  const Samples s;
  expect_gathered(s, nullptr, 0, kCount, [](size_t i) { return i; });
  expect_gathered(s, nullptr, 2, 3, [](size_t i) { return 2 + i; });
  expect_gathered(s, nullptr, kCount - 1, 1, [](size_t) { return kCount - 1; });
  expect_gathered(s, nullptr, kCount, 0, [](size_t) { return size_t{0}; });
}

TEST(Gather, FollowsTheOrderFromItsFirst) {
  const Samples s;
  const std::uint32_t order[] = {4, 2, 2, 0, 5, 1};
  expect_gathered(s, order, 0, kCount, [&](size_t i) { return order[i]; });
  expect_gathered(s, order, 3, 2, [&](size_t i) { return order[3 + i]; });
}

TEST(Gather, ScalesToTheUnitIntervalUnlessToldOtherwise) {
  Samples s;
  s.bytes[1] = 255;
  float inputs[kFeatures];
  ASSERT_TRUE(mote::gather(s.dataset, nullptr, 0, 1, inputs).ok());
  EXPECT_EQ(inputs[0], 0.0f);
  EXPECT_EQ(inputs[1], 1.0f);
  s.dataset.scale = 0.5f;
  ASSERT_TRUE(mote::gather(s.dataset, nullptr, 0, 1, inputs).ok());
  EXPECT_EQ(inputs[1], 127.5f);
  EXPECT_EQ(inputs[2], 1.0f);
}

TEST(GatherDeathTest, StopsPastTheLastSample) {
  const Samples s;
  std::vector<float> inputs(kFeatures * (kCount + 1));
  EXPECT_DEATH(static_cast<void>(mote::gather(s.dataset, nullptr, 0, kCount + 1, inputs.data())), "");
  EXPECT_DEATH(static_cast<void>(mote::gather(s.dataset, nullptr, kCount + 1, 0, inputs.data())), "");
  EXPECT_DEATH(static_cast<void>(mote::gather(s.dataset, nullptr, 3, static_cast<size_t>(-2), inputs.data())), "");
}

TEST(Subset, IsAViewOfSomeSamples) {
  const Samples s;
  const Dataset part = s.dataset.subset(2, 3);
  EXPECT_EQ(part.count, 3u);
  EXPECT_EQ(part.data, s.bytes.data() + 2 * kFeatures);
  EXPECT_EQ(part.labels, s.labels.data() + 2);
  EXPECT_EQ(part.features, kFeatures);
  EXPECT_EQ(part.classes, 10u) << "even when fewer occur";
  EXPECT_EQ(part.scale, s.dataset.scale);
  EXPECT_EQ(s.dataset.subset(kCount, 0).count, 0u);
  EXPECT_EQ(part.subset(1, 2).labels, s.labels.data() + 3);
  EXPECT_EQ(part.sample_weights, nullptr);
  const float weights[kCount] = {};
  Dataset weighted = s.dataset;
  weighted.sample_weights = weights;
  EXPECT_EQ(weighted.subset(2, 3).sample_weights, weights + 2);
}

TEST(SubsetDeathTest, StopsPastTheLastSample) {
  const Samples s;
  EXPECT_DEATH(static_cast<void>(s.dataset.subset(0, kCount + 1)), "");
  EXPECT_DEATH(static_cast<void>(s.dataset.subset(kCount + 1, 0)), "");
  EXPECT_DEATH(static_cast<void>(s.dataset.subset(1, static_cast<size_t>(-1))), "");
}

Idx images_of(const std::vector<std::uint8_t>& bytes, std::uint32_t count, std::uint32_t rows, std::uint32_t columns) {
  return {3, {count, rows, columns, 1}, {bytes.data(), bytes.size()}};
}

Idx labels_of(const std::vector<std::uint8_t>& bytes) {
  return {1, {static_cast<std::uint32_t>(bytes.size()), 1, 1, 1}, {bytes.data(), bytes.size()}};
}

TEST(MakeDataset, PairsImagesWithLabels) {
  const std::vector<std::uint8_t> pixels(3 * 2 * 4, 9), numbers = {5, 0, 2};
  Dataset dataset;
  ASSERT_TRUE(make_dataset(images_of(pixels, 3, 2, 4), labels_of(numbers), 10, dataset).ok());
  EXPECT_EQ(dataset.data, pixels.data());
  EXPECT_EQ(dataset.labels, numbers.data());
  EXPECT_EQ(dataset.count, 3u);
  EXPECT_EQ(dataset.features, 8u);
  EXPECT_EQ(dataset.classes, 10u);
  EXPECT_EQ(dataset.scale, 1.0f / 255.0f);
}

TEST(MakeDataset, CountsClassesWhenNotTold) {
  const std::vector<std::uint8_t> pixels(3), numbers = {5, 0, 2}, largest = {255, 0, 2};
  Dataset dataset;
  ASSERT_TRUE(make_dataset(images_of(pixels, 3, 1, 1), labels_of(numbers), 0, dataset).ok());
  EXPECT_EQ(dataset.classes, 6u);
  ASSERT_TRUE(make_dataset(images_of(pixels, 3, 1, 1), labels_of(largest), 0, dataset).ok());
  EXPECT_EQ(dataset.classes, 256u);
}

TEST(MakeDataset, RefusesAnotherNumberOfLabels) {
  const std::vector<std::uint8_t> pixels(4), numbers = {5, 0, 2};
  Dataset dataset;
  const mote::Result result = make_dataset(images_of(pixels, 4, 1, 1), labels_of(numbers), 10, dataset);
  EXPECT_EQ(result.status, Status::count_mismatch);
  EXPECT_EQ(result.found, 3u);
  EXPECT_EQ(result.expected, 4u);
  EXPECT_EQ(dataset.count, 0u) << "left alone";
}

TEST(MakeDataset, RefusesALabelThatIsNoClass) {
  const std::vector<std::uint8_t> pixels(3), numbers = {5, 0, 2};
  Dataset dataset;
  const mote::Result result = make_dataset(images_of(pixels, 3, 1, 1), labels_of(numbers), 5, dataset);
  EXPECT_EQ(result.status, Status::label_out_of_range);
  EXPECT_EQ(result.found, 5u);
  EXPECT_EQ(result.expected, 4u);
  EXPECT_EQ(dataset.count, 0u) << "left alone";
  EXPECT_TRUE(make_dataset(images_of(pixels, 3, 1, 1), labels_of(numbers), 6, dataset).ok());
}

/// Three samples of two bytes with two targets each.
struct Regression {
  std::vector<std::uint8_t> bytes = {0, 51, 102, 153, 204, 255};
  std::vector<float> values = {0.5f, 0.25f, 0.125f, 1.0f, 0.0f, 0.75f};
  Dataset dataset;

  Regression() {
    EXPECT_TRUE(make_dataset(images_of(bytes, 3, 1, 2), mote::MatrixView{values.data(), 3, 2, 2}, dataset).ok());
  }
};

TEST(MakeDataset, PairsImagesWithTargets) {
  const Regression r;
  EXPECT_EQ(r.dataset.data, r.bytes.data());
  EXPECT_EQ(r.dataset.labels, nullptr);
  EXPECT_EQ(r.dataset.targets.data, r.values.data());
  EXPECT_EQ(r.dataset.count, 3u);
  EXPECT_EQ(r.dataset.features, 2u);
  EXPECT_EQ(r.dataset.outputs(), 2u);
  EXPECT_TRUE(check(r.dataset).ok());
}

TEST(MakeDataset, RefusesAnotherNumberOfTargets) {
  const Regression r;
  Dataset dataset;
  const mote::Result result =
      make_dataset(images_of(r.bytes, 3, 1, 2), mote::MatrixView{r.values.data(), 2, 2, 2}, dataset);
  EXPECT_EQ(result.status, Status::count_mismatch);
  EXPECT_EQ(result.found, 2u);
  EXPECT_EQ(result.expected, 3u);
  EXPECT_EQ(dataset.count, 0u) << "left alone";
}

TEST(Subset, TakesItsTargetsAlong) {
  const Regression r;
  const Dataset part = r.dataset.subset(1, 2);
  EXPECT_EQ(part.targets.rows, 2u);
  EXPECT_EQ(part.targets.row(1)[1], 0.75f);
  EXPECT_TRUE(check(part).ok());
  const Dataset same = r.dataset.autoencoding().subset(2, 1);
  EXPECT_TRUE(same.inputs_are_targets && check(same).ok());
  EXPECT_EQ(same.targets.data, nullptr);
}

TEST(Targets, AreThoseOfTheSamplesGathered) {
  const Regression r;
  const std::uint32_t order[] = {2, 0, 1};
  const mote::Targets ordered = targets_of(r.dataset, order, 1, nullptr, nullptr);
  EXPECT_EQ(ordered.row(0), r.values.data());
  EXPECT_EQ(ordered.row(1), r.values.data() + 2);
  EXPECT_EQ(ordered.labels, nullptr);
  EXPECT_EQ(targets_of(r.dataset, nullptr, 1, nullptr, nullptr).row(1), r.values.data() + 4);

  const float inputs[4] = {};
  const mote::Targets own = targets_of(r.dataset.autoencoding(), order, 1, inputs, nullptr);
  EXPECT_EQ(own.row(1), inputs + 2) << "the order has been followed already";

  const Samples s;
  const std::uint8_t gathered[] = {1, 2};
  EXPECT_EQ(targets_of(s.dataset, order, 1, inputs, gathered).labels, gathered);
  EXPECT_EQ(targets_of(s.dataset, nullptr, 2, inputs, nullptr).labels, s.labels.data() + 2);
  EXPECT_EQ(targets_of(s.dataset, nullptr, 2, inputs, nullptr).row(0), nullptr);
}

TEST(Gather, LeavesLabelsAloneWhereThereAreNone) {
  const Regression r;
  float inputs[6];
  std::uint8_t labels[3] = {9, 9, 9};
  ASSERT_TRUE(mote::gather(r.dataset, nullptr, 0, 3, inputs).ok());
  mote::gather_labels(r.dataset, nullptr, 0, 3, labels);
  EXPECT_EQ(inputs[5], 1.0f);
  EXPECT_EQ(labels[0], 9);
}

TEST(Autoencoding, MakesInputsTheTargetsAndForgetsLabels) {
  const Samples s;
  const Dataset same = s.dataset.autoencoding();
  EXPECT_TRUE(same.inputs_are_targets);
  EXPECT_EQ(same.labels, nullptr);
  EXPECT_EQ(same.outputs(), kFeatures);
  EXPECT_EQ(s.dataset.outputs(), 10u);
  EXPECT_EQ(same.data, s.dataset.data) << "nothing is copied";
  EXPECT_TRUE(check(same).ok());
}

TEST(CheckDataset, SaysWhatContradictsItself) {
  const Regression r;
  const Samples s;
  EXPECT_TRUE(check(s.dataset).ok());
  Dataset none = s.dataset;
  none.labels = nullptr;
  EXPECT_EQ(check(none).status, Status::no_labels);
  Dataset unknown = s.dataset;
  std::vector<std::uint8_t> labels(s.labels.begin(), s.labels.end());
  labels.back() = 10;
  unknown.labels = labels.data();
  EXPECT_EQ(check(unknown).status, Status::label_out_of_range);
  EXPECT_EQ(check(unknown).found, 10u);
  EXPECT_EQ(check(unknown).expected, 9u);
  Dataset fewer = r.dataset;
  fewer.count = 2;
  EXPECT_EQ(check(fewer).status, Status::count_mismatch);
  EXPECT_EQ(check(fewer).found, 3u);
  EXPECT_EQ(check(fewer).expected, 2u);
  Dataset both = r.dataset;
  const std::uint8_t labels_of_two[] = {1, 0, 1};
  both.labels = labels_of_two;
  both.classes = 10;
  EXPECT_EQ(check(both).status, Status::output_size_mismatch);
  both.classes = 2;
  EXPECT_TRUE(check(both).ok()) << "soft targets beside labels";
}

TEST(CheckTargets, NamesTheFirstSampleOutOfRange) {
  using mote::Loss;
  Regression r;
  const auto result = [&](Loss loss, float value) {
    r.values[3] = value;
    return mote::check_targets(loss, r.dataset);
  };
  const float infinity = std::numeric_limits<float>::infinity();
  for (const Loss loss : {Loss::quadratic, Loss::mean_absolute_error, Loss::huber, Loss::sigmoid_cross_entropy}) {
    EXPECT_TRUE(result(loss, 0.875f).ok());
    for (const float bad : {kNotANumber, infinity, -infinity}) {
      EXPECT_EQ(result(loss, bad).status, Status::target_out_of_range);
      EXPECT_EQ(result(loss, bad).found, 1u);
    }
  }
  for (const float outside : {-0.01f, 1.01f}) {
    EXPECT_TRUE(result(Loss::quadratic, outside).ok());
    EXPECT_EQ(result(Loss::sigmoid_cross_entropy, outside).found, 1u);
    EXPECT_FALSE(result(Loss::sigmoid_cross_entropy, outside).ok());
  }
  r.values = {0.5f, 0.5f, 0.125f, 0.875f, 0.0f, 1.0f};
  EXPECT_TRUE(mote::check_targets(Loss::cross_entropy, r.dataset).ok());
  r.values[5] = 0.75f;
  EXPECT_EQ(mote::check_targets(Loss::cross_entropy, r.dataset).found, 2u) << "adds up to 3/4";
  const Samples s;
  EXPECT_TRUE(mote::check_targets(Loss::cross_entropy, s.dataset).ok()) << "labels are checked where they are read";
}

TEST(CheckTargets, LetsInputsBeTargetsThatSuitTheLoss) {
  using mote::Loss;
  const Samples s;
  mote::Dataset dataset = s.dataset.autoencoding();
  EXPECT_TRUE(mote::check_targets(Loss::sigmoid_cross_entropy, dataset).ok());
  EXPECT_EQ(mote::check_targets(Loss::cross_entropy, dataset).status, Status::target_out_of_range);
  dataset.scale = 1.0f / 254.0f;
  EXPECT_EQ(mote::check_targets(Loss::sigmoid_cross_entropy, dataset).status, Status::target_out_of_range);
  EXPECT_TRUE(mote::check_targets(Loss::quadratic, dataset).ok());
}

TEST(CheckTargets, AddsUpDistributionsOverManyOutputs) {
  for (const std::size_t outputs : {100003u, 1000003u}) {
    const std::vector<float> uniform(outputs, 1.0f / static_cast<float>(outputs));
    mote::Dataset dataset;
    dataset.targets = {uniform.data(), 1, outputs, outputs};
    EXPECT_TRUE(mote::check_targets(mote::Loss::cross_entropy, dataset).ok()) << outputs;
  }
}

TEST(Subset, SkipsRowsOfTargetsByTheirStride) {
  const std::uint8_t bytes[3] = {1, 2, 3};
  const float values[] = {1, 2, -1, 3, 4, -1, 5, 6, -1};
  const Dataset part = Dataset{mote::Inputs{bytes, 3, 1}, mote::MatrixView{values, 3, 2, 3}}.subset(1, 2);
  EXPECT_EQ(part.targets.row(0)[0], 3.0f);
  EXPECT_EQ(part.targets.row(1)[1], 6.0f);
}

}  // namespace
