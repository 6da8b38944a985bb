// SPDX-License-Identifier: MIT
// exp, log, tanh, sigmoid and the error function over arrays, by polynomials of our own (those of C libraries differ in
// their last bits and do not vectorize), and the conversion of inputs.
#ifndef MOTE_DETAIL_VECTOR_MATH_HPP
#define MOTE_DETAIL_VECTOR_MATH_HPP

#include <cstddef>
#include <cstdint>

#include "mote/inputs.hpp"

namespace mote {

// Each computes y[i] = f(x[i]) for i in [0, n); y may be x, but must not overlap it otherwise. NaN gives NaN.
//
//                 | largest error, ulp | special values
//                 | fused | separate   |
//  exp            | 1.01  | 0.98       | exp(-inf) = 0, exp(inf) = inf; inf from 88.722839, 0 from -103.97208 on
//  log            | 0.87  | 0.87       | log(0) = -inf, log(inf) = inf, log(x < 0) = NaN
//  tanh           | 1.34  | 1.34       | tanh(+-inf) = +-1, tanh(-0) = -0
//  sigmoid        | 2.41  | 2.41       | sigmoid(-inf) = 0, sigmoid(inf) = 1
//  error_function | 1.47  | 1.47       | erf(+-inf) = +-1, erf(-0) = -0
//
// (tests/core/vector_math_test.cpp checks them at every 97th float.)
void exp(const float* x, float* y, std::size_t n);
void log(const float* x, float* y, std::size_t n);
void tanh(const float* x, float* y, std::size_t n);
void sigmoid(const float* x, float* y, std::size_t n);
void error_function(const float* x, float* y, std::size_t n);

/// Converts a sample to inputs y [features]; elements: those of the sample. Returns whether all inputs are finite.
bool convert_sample(const Inputs& inputs, const void* elements, float* y);

/// y[i] |= x[i].
void or_bytes(const std::uint8_t* x, std::uint8_t* y, std::size_t n);

}  // namespace mote

#endif  // MOTE_DETAIL_VECTOR_MATH_HPP
