// SPDX-License-Identifier: MIT
#include "mote/information.hpp"

#include "../core/arithmetic.hpp"
#include "rows.hpp"

namespace MOTE_NUMERIC {
namespace {

using mote::Span;
using mote::detail::kInfinity;
using mote::detail::kLanes;
using mote::detail::Lanes;
using mote::detail::log_of;
using std::size_t;

/// Sum of term(i), element i going to lane i mod 16.
template <typename Term>
float sum_of(size_t count, Term term) {
  Lanes lanes;
  for (size_t j = 0; j < count; j += kLanes) {
    const size_t left = count - j < kLanes ? count - j : kLanes;
    for (size_t i = 0; i < left; ++i) lanes.lane[i] += term(j + i);
  }
  return lanes.sum();
}

/// ln(y / predicted), also where the quotient is too large for a float.
float log_of_quotient(float y, float predicted) {
  const float quotient = y / predicted;
  return quotient == kInfinity ? log_of(y) - log_of(predicted) : log_of(quotient);
}

}  // namespace

float entropy(Span<const float> y) {
  return sum_of(y.size(), [=](size_t i) { return y[i] == 0.0f ? 0.0f : y[i] * -log_of(y[i]); });
}

float cross_entropy(Span<const float> y, Span<const float> predicted) {
  MOTE_ASSERT(y.size() == predicted.size());
  return sum_of(y.size(), [=](size_t i) { return y[i] == 0.0f ? 0.0f : y[i] * -log_of(predicted[i]); });
}

float kullback_leibler_divergence(Span<const float> y, Span<const float> predicted) {
  MOTE_ASSERT(y.size() == predicted.size());
  return sum_of(y.size(), [=](size_t i) { return y[i] == 0.0f ? 0.0f : y[i] * log_of_quotient(y[i], predicted[i]); });
}

}  // namespace MOTE_NUMERIC
