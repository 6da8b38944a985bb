// SPDX-License-Identifier: MIT
#include "mote/weight_update.hpp"

#include "numeric.hpp"
#include "runs.hpp"
#include "tiles.hpp"
#include "updates.hpp"

namespace MOTE_NUMERIC {

// Of the same build, so that a strip goes from one to the other without a detour.
void optimizer_step(const mote::OptimizerStep& step, const float* gradients, float* parameters, float* state,
                    std::size_t count);

namespace {

using namespace mote::detail;
using std::size_t;

struct Sgd {  // C are parameters, and X B the gradient
  static constexpr bool kStartsFromC = false, kHasState = false;
  MOTE_INLINE void finish(const float* factors, float sum, float& c, float&) {
    sgd_update(factors[0], factors[1], sum, c);
  }
};
struct Momentum {
  static constexpr bool kStartsFromC = false, kHasState = true;
  MOTE_INLINE void finish(const float* factors, float sum, float& c, float& velocity) {
    momentum_update(factors[0], factors[1], factors[2], sum, c, velocity);
  }
};

/// A layer, and what changes its weights.
struct Update {
  size_t batch, columns, stride;
  const float* A;
  size_t lda;
  const float* D;
  const mote::OptimizerStep& step;
  float* weights;
  float* state;
  float* strip;

  void with_gradients(size_t row, size_t end) const {
    const float factors[kMostFactors] = {step.options.learning_rate, step.l2, step.options.momentum};
    Operands operands{batch, A + row, lda, nullptr, D, stride, weights + row * stride, stride, factors};
    if (step.l1 == 0.0f && step.options.method == mote::Optimizer::sgd) {
      return product<Access::transposed, Sgd>(end - row, columns, operands);
    }
    if (step.l1 == 0.0f && step.options.method == mote::Optimizer::momentum) {
      operands.state = state + row * stride;
      return product<Access::transposed, Momentum>(end - row, columns, operands);
    }
    for (size_t height; row < end; row += height) {
      const size_t left = end - row;  // the last two strips are of nearly equal height, as tiles are
      height = left <= kUpdateRows ? left : left < 2 * kUpdateRows ? (left + 1) / 2 : kUpdateRows;
      operands.x = A + row;
      operands.c = strip;
      product<Access::transposed, Store>(height, columns, operands);
      apply(row, height);
    }
  }

  void without_gradients(size_t row, size_t end) const {
    if (row == end || mote::skips_zero_gradients(step)) return;
    alignas(64) static constexpr float kZeros[mote::kRowAlignment < 16 ? 64 : 1024] = {};
    constexpr size_t kPiece = sizeof kZeros / sizeof kZeros[0];
    for (size_t i = row * stride; i < end * stride; i += kPiece) {
      const size_t count = end * stride - i < kPiece ? end * stride - i : kPiece;
      MOTE_NUMERIC::optimizer_step(step, kZeros, weights + i, state == nullptr ? nullptr : state + i, count);
    }
  }

  void apply(size_t row, size_t count) const {
    MOTE_NUMERIC::optimizer_step(step, strip, weights + row * stride, state == nullptr ? nullptr : state + row * stride,
                                 count * stride);
  }
};

}  // namespace

void update_weights(size_t batch, size_t first, size_t rows, size_t outputs, const float* A, size_t lda, const float* D,
                    mote::ActiveInputs active, const mote::OptimizerStep& step, float* weights, float* state,
                    float* strip) {
  const size_t stride = mote::row_stride(outputs);
  const size_t columns = (outputs + mote::kRowAlignment - 1) / mote::kRowAlignment * mote::kRowAlignment;
  const Update update{batch, columns, stride, A, lda, D, step, weights, state, strip};
  if (columns != stride) __builtin_memset(strip, 0, kUpdateRows * stride * sizeof(float));
  if (active.list == nullptr) return update.with_gradients(0, rows);
  size_t done = 0;
  while (active.count != 0) {
    const mote::Share run = take_run(active);
    update.without_gradients(done, run.begin - first);
    update.with_gradients(run.begin - first, run.end - first);
    done = run.end - first;
  }
  update.without_gradients(done, rows);
}

}  // namespace MOTE_NUMERIC
