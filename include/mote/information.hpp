// SPDX-License-Identifier: MIT
// Measures of discrete distributions, in nats: natural logarithms, 0 ln 0 = 0.
//
//   entropy                     H(y) = -sum y_i ln y_i
//   cross-entropy               H(y, y') = -sum y_i ln y'_i            = H(y) + D(y || y')
//   Kullback-Leibler divergence D(y || y') = sum y_i ln(y_i / y'_i)    >= 0, up to rounding
//
// (Shannon 1948; Kullback & Leibler 1951; Goodfellow et al. 2016, section 3.13.) Distributions are numbers from 0 to 1
// that add up to 1; nobody checks that. Where y'_i = 0 < y_i the last two are infinite. NaN gives NaN, but a
// y'_i beside a y_i of 0 is not looked at. Sums have one order, that of loss.hpp: the same bits on every machine of an
// arithmetic class.
#pragma once

#include "mote/memory.hpp"

namespace mote {

float entropy(Span<const float> y);
/// Both of the same size.
float cross_entropy(Span<const float> y, Span<const float> predicted);
/// Both of the same size. Small differences of distributions leave few digits: the error is that of y_i / y'_i,
/// rounded.
float kullback_leibler_divergence(Span<const float> y, Span<const float> predicted);

}  // namespace mote
