// SPDX-License-Identifier: MIT
// Samples of every type for networks in flash, golden outputs and fine-tuning.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "mote/fine_tuning.hpp"
#include "mote/flash_network.hpp"
#include "support/guarded_memory.hpp"
#include "support/support.hpp"

namespace {

using mote::Activation;
using mote::ElementType;
using mote::FineTuning;
using mote::FlashModel;
using mote::FlashNetwork;
using mote::Half;
using mote::Inputs;
using mote::Result;
using mote::Span;
using mote::Status;
using mote::Topology;
using mote::test::wide;

constexpr ElementType kTypes[] = {ElementType::uint8, ElementType::int8, ElementType::int16, ElementType::float32};
constexpr float kNotFinite[] = {INFINITY, -INFINITY, NAN};

template <typename T>
Span<T> span_of(std::vector<T>& v) {
  return {v.data(), v.size()};
}
template <typename T>
Span<const T> view_of(const std::vector<T>& v) {
  return {v.data(), v.size()};
}

/// One sample of each type and how its elements become inputs.
struct Sample {
  std::vector<std::uint8_t> bytes;
  std::vector<std::int8_t> signed_bytes;
  std::vector<std::int16_t> words;
  std::vector<float> floats, offsets, scales;

  explicit Sample(std::size_t features, std::uint32_t seed = 3) {
    mote::test::Source source(seed);
    for (std::size_t i = 0; i < features; ++i) {
      const bool blank = source.below(4) == 0;
      bytes.push_back(static_cast<std::uint8_t>(blank ? 0 : source.below(256)));
      signed_bytes.push_back(static_cast<std::int8_t>(blank ? 0 : static_cast<int>(source.below(256)) - 128));
      words.push_back(static_cast<std::int16_t>(blank ? 0 : static_cast<int>(source.below(65536)) - 32768));
      floats.push_back(blank ? 0.0f : source.uniform(-2.0f, 2.0f));
      offsets.push_back(source.uniform(-1.0f, 1.0f));
      scales.push_back(source.uniform(0.001f, 0.01f));
    }
  }
  Inputs of(ElementType type) const {
    switch (type) {
      case ElementType::uint8: return {bytes.data(), 1, bytes.size()};
      case ElementType::int8: return {signed_bytes.data(), 1, bytes.size()};
      case ElementType::int16: return {words.data(), 1, bytes.size()};
      case ElementType::float32: break;
    }
    return {floats.data(), 1, bytes.size()};
  }
  /// Scaled only, with an offset, and with an offset and a scale for each feature.
  std::vector<Inputs> views(ElementType type) const {
    Inputs shifted = of(type), each = of(type);
    shifted.set_offset(0.75f);
    each.set_transformation(offsets.data(), scales.data());
    return {of(type), shifted, each};
  }
  double element(ElementType type, std::size_t i) const {
    switch (type) {
      case ElementType::uint8: return bytes[i];
      case ElementType::int8: return signed_bytes[i];
      case ElementType::int16: return words[i];
      case ElementType::float32: break;
    }
    return wide(floats[i]);
  }
  /// The inputs by their definition: each operation rounded to float.
  std::vector<float> twin(const Inputs& inputs) const {
    std::vector<float> result;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const float offset = inputs.offsets == nullptr ? inputs.offset : offsets[i];
      const float scale = inputs.scales == nullptr ? inputs.scale : scales[i];
      const auto difference = static_cast<float>(element(inputs.type, i) - wide(offset));
      result.push_back(static_cast<float>(wide(difference) * wide(scale)));
    }
    return result;
  }
};

/// A network with random weights in every format.
struct Networks {
  Topology topology;
  std::vector<float> weights, biases, factors;
  std::vector<Half> halves;
  std::vector<std::int8_t> bytes;

  explicit Networks(const Topology& t) : topology(t) {
    mote::test::Source source(7);
    const std::size_t count = mote::flash_weight_count(t), rows = mote::flash_row_count(t);
    std::vector<float> parameters = source.floats(t.parameter_count());
    weights.resize(count), halves.resize(count), bytes.resize(count), biases.resize(rows), factors.resize(rows);
    EXPECT_TRUE(make_flash_weights(t, view_of(parameters), span_of(halves), span_of(biases)).ok());
    EXPECT_TRUE(make_flash_weights(t, view_of(parameters), span_of(bytes), span_of(biases), span_of(factors)).ok());
    EXPECT_TRUE(make_flash_weights(t, view_of(parameters), span_of(weights), span_of(biases)).ok());
  }
  std::vector<FlashModel> models() const {
    return {{topology, view_of(weights), view_of(biases)},
            {topology, view_of(halves), view_of(biases)},
            {topology, view_of(bytes), view_of(biases), view_of(factors)}};
  }
};

/// A bound network with its scratch memory.
struct Bound {
  GuardedMemory scratch;
  FlashNetwork network;

  explicit Bound(const FlashModel& model) : scratch(mote::flash_network_bytes(model.topology)) {
    EXPECT_TRUE(network.bind(model, scratch.memory()).ok());
  }
  template <typename... Sample>
  std::vector<float> forward(const Sample&... sample) {
    const Span<const float> outputs = network.forward(sample...);
    EXPECT_TRUE(scratch.intact());
    return {outputs.begin(), outputs.end()};
  }
};

bool same(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && mote::test::same_bits(a.data(), b.data(), a.size());
}

class FlashInputTypes : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, FlashInputTypes, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(FlashInputTypes, GiveTheBitsOfTheFloatsTheyStandFor) {
  for (const std::uint32_t features : {1u, 5u, 15u, 16u, 17u, 200u}) {
    const Networks networks({features, {6, Activation::tanh}, {3, Activation::softmax}});
    const Sample sample(features);
    for (const FlashModel& model : networks.models()) {
      Bound bound(model);
      for (const ElementType type : kTypes) {
        for (const Inputs& inputs : sample.views(type)) {
          const bool is_exact = size_of(type) == 1 && inputs.keeps_zeros() && model.format == mote::WeightFormat::int8;
          if (is_exact) continue;  // the next test
          EXPECT_TRUE(same(bound.forward(inputs), bound.forward(sample.twin(inputs).data())))
              << features << " features, type " << static_cast<int>(type) << ", format "
              << static_cast<int>(model.format) << ", offset " << wide(inputs.offset);
        }
      }
    }
  }
}

TEST_P(FlashInputTypes, GiveTheSameBitsInSlicesOfAnySize) {
  const Networks networks({200, {37, Activation::tanh}, {3, Activation::softmax}});
  const Sample sample(200);
  for (const FlashModel& model : networks.models()) {
    Bound bound(model);
    for (const ElementType type : kTypes) {
      const Inputs inputs = sample.of(type);
      const std::vector<float> whole = bound.forward(inputs);
      for (const std::size_t multiply_adds : {0u, 200u, 999u, 7400u, 100000u}) {
        mote::FlashPass pass(bound.network, inputs);
        std::size_t slices = 1;
        while (!pass.advance(multiply_adds)) ++slices;
        const Span<const float> outputs = pass.outputs();
        EXPECT_TRUE(same(std::vector<float>(outputs.begin(), outputs.end()), whole));
        if (multiply_adds <= 200) {
          EXPECT_GE(slices, 37u);
        }
        if (multiply_adds == 100000) {
          EXPECT_EQ(slices, 1u);
        }
      }
    }
  }
}

TEST_P(FlashInputTypes, BytesTimesBytesAreAddedExactly) {
  constexpr std::uint32_t kFeatures = 3000;  // floats would round: sums need 27 bits
  Networks networks({kFeatures, {7}});
  for (std::int8_t& weight : networks.bytes) weight = static_cast<std::int8_t>(weight / 2 + 63);
  std::fill(networks.biases.begin(), networks.biases.end(), 0.0f);
  const Sample sample(kFeatures);
  const FlashModel model = networks.models()[2];
  Bound bound(model);
  for (const ElementType type : {ElementType::uint8, ElementType::int8}) {
    const Inputs inputs = sample.of(type);
    const std::vector<float> found = bound.forward(inputs);
    for (std::size_t j = 0; j < 7; ++j) {
      std::int64_t sum = 0;
      for (std::size_t k = 0; k < kFeatures; ++k) {
        sum += static_cast<std::int64_t>(sample.element(type, k)) * networks.bytes[k * 7 + j];
      }
      EXPECT_EQ(found[j], static_cast<float>(sum) * (networks.factors[j] * inputs.scale)) << j;
    }
  }
  EXPECT_TRUE(same(bound.forward(sample.of(ElementType::uint8)), bound.forward(sample.bytes.data(), 1.0f / 255.0f)));
}

TEST_P(FlashInputTypes, TheLargestSumsOfSignedBytesAreExact) {
  constexpr std::uint32_t kFeatures = 65536;
  const Topology topology{kFeatures, {1}};
  const std::vector<std::int8_t> weights(kFeatures, -127), elements(kFeatures, -128);
  const std::vector<float> biases(16), factors(16, 1.0f);
  const FlashModel model{topology, view_of(weights), view_of(biases), view_of(factors)};
  EXPECT_EQ(Bound(model).forward(Inputs(elements.data(), 1, kFeatures, 1.0f))[0], 1065353216.0f);
}

TEST_P(FlashInputTypes, AnInputThatIsNotFiniteIsNoClass) {
  constexpr std::uint32_t kFeatures = 40;
  for (std::size_t a = 0; a <= static_cast<std::size_t>(Activation::softplus); ++a) {
    const auto activation = static_cast<Activation>(a);
    if (activation == Activation::softmax) continue;  // for last layers
    const Networks networks({kFeatures, {5, activation}, {4, Activation::sigmoid}});
    for (const FlashModel& model : networks.models()) {
      Bound bound(model);
      for (const float bad : kNotFinite) {
        Sample sample(kFeatures);
        sample.floats[33] = bad;
        const std::vector<float> outputs = bound.forward(sample.of(ElementType::float32));
        for (const float y : outputs) EXPECT_TRUE(std::isnan(y)) << a << " " << wide(bad);
        EXPECT_EQ(mote::argmax(view_of(outputs)), outputs.size());
      }
    }
  }
}

TEST(GoldenInputs, OfAnyTypeAreVerified) {
  static constexpr std::int16_t kReadings[] = {-300, 20, 32767};
  static constexpr float kOffsets[] = {1.0f, -2.0f, 3.0f}, kScales[] = {0.01f, 0.02f, 0.0001f};
  static constexpr float kNone[4] = {};
  constexpr mote::Golden kConstant{Inputs(kReadings, 1, 3).set_transformation(kOffsets, kScales), kNone, true, 1};
  static_assert(kConstant.inputs.features == 3 && kConstant.fused);

  const Networks networks({3, {5, Activation::relu}, {4, Activation::softmax}});
  for (const FlashModel& model : networks.models()) {
    Bound bound(model);
    const std::uint32_t checksum = mote::checksum(model);
    Sample sample(3);
    for (const ElementType type : kTypes) {
      for (const Inputs& inputs : sample.views(type)) {
        std::vector<float> outputs = bound.forward(inputs);
        const mote::Golden golden{inputs, outputs.data(), mote::arithmetic_is_fused(), checksum};
        EXPECT_TRUE(verify(bound.network, golden).ok());
        outputs[2] += 0.01f;
        EXPECT_EQ(verify(bound.network, golden).status, Status::golden_mismatch);
        EXPECT_EQ(verify(bound.network, golden).found, 2u);
      }
    }
    const std::vector<float> outputs = bound.forward(sample.of(ElementType::float32));
    sample.floats[1] = NAN;
    EXPECT_EQ(verify(bound.network, {sample.of(ElementType::float32), outputs.data(), true, checksum}).status,
              Status::golden_mismatch);
    EXPECT_EQ(verify(bound.network, {kConstant.inputs, outputs.data(), true, checksum + 1}).status,
              Status::model_damaged);
  }
}

constexpr std::uint32_t kReadings = 20;
constexpr Topology kTuned{kReadings, {9, Activation::tanh}, {3, Activation::softmax}};

struct Tuned {
  Networks networks{kTuned};
  FlashModel model = networks.models()[0];
  GuardedMemory memory{mote::fine_tuning_bytes(kTuned, {})};
  FineTuning tuning;

  Tuned() { EXPECT_TRUE(tuning.bind(model, {}, memory.memory()).ok()); }
  std::vector<float> parameters() const { return {tuning.parameters().begin(), tuning.parameters().end()}; }
};

TEST(FineTuningInputs, OfEveryTypeLearnLikeTheirFloats) {
  for (const ElementType type : kTypes) {
    for (std::size_t view = 0; view < 3; ++view) {
      Tuned tuned, twin;
      for (std::uint32_t i = 0; i < 30; ++i) {
        const Sample sample(kReadings, i);
        const Inputs inputs = sample.views(type)[view];
        const std::vector<float> floats = sample.twin(inputs);
        const auto label = static_cast<std::uint8_t>(i % 3);
        ASSERT_TRUE(tuned.tuning.train(inputs, label).ok());
        ASSERT_TRUE(twin.tuning.train(Inputs(floats.data(), 1, kReadings), label).ok());
      }
      EXPECT_TRUE(same(tuned.parameters(), twin.parameters())) << static_cast<int>(type) << ", view " << view;
      EXPECT_FALSE(same(tuned.parameters(), Tuned().parameters()));
      EXPECT_TRUE(tuned.memory.intact());
    }
  }
  Tuned bytes, view;
  const Sample sample(kReadings);
  ASSERT_TRUE(bytes.tuning.train(sample.bytes.data(), 1.0f / 255.0f, 1).ok());
  ASSERT_TRUE(view.tuning.train(sample.of(ElementType::uint8), 1).ok());
  EXPECT_TRUE(same(bytes.parameters(), view.parameters()));
  const Span<const float> z = view.tuning.forward_pre_activations(sample.of(ElementType::uint8));
  const std::vector<float> of_view(z.begin(), z.end());
  const Span<const float> of_bytes = bytes.tuning.forward_pre_activations(sample.bytes.data(), 1.0f / 255.0f);
  EXPECT_TRUE(same(of_view, {of_bytes.begin(), of_bytes.end()}));
}

TEST(FineTuningInputs, ThatAreBadChangeNothing) {
  Tuned tuned;
  const std::vector<float> before = tuned.parameters();
  for (const float bad : kNotFinite) {
    Sample sample(kReadings);
    sample.floats[17] = bad;
    const Result result = tuned.tuning.train(sample.of(ElementType::float32), 0);
    EXPECT_EQ(result.status, Status::input_not_finite);
    EXPECT_EQ(result.found, 0u);
    EXPECT_EQ(result.expected, 17u);
    const Span<const float> z = tuned.tuning.forward_pre_activations(sample.of(ElementType::float32));
    EXPECT_EQ(mote::argmax(z), z.size());
  }
  const Sample sample(kReadings);
  Inputs inputs = sample.of(ElementType::int16);
  inputs.scale = INFINITY;
  EXPECT_EQ(tuned.tuning.train(inputs, 0).status, Status::bad_input_scale);
  inputs = sample.of(ElementType::int16);
  inputs.features = kReadings - 1;
  const Result too_few = tuned.tuning.train(inputs, 0);
  EXPECT_EQ(too_few.status, Status::input_size_mismatch);
  EXPECT_EQ(too_few.found, kReadings - 1);
  EXPECT_EQ(too_few.expected, kReadings);
  inputs.count = 0;
  EXPECT_EQ(tuned.tuning.train(inputs, 0).status, Status::no_samples);
  EXPECT_EQ(tuned.tuning.train(sample.of(ElementType::int16), 3).status, Status::label_out_of_range);
  EXPECT_TRUE(same(tuned.parameters(), before));
  EXPECT_EQ(tuned.tuning.waiting(), 0u);
  EXPECT_EQ(tuned.tuning.totals().samples, 0u);
}

}  // namespace
