// SPDX-License-Identifier: MIT
// Entropy, cross-entropy and Kullback-Leibler divergence of discrete distributions, in nats, with 0 ln 0 = 0:
//
//   entropy                     H(y) = -sum y_i ln y_i
//   cross-entropy               H(y, y') = -sum y_i ln y'_i            = H(y) + D(y || y')
//   Kullback-Leibler divergence D(y || y') = sum y_i ln(y_i / y'_i)    >= 0, up to rounding
//
// (Shannon 1948; Kullback & Leibler 1951; Goodfellow et al. 2016, section 3.13.) A distribution is a span of numbers in
// [0, 1] with sum 1; neither is checked. Where y'_i = 0 < y_i the last two are infinite. Where y_i = 0, y'_i is not
// read; any other NaN gives NaN. All machines of one arithmetic class compute equal bits.
#ifndef MOTE_INFORMATION_HPP
#define MOTE_INFORMATION_HPP

#include "mote/memory.hpp"

namespace mote {

float entropy(Span<const float> y);
/// y and predicted have equal sizes.
float cross_entropy(Span<const float> y, Span<const float> predicted);
/// y and predicted have equal sizes. Where the distributions differ little, few digits are right: each quotient
/// y_i / y'_i is rounded to a float.
float kullback_leibler_divergence(Span<const float> y, Span<const float> predicted);

}  // namespace mote

#endif  // MOTE_INFORMATION_HPP
