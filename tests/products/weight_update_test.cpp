// SPDX-License-Identifier: MIT
// Gradient and step in one pass are the gradient, and then the step, to the bit.
#include "mote/detail/weight_update.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "mote/detail/products.hpp"
#include "mote/random.hpp"
#include "products/reference.hpp"
#include "support/support.hpp"

namespace {

using mote::Optimizer;

struct Case {
  std::size_t batch, first, rows, outputs;
  std::size_t active_percent;   // 100: no list is given
  std::size_t blank_percent{};  // of the samples, for every seven neighbours among the active inputs
};
// Below, at and above kUpdateRows; strides with and without extra padding; runs of active inputs of many lengths; few
// outputs of many samples, whose gradient is found transposed; samples with blank parts, some to be left out, as many
// as there is room to list and more, and all of them.
constexpr Case kCases[] = {{1, 0, 1, 1, 100},     {3, 0, 11, 10, 100},    {10, 0, 12, 30, 100},
                           {7, 5, 13, 128, 100},  {10, 0, 40, 30, 60},    {4, 9, 77, 16, 20},
                           {5, 3, 50, 128, 90},   {2, 0, 20, 12, 0},      {24, 3, 32, 10, 100},
                           {30, 0, 150, 12, 100}, {8, 0, 57, 64, 99, 60}, {33, 4, 41, 130, 70, 50},
                           {512, 0, 7, 96, 80},   {600, 1, 9, 64, 80, 5}, {12, 0, 25, 72, 50, 100},
                           {10, 0, 2, 64, 99},    {40, 2, 20, 40, 90, 60}};

class Layer {
 public:
  explicit Layer(const Case& c)
      : shape(c), lda(inputs()), stride(mote::row_stride(c.outputs)), A(c.batch * lda), D(c.batch * stride) {
    mote::Random random(c.rows * 100 + c.outputs, mote::Stream::initialization);
    for (std::size_t k = 0; k < c.rows; ++k) {
      const bool is_active = c.active_percent == 100 || random.below(100) < c.active_percent;
      if (is_active) active.push_back(static_cast<std::uint32_t>(c.first + k));
      for (std::size_t m = 0; is_active && m < c.batch; ++m) A[m * lda + c.first + k] = random.uniform(-1.0f, 1.0f);
    }
    for (std::size_t k = 0; k < c.rows; k += 7) {
      for (std::size_t m = 0; m < c.batch; ++m) {
        if (random.below(100) >= c.blank_percent) continue;
        std::fill_n(A.data() + m * lda + c.first + k, std::min(std::size_t{7}, c.rows - k), 0.0f);
      }
    }
    for (std::size_t m = 0; m < c.batch; ++m) {
      for (std::size_t j = 0; j < c.outputs; ++j) D[m * stride + j] = random.uniform(-1.0f, 1.0f);
    }
  }

  /// What the weights and the state are before a step.
  std::vector<float> start(std::size_t arrays) const {
    mote::Random random(7, mote::Stream::initialization);
    std::vector<float> values(arrays * inputs() * stride);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float value = random.uniform(0.0f, 1.0f);
      if (i % stride < shape.outputs) values[i] = value;
    }
    return values;
  }

  /// Of the layer: all of the case, or others before and after that keep their weights.
  std::size_t inputs() const { return shape.first + shape.rows + (shape.first == 0 ? 0 : 3); }

  Case shape;
  std::size_t lda, stride;
  std::vector<float> A, D;
  std::vector<std::uint32_t> active;
};

class WeightUpdate : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, WeightUpdate, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(WeightUpdate, IsTheGradientThenTheStep) {
  constexpr float kGuard = 12345.0f;
  for (const Case& c : kCases) {
    const Layer layer(c);
    for (const Optimizer method : {Optimizer::sgd, Optimizer::momentum, Optimizer::nesterov, Optimizer::adam}) {
      for (const float penalty : {0.0f, 0.01f}) {
        for (const float l1 : {0.0f, 0.02f}) {
          const std::size_t offset = c.first * layer.stride;
          const mote::OptimizerStep step{{method, 0.1f, 0.9f}, penalty, 3, layer.inputs() * layer.stride, l1};
          std::vector<float> expected = layer.start(1), expected_state = layer.start(mote::state_arrays(method));
          std::vector<float> found = expected, found_state = expected_state;
          const auto reference =
              mote::arithmetic_is_fused() ? mote::reference::update<true> : mote::reference::update<false>;
          reference(c.batch, c.rows, c.outputs, layer.A.data() + c.first, layer.lda, layer.D.data(), layer.stride, step,
                    expected.data() + offset, expected_state.empty() ? nullptr : expected_state.data() + offset,
                    layer.stride);
          const std::size_t strip_floats = mote::detail::kUpdateRows * layer.stride;
          std::vector<float> strip(strip_floats + 16, kGuard);
          const mote::ActiveInputs active{layer.active.data(), layer.active.size()};
          mote::update_weights(c.batch, {c.first, c.first + c.rows}, c.outputs, layer.A.data(), layer.lda,
                               layer.D.data(), c.active_percent == 100 ? mote::ActiveInputs{} : active, step,
                               found.data(), found_state.data(), strip.data());
          EXPECT_EQ(found, expected) << c.rows << "x" << c.outputs << ", method " << static_cast<int>(method);
          EXPECT_EQ(found_state, expected_state);
          EXPECT_TRUE(std::all_of(strip.begin() + static_cast<std::ptrdiff_t>(strip_floats), strip.end(),
                                  [](float x) { return x == kGuard; }));
        }
      }
    }
  }
}

TEST(WeightUpdateLists, AListOfAllInputsIsNotRead) {
  const std::vector<float> ones(32, 1.0f);
  const std::vector<std::uint32_t> never_set(32, 0);
  std::vector<float> weights(32 * mote::row_stride(1)), strip(mote::detail::kUpdateRows * mote::row_stride(1));
  std::vector<float> deltas(mote::row_stride(1));
  deltas[0] = 1.0f;
  const mote::OptimizerStep step{{Optimizer::sgd, 1.0f}, 0.0f, 1, weights.size(), 0.0f};
  mote::update_weights(1, {0, 32}, 1, ones.data(), 32, deltas.data(), {never_set.data(), 32}, step, weights.data(),
                       nullptr, strip.data());
  for (std::size_t i = 0; i < 32; ++i) EXPECT_EQ(weights[i * mote::row_stride(1)], -1.0f) << i;
}

}  // namespace
