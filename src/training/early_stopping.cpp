// SPDX-License-Identifier: MIT
#include "mote/early_stopping.hpp"

#include "mote/detail/finite.hpp"

namespace mote {
namespace {

void copy(Span<const float> from, Span<float> to) {
  MOTE_ASSERT(from.size() == to.size());
  __builtin_memcpy(to.data(), from.data(), from.size() * sizeof(float));
}

}  // namespace

bool EarlyStopping::update(const LossTotals& validation, Span<const float> parameters, Span<float> best_parameters) {
  MOTE_ASSERT(validation.samples > 0);
  const float value = monitor == Monitor::loss ? validation.mean_loss() : validation.accuracy();
  const float gain = monitor == Monitor::loss ? best_value - value : value - best_value;
  const bool improved = detail::is_finite(value) && (best_epoch == 0 || gain > minimum_improvement);
  ++epoch;
  ++waited;
  if (!improved) return false;
  best_value = value;
  best_epoch = epoch;
  waited = 0;
  copy(parameters, best_parameters);
  return true;
}

bool EarlyStopping::restore(Span<const float> best_parameters, Span<float> parameters) const {
  if (best_epoch == 0) return false;
  copy(best_parameters, parameters);
  return true;
}

}  // namespace mote
