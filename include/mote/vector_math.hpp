// SPDX-License-Identifier: MIT
// exp, log, tanh and sigmoid over arrays: our own polynomials, because those of different C libraries differ in their
// last bits and do not vectorise.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mote {

// Each computes y[i] = f(x[i]) for i in [0, n); y may be x, but must not overlap it otherwise. NaN gives NaN.
//
//            | largest error (ulp)  | special values
//            | fused    | separate  |
//  exp       | see vector_math_test | exp(-inf) = 0, exp(inf) = inf; > 88.72 gives inf, < -103.97 gives 0
//  log       |                      | log(0) = -inf, log(inf) = inf, log(x < 0) = NaN
//  tanh      |                      | tanh(+-inf) = +-1, tanh(-0) = -0
//  sigmoid   |                      | sigmoid(-inf) = 0, sigmoid(inf) = 1
void exp(const float* x, float* y, std::size_t n);
void log(const float* x, float* y, std::size_t n);
void tanh(const float* x, float* y, std::size_t n);
void sigmoid(const float* x, float* y, std::size_t n);

/// y[i] = x[i] * scale: pixels to floats.
void scale_bytes(const std::uint8_t* x, float scale, float* y, std::size_t n);

}  // namespace mote
