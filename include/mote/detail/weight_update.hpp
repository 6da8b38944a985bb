// SPDX-License-Identifier: MIT
// The gradient of a layer's weights: kept in an array, or used at once by an optimizer step, so that only the gradients
// of a few rows exist at a time.
#ifndef MOTE_DETAIL_WEIGHT_UPDATE_HPP
#define MOTE_DETAIL_WEIGHT_UPDATE_HPP

#include <cstddef>

#include "mote/detail/optimizer.hpp"
#include "mote/detail/products.hpp"
#include "mote/optimizer.hpp"
#include "mote/parallel.hpp"
#include "mote/topology.hpp"

namespace mote {

namespace detail {
/// Rows of gradients that exist at a time.
inline constexpr std::size_t kUpdateRows = kRowAlignment < 16 ? 4 : 12;
}  // namespace detail

/// dW = A^T D, or dW += A^T D when accumulating, for rows [rows.begin, rows.end) of a layer's weights.
/// A: [batch][inputs], row stride lda. D: [batch][outputs] and dW: [inputs][outputs], row stride row_stride(outputs);
/// the padding of D is 0, the padding of dW is written. active: the inputs in `rows` that are not 0 in
/// at least one sample; with a list, samples that are 0 in neighboring inputs are left out of the sums of these inputs,
/// which changes no bit for a finite D.
void weight_gradient(std::size_t batch, Share rows, std::size_t outputs, const float* A, std::size_t lda,
                     const float* D, const ActiveInputs& active, bool accumulate, float* dW);

/// One optimizer step with the gradient A^T D for some rows of a layer's weights: the bits of weight_gradient()
/// followed by optimizer_step(). Arguments as for weight_gradient(). weights, and state, the method's first array:
/// [inputs][outputs], row stride row_stride(outputs). strip: kUpdateRows rows of scratch memory.
void update_weights(std::size_t batch, Share rows, std::size_t outputs, const float* A, std::size_t lda, const float* D,
                    const ActiveInputs& active, const OptimizerStep& step, float* weights, float* state, float* strip);

/// update_weights() for one method without l1, on microcontrollers.
template <Optimizer kMethod>
void update_weights_by(std::size_t batch, Share rows, std::size_t outputs, const float* A, std::size_t lda,
                       const float* D, const ActiveInputs& active, const OptimizerStep& step, float* weights,
                       float* state, float* strip);
#define MOTE_DECLARE(name)                                                                                            \
  extern template void update_weights_by<Optimizer::name>(std::size_t, Share, std::size_t, const float*, std::size_t, \
                                                          const float*, const ActiveInputs&, const OptimizerStep&,    \
                                                          float*, float*, float*);
MOTE_FOR_OPTIMIZERS(MOTE_DECLARE)
#undef MOTE_DECLARE

namespace detail {
using UpdateFunction = decltype(&update_weights);

/// The functions of a method: step() after a gradient, update() with the gradient.
struct OptimizerFunctions {
  StepFunction step;
  UpdateFunction update;
};

/// On microcontrollers and without l1, functions of this method only.
constexpr OptimizerFunctions optimizer_functions([[maybe_unused]] Optimizer method, [[maybe_unused]] float l1) {
#ifdef MOTE_MICROCONTROLLER
  if (l1 != 0.0f) return {optimizer_step, update_weights};
  switch (method) {
#define MOTE_CASE(name) \
  case Optimizer::name: return {optimizer_step_by<Optimizer::name>, update_weights_by<Optimizer::name>};
    MOTE_FOR_OPTIMIZERS(MOTE_CASE)
#undef MOTE_CASE
  }
#endif
  return {optimizer_step, update_weights};
}
}  // namespace detail

}  // namespace mote

#endif  // MOTE_DETAIL_WEIGHT_UPDATE_HPP
