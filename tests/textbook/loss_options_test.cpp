// SPDX-License-Identifier: MIT
// check() of LossOptions.
#include <gtest/gtest.h>

#include "mote/loss.hpp"
#include "support/support.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::LossOptions;
using mote::Status;
using mote::test::kInf;
using mote::test::kNotANumber;

constexpr Loss kLosses[] = {Loss::quadratic, Loss::sigmoid_cross_entropy, Loss::cross_entropy,
                            Loss::mean_absolute_error, Loss::huber};

TEST(LossOptions, AreSetByName) {
  constexpr LossOptions kOptions = LossOptions(Loss::huber).set_huber_delta(0.5f).set_label_smoothing(0.25f);
  static_assert(kOptions.kind == Loss::huber && kOptions.huber_delta == 0.5f && kOptions.label_smoothing == 0.25f);
}

TEST(LossOptions, AllowTheCrossEntropiesTheirOwnOutputsAndOtherLossesAll) {
  for (const Loss loss : kLosses) {
    for (int output = 0; mote::name_of(static_cast<Activation>(output)) != nullptr; ++output) {
      const auto activation = static_cast<Activation>(output);
      const bool fits = loss == Loss::cross_entropy
                            ? activation == Activation::softmax
                            : loss != Loss::sigmoid_cross_entropy || activation == Activation::sigmoid;
      EXPECT_EQ(mote::check(loss, activation).status, fits ? Status::ok : Status::loss_activation_mismatch)
          << static_cast<int>(loss) << ' ' << output;
    }
  }
}

TEST(LossOptions, AreCheckedWithTheirReason) {
  const auto status = [](const LossOptions& loss, Activation activation) {
    return mote::check(loss, activation).status;
  };
  for (const Loss loss : {Loss::quadratic, Loss::mean_absolute_error, Loss::huber}) {
    for (const Activation output : {Activation::identity, Activation::sigmoid, Activation::softmax}) {
      EXPECT_EQ(status(loss, output), Status::ok);
      EXPECT_EQ(status({loss, 1.0f, 0.1f}, output), Status::bad_label_smoothing);
    }
  }
  for (const float delta : {0.0f, -1.0f, kNotANumber, kInf}) {
    EXPECT_EQ(status({Loss::huber, delta}, Activation::identity), Status::bad_huber_delta);
    EXPECT_EQ(status({Loss::quadratic, delta}, Activation::identity), Status::ok) << "not its business";
  }
  for (const Loss loss : {Loss::cross_entropy, Loss::sigmoid_cross_entropy}) {
    const Activation output = loss == Loss::cross_entropy ? Activation::softmax : Activation::sigmoid;
    for (const float smoothing : {0.0f, 0.1f, 0.999f}) {
      EXPECT_EQ(status({loss, 1.0f, smoothing}, output), Status::ok);
    }
    for (const float smoothing : {1.0f, -0.1f, 2.0f, kNotANumber, kInf}) {
      EXPECT_EQ(status({loss, 1.0f, smoothing}, output), Status::bad_label_smoothing);
    }
  }
}

}  // namespace
