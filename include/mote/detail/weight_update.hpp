// SPDX-License-Identifier: MIT
// Weight gradient and optimizer step in one pass, for gradients that nothing else needs: they never exist as a whole.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/optimizer.hpp"
#include "mote/parallel.hpp"
#include "mote/topology.hpp"

namespace mote {

/// The inputs that are not 0 in all rows of a chunk, in increasing order; the others contribute nothing to the first
/// layer and get no gradient from it. list null: no such knowledge. count equal to the inputs: all, and the list is not
/// read.
struct ActiveInputs {
  const std::uint32_t* list = nullptr;
  std::size_t count = 0;
};

namespace detail {
/// Rows of gradients that exist at a time.
inline constexpr std::size_t kUpdateRows = kRowAlignment < 16 ? 4 : 12;
}  // namespace detail

/// One step with the gradient A^T D for some rows of a layer's weights: the same bits as weight_gradient (kernels.hpp)
/// and then optimizer_step. A: [batch][inputs], row stride lda; D: [batch][outputs]; weights, and state, the method's
/// first array: [inputs][outputs]; the row stride of D, weights and state is row_stride(outputs). active: those of the
/// inputs in `rows` that are not 0 in A; with a list, samples that are 0 in a few neighbouring inputs are left out of
/// these inputs' sums as well, which for a finite D changes no bit. strip: kUpdateRows rows of scratch memory.
void update_weights(std::size_t batch, Share rows, std::size_t outputs, const float* A, std::size_t lda, const float* D,
                    ActiveInputs active, const OptimizerStep& step, float* weights, float* state, float* strip);

}  // namespace mote
