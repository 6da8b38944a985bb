// SPDX-License-Identifier: MIT
#include "mote/early_stopping.hpp"

#include "mote/detail/finite.hpp"

namespace mote {

bool EarlyStopping::update(const LossTotals& validation) {
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
  return true;
}

}  // namespace mote
