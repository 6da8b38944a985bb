// SPDX-License-Identifier: MIT
#include "mote/detail/weight_update.hpp"

#include <iterator>

#include "../core/arithmetic.hpp"
#include "../textbook/optimizer.hpp"
#include "narrow_gradient.hpp"
#include "tiles.hpp"

namespace MOTE_NUMERIC {

// Of the same build, so that a strip goes from one to the other without a detour.
void optimizer_step(const mote::OptimizerStep& step, const float* gradients, float* parameters, float* state,
                    std::size_t count);

namespace {

using namespace mote::detail;
using std::size_t;

struct Sgd : Store {  // C are parameters, and X B the gradient
  static constexpr bool kInPlace = true;
  MOTE_INLINE void finish(const float* factors, float sum, float& c, float&) {
    sgd_update(factors[0], factors[1], sum, c);
  }
};
struct Momentum : Store {
  static constexpr bool kHasState = true, kInPlace = true;
  MOTE_INLINE void finish(const float* factors, float sum, float& c, float& velocity) {
    momentum_update(factors[0], factors[1], factors[2], sum, c, velocity);
  }
};

constexpr size_t kSkipFromBatch = 8;  // fewer samples have too few zeros that the others have not
constexpr size_t kSkipToBatch = 512;  // room for a list

/// Writes to `list` the rows of A that are not 0 in all of the first kRows columns, and returns how many.
size_t list_samples(size_t batch, const float* __restrict A, size_t lda, std::uint32_t* __restrict list) {
  static_assert(kRows % 2 == 0);
  size_t count = 0;
  for (size_t k = 0; k < batch; ++k, A += lda) {
    std::uint64_t pairs[kRows / 2], any = 0;
    __builtin_memcpy(pairs, A, sizeof pairs);
    __builtin_prefetch(A + kLine);  // rows are far apart, and the next columns are looked at soon
    for (const std::uint64_t pair : pairs) any |= pair;
    list[count] = static_cast<std::uint32_t>(k);
    count += any != 0 ? 1 : 0;
  }
  return count;
}

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
  float factors[kMostFactors] = {step.options.learning_rate, step.l2, step.options.momentum};  // of Sgd, Momentum

  /// Whether the step is one that ends a register tile.
  bool ends_tiles() const {
    using mote::Optimizer;
    return step.l1 == 0.0f && (step.options.method == Optimizer::sgd || step.options.method == Optimizer::momentum);
  }

  /// `count` rows from `first` on, or as listed.
  template <Access kAccess>
  void in_tiles(size_t count, size_t first, const std::uint32_t* list) const {
    Operands operands{batch, A + first, lda, list, D, stride, weights + first * stride, stride, factors};
    if (step.options.method == mote::Optimizer::sgd) return product<kAccess, Sgd>(count, columns, operands);
    operands.state = state + first * stride;
    product<kAccess, Momentum>(count, columns, operands);
  }

  /// As many rows as are worth it; returns the others.
  mote::Share narrow(mote::Share rows, size_t outputs) const {
    if constexpr (!kRearranges) return rows;
    alignas(64) float gradients[kNarrowInputs * kSide];
    for (size_t left = narrow_inputs(batch, rows.size(), outputs); left != 0;) {
      const size_t count = left < kNarrowInputs ? left : kNarrowInputs;
      narrow_gradient(batch, count, outputs, A + rows.begin, lda, D, stride, gradients);
      apply(gradients, rows.begin * stride, count * stride);
      rows.begin += count;
      left -= count;
    }
    return rows;
  }

  void in_strips(mote::Share rows) const {
    while (rows.size() != 0) {
      const size_t height = tile_height(rows.size(), kUpdateRows);
      Operands operands{batch, A + rows.begin, lda, nullptr, D, stride, strip, stride};
      product<Access::transposed, Store>(height, columns, operands);
      apply(strip, rows.begin * stride, height * stride);
      rows.begin += height;
    }
  }

  void in_strips(size_t count, const std::uint32_t* list) const {
    while (count != 0) {
      const size_t height = tile_height(count, kUpdateRows);
      Operands operands{batch, A, lda, list, D, stride, strip, stride};
      product<Access::listed_rows, Store>(height, columns, operands);
      for (size_t i = 0, run = 1; i < height; i += run, run = 1) {
        while (i + run < height && list[i + run] == list[i] + run) ++run;
        apply(strip + i * stride, list[i] * stride, run * stride);
      }
      list += height;
      count -= height;
    }
  }

  /// Whether skipping_samples() has room, and is worth it for images with blank corners.
  bool may_skip_samples() const {
    const bool has_room = batch <= kSkipToBatch && lda >= kRows;
    return kRearranges && has_room && batch >= kSkipFromBatch && columns >= kSkipFromColumns;
  }

  /// Leaves out of every tile's sums the samples that are 0 in all of its rows.
  void skipping_samples(mote::Share rows) const {
    std::uint32_t list[kSkipToBatch];
    while (rows.size() != 0) {
      const size_t first = rows.begin, height = tile_height(rows.size(), kRows), offset = first * stride;
      const size_t seen = first < lda - kRows ? first : lda - kRows;  // the last tile's neighbours are, too
      const size_t count = list_samples(batch, A + seen, lda, list);
      Operands operands{count, A + first, lda, list, D, stride, weights + offset, stride, factors};
      if (state != nullptr) operands.state = state + offset;
      if (count == 0) {
        if (!skips_zero_gradients(step)) without_gradients({first, first + height});
      } else if (!ends_tiles()) {
        operands.c = strip;
        row_of_tiles<Access::listed_transposed, Store>(height, columns, operands);
        apply(strip, offset, height * stride);
      } else if (step.options.method == mote::Optimizer::sgd) {
        row_of_tiles<Access::listed_transposed, Sgd>(height, columns, operands);
      } else {
        row_of_tiles<Access::listed_transposed, Momentum>(height, columns, operands);
      }
      rows.begin += height;
    }
  }

  void without_gradients(mote::Share rows) const {
    alignas(64) static constexpr float kZeros[mote::kRowAlignment < 16 ? 64 : 1024] = {};
    const size_t end = rows.end * stride;
    for (size_t i = rows.begin * stride; i < end; i += std::size(kZeros)) {
      apply(kZeros, i, end - i < std::size(kZeros) ? end - i : std::size(kZeros));
    }
  }

  void apply(const float* gradients, size_t offset, size_t count) const {
    MOTE_NUMERIC::optimizer_step(step, gradients, weights + offset, state == nullptr ? nullptr : state + offset, count);
  }
};

}  // namespace

void update_weights(size_t batch, mote::Share rows, size_t outputs, const float* A, size_t lda, const float* D,
                    mote::ActiveInputs active, const mote::OptimizerStep& step, float* weights, float* state,
                    float* strip) {
  const size_t stride = mote::row_stride(outputs), columns = padded_columns(outputs);
  const Update update{batch, columns, stride, A, lda, D, step, weights, state, strip};
  const bool in_tiles = update.ends_tiles();
  if (!in_tiles) clear_padding(kUpdateRows, columns, strip, stride);
  if (active.list != nullptr && update.may_skip_samples()) return update.skipping_samples(rows);
  if (active.list == nullptr || active.count == rows.size()) {
    rows = update.narrow(rows, outputs);
    return in_tiles ? update.in_tiles<Access::transposed>(rows.size(), rows.begin, nullptr) : update.in_strips(rows);
  }
  if (in_tiles) {
    update.in_tiles<Access::listed_rows>(active.count, 0, active.list);
  } else {
    update.in_strips(active.count, active.list);
  }
  if (skips_zero_gradients(step)) return;
  for (size_t i = 0; i < active.count; ++i) {
    update.without_gradients({rows.begin, active.list[i]});
    rows.begin = active.list[i] + size_t{1};
  }
  update.without_gradients(rows);
}

}  // namespace MOTE_NUMERIC
