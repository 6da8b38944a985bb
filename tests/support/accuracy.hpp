// SPDX-License-Identifier: MIT
// Measures a function of one float over floats of every magnitude, with every build of the numeric code.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <vector>

#include "support/support.hpp"

namespace mote::test {

/// Largest errors, in ulp, that a function may have.
struct Limits {
  double fused, separate;
};

/// Every `step`-th of all 2^32 floats, in blocks.
class Accuracy : public testing::Test {
 protected:
  explicit Accuracy(std::uint64_t step = 97) : step_(step) {}

  static constexpr std::size_t kBlock = 4096;

  /// Checks that every build of function(x, y, n) is within its limit of exact(x), and that builds of one class agree
  /// to the bit.
  template <typename Function, typename Exact>
  void expect(Function function, Exact exact, Limits limits) {
    constexpr std::uint64_t kAll = std::uint64_t{1} << 32;
    const InstructionSet before = selected();
    for (std::uint64_t first = 0; first < kAll && !HasFatalFailure(); first += step_ * kBlock) {
      for (std::size_t i = 0; i < kBlock; ++i) {
        x_[i] = from_bits(static_cast<std::uint32_t>(std::min(first + i * step_, kAll - 1)));
        exact_[i] = std::isnan(x_[i]) ? wide(kNotANumber) : exact(wide(x_[i]));
        rounded_[i] = static_cast<float>(exact_[i]);
      }
      const std::vector<float>* done[2] = {};              // by a build with separate, and with fused arithmetic
      const bool all = first % (8 * step_ * kBlock) == 0;  // an eighth suffices for further builds of a class
      for (std::size_t set = 0; set < kSets; ++set) {
        if (!select(kInstructionSets[set]).ok()) continue;
        const bool fused = arithmetic_is_fused();
        if (done[fused] != nullptr && !all) continue;
        function(x_.data(), y_[set].data(), kBlock);
        if (done[fused] == nullptr) {
          expect_accurate(y_[set], fused ? limits.fused : limits.separate);
          done[fused] = &y_[set];
        } else {
          expect_same(y_[set], *done[fused]);
        }
      }
    }
    EXPECT_TRUE(select(before).ok());
  }

 private:
  static constexpr std::size_t kSets = std::size(kInstructionSets);

  void expect_accurate(const std::vector<float>& y, double limit) {
    for (std::size_t i = 0; i < kBlock; ++i) {
      if (y[i] == rounded_[i]) continue;  // correctly rounded
      const double error = ulp_error(y[i], exact_[i]);
      if (!(error <= limit)) FAIL() << "x = " << x_[i] << ", y = " << y[i] << ", " << error << " ulp";
    }
  }
  void expect_same(const std::vector<float>& a, const std::vector<float>& b) {
    if (same_bits(a.data(), b.data(), kBlock)) return;
    for (std::size_t i = 0; i < kBlock; ++i) {
      const bool same = bits(a[i]) == bits(b[i]) || (std::isnan(a[i]) && std::isnan(b[i]));
      if (!same) FAIL() << "x = " << x_[i] << ", y = " << a[i] << " and " << b[i];
    }
  }

  std::uint64_t step_;
  std::vector<float> x_ = std::vector<float>(kBlock), rounded_ = x_, y_[kSets] = {x_, x_, x_};
  std::vector<double> exact_ = std::vector<double>(kBlock);
};

}  // namespace mote::test
