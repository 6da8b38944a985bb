// SPDX-License-Identifier: MIT
#include "mote/information.hpp"

#include "../core/arithmetic.hpp"
#include "lanes.hpp"

namespace MOTE_NUMERIC {
namespace {

using mote::Span;
using mote::detail::kInfinity;
using mote::detail::log_of;
using mote::detail::sum_of;
using std::size_t;

/// ln(y / predicted), finite also where the quotient overflows.
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
