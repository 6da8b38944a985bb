// SPDX-License-Identifier: MIT
// The gradient of a layer's weights, kept or used at once by an optimizer step (README.md: the table of roads).
#include "mote/detail/weight_update.hpp"

#include <iterator>

#include "../core/arithmetic.hpp"
#include "../textbook/optimizer.hpp"
#include "tiles.hpp"
#include "transpose.hpp"

#ifndef MOTE_MICROCONTROLLER  // small_products.cpp

namespace MOTE_NUMERIC {

// Declared for this build: a call through the dispatcher for every few rows would cost time.
void optimizer_step(const mote::OptimizerStep& step, const float* gradients, float* parameters, float* state,
                    std::size_t count);

namespace {

using namespace mote::detail;
using mote::ActiveInputs;
using mote::Share;
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

constexpr size_t kSkipFromBatch = 8;  // fewer samples have few zeros that are not common to all of them
constexpr size_t kSkipToBatch = 512;  // size of the list of samples
constexpr size_t kLongRow = 128;      // shortest rows that are written faster whole than as tiles
constexpr size_t kShortGap = 5;       // inactive inputs between active ones that cost less than another call

/// Writes to `list` the rows of A with an element other than 0 in the first kRows columns, and returns their number.
size_t list_samples(size_t batch, const float* __restrict A, size_t lda, std::uint32_t* __restrict list) {
  static_assert(kRows % 2 == 0);
  size_t count = 0;
  for (size_t k = 0; k < batch; ++k, A += lda) {
    std::uint64_t pairs[kRows / 2], any = 0;
    __builtin_memcpy(pairs, A, sizeof pairs);
    __builtin_prefetch(A + kLine);  // rows are far apart, and the next columns are read soon
    for (const std::uint64_t pair : pairs) any |= pair;
    list[count] = static_cast<std::uint32_t>(k);
    count += any != 0 ? 1 : 0;
  }
  return count;
}

/// Removes the first neighbors, with short gaps between them, from the list and returns their range.
Share take_neighbors(ActiveInputs& active) {
  const size_t begin = active.list[0];
  size_t end;
  do {
    end = *active.list++ + size_t{1};
  } while (--active.count != 0 && *active.list <= end + kShortGap);
  return {begin, end};
}

/// dW = a^T d for one sample: rows are written along their whole length, padding included.
void gradient_along_rows(Share rows, size_t columns, const float* __restrict a, const float* __restrict d,
                         float* __restrict dW, size_t stride) {
  for (size_t i = rows.begin; i < rows.end; ++i) {
    float* __restrict row = dW + i * stride;
    for (size_t j = 0; j < columns; ++j) row[j] = multiply_add(a[i], d[j], 0.0f);
    for (size_t j = columns; j < stride; ++j) row[j] = 0.0f;
  }
}

// Narrow gradients: the rows of a layer of few outputs would leave lanes of every vector empty; its transpose has long
// rows.
constexpr size_t kNarrowOutputs = 12;  // most outputs: more fill the lanes well enough
constexpr size_t kNarrowInputs = 64;   // inputs at a time
constexpr size_t kNarrowBatch = 24;    // fewest samples: sums of fewer cost less than transposing them

/// Number of a layer's `inputs` that narrow_gradient() repays: two or more whole blocks of a transposition, else 0.
MOTE_INLINE size_t narrow_inputs(size_t batch, size_t inputs, size_t outputs) {
  const bool pays = outputs <= kNarrowOutputs && batch >= kNarrowBatch && inputs >= 2 * kSide;
  return pays ? inputs / kSide * kSide : 0;
}

/// dW = A^T D for `inputs` (a multiple of kSide, at most kNarrowInputs) and at most kNarrowOutputs outputs; rows of dW
/// have kSide columns.
MOTE_INLINE void narrow_gradient(size_t batch, size_t inputs, size_t outputs, const float* A, size_t lda,
                                 const float* D, size_t ldd, float* dW) {
  alignas(64) float transposed[kNarrowOutputs * kNarrowInputs];
  Operands operands{batch, D, ldd, nullptr, A, lda, transposed, inputs};
  product<Access::transposed, Store>(outputs, inputs, operands);
  transpose(outputs, inputs, transposed, inputs, dW, kSide);
}

/// The factors of a gradient dW = A^T D, [inputs][columns].
struct Gradient {
  size_t batch, columns, stride;
  const float* A;
  size_t lda;
  const float* D;

  /// Operands of the gradient's rows from `first` on, which are written to `to` and the rows below.
  Operands operands(size_t first, float* to) const { return {batch, A + first, lda, nullptr, D, stride, to, stride}; }

  /// Whether leaving out samples repays the search for them, as for images with blank corners.
  bool may_skip_samples() const {
    const bool has_room = batch <= kSkipToBatch && lda >= kRows;
    return has_room && batch >= kSkipFromBatch && columns >= kSkipFromColumns;
  }

  /// Calls use(first, height, operands) for each row of tiles, whose operands list the samples that are not 0 in at
  /// least one row of the tile; depth is 0 if there are none.
  template <typename Use>
  void for_each_row_of_tiles(Share rows, const Use& use) const {
    std::uint32_t list[kSkipToBatch];
    for (size_t first = rows.begin, height; first < rows.end; first += height) {
      height = tile_height(rows.end - first, kRows);
      const size_t seen = first < lda - kRows ? first : lda - kRows;  // the last tile lists its neighbors' samples, too
      Operands tile = operands(first, nullptr);
      tile.depth = list_samples(batch, A + seen, lda, list);
      tile.list = list;
      use(first, height, tile);
    }
  }
};

/// A gradient that is written to dW, or added to it.
template <typename Finish>
struct Kept {
  Gradient gradient;
  float* dW;
  static constexpr bool kAccumulates = Finish::kStartsFromC;

  /// All of `rows`.
  void dense(Share rows, size_t outputs) const {
    const Gradient& g = gradient;
    if (!kHasWideTiles && !kAccumulates && g.batch == 1 && g.columns >= kLongRow) {
      return gradient_along_rows(rows, g.columns, g.A, g.D, dW, g.stride);
    }
    for (size_t left = kAccumulates ? 0 : narrow_inputs(g.batch, rows.size(), outputs), count; left != 0;) {
      count = left < kNarrowInputs ? left : kNarrowInputs;
      narrow_gradient(g.batch, count, outputs, g.A + rows.begin, g.lda, g.D, g.stride, dW + rows.begin * g.stride);
      rows.begin += count;
      left -= count;
    }
    if (rows.size() == 0) return;
    Operands operands = g.operands(rows.begin, dW + rows.begin * g.stride);
    product<Access::transposed, Finish>(rows.size(), g.columns, operands);
    clear_padding(rows.size(), g.columns, dW + rows.begin * g.stride, g.stride);
  }

  /// Sets `rows` to 0, unless it accumulates.
  void empty(Share rows) const {
    const size_t stride = gradient.stride;
    if constexpr (!kAccumulates) {
      __builtin_memset(dW + rows.begin * stride, 0, rows.size() * stride * sizeof(float));
    }
  }

  /// `rows` with the gradients of active inputs, and 0 for other inputs.
  void active_rows(Share rows, size_t outputs, ActiveInputs active) const {
    while (active.count != 0) {
      const Share neighbors = take_neighbors(active);
      empty({rows.begin, neighbors.begin});
      dense(neighbors, outputs);
      rows.begin = neighbors.end;
    }
    empty(rows);
  }

  void skipping_samples(Share rows) const {
    gradient.for_each_row_of_tiles(rows, [&](size_t first, size_t height, Operands& tile) {
      if (tile.depth == 0) return empty({first, first + height});
      tile.c = dW + first * gradient.stride;
      row_of_tiles<Access::listed_transposed, Finish>(height, gradient.columns, tile);
      clear_padding(height, gradient.columns, dW + first * gradient.stride, gradient.stride);
    });
  }

  void compute(Share rows, size_t outputs, const ActiveInputs& active) const {
    if (active.list != nullptr && gradient.may_skip_samples()) return skipping_samples(rows);
    if (active.list == nullptr || active.count == rows.size()) return dense(rows, outputs);
    active_rows(rows, outputs, active);
  }
};

/// A gradient that an optimizer step uses at once.
struct Update {
  Gradient gradient;
  const mote::OptimizerStep& step;
  float* weights;
  float* state;
  float* strip;
  float factors[kMostFactors] = {step.options.learning_rate, step.l2, step.options.momentum};  // of Sgd, Momentum

  bool is_sgd() const { return step.options.method == mote::Optimizer::sgd; }

  /// Whether the step can end a register tile.
  bool ends_tiles() const { return step.l1 == 0.0f && (is_sgd() || step.options.method == mote::Optimizer::momentum); }

  /// `operands` for rows from `first` on of tiles that end with the step.
  Operands ending_tiles(Operands operands, size_t first) const {
    operands.c = weights + first * gradient.stride;
    operands.factors = factors;
    if (!is_sgd()) operands.state = state + first * gradient.stride;
    return operands;
  }

  /// Steps `count` rows from `first` on, or as listed, in tiles.
  template <Access kAccess>
  void in_tiles(size_t count, size_t first, const std::uint32_t* list) const {
    Operands operands = ending_tiles(gradient.operands(first, nullptr), first);
    operands.list = list;
    if (is_sgd()) return product<kAccess, Sgd>(count, gradient.columns, operands);
    product<kAccess, Momentum>(count, gradient.columns, operands);
  }

  /// Steps the rows that narrow_gradient() takes; returns the other rows.
  Share narrow(Share rows, size_t outputs) const {
    const Gradient& g = gradient;
    alignas(64) float gradients[kNarrowInputs * kSide];
    for (size_t left = narrow_inputs(g.batch, rows.size(), outputs); left != 0;) {
      const size_t count = left < kNarrowInputs ? left : kNarrowInputs;
      narrow_gradient(g.batch, count, outputs, g.A + rows.begin, g.lda, g.D, g.stride, gradients);
      apply(gradients, rows.begin, count);
      rows.begin += count;
      left -= count;
    }
    return rows;
  }

  /// Computes the gradients of a few rows at a time in `strip`, then steps these rows.
  void by_rows(Share rows) const {
    for (size_t height; rows.size() != 0; rows.begin += height) {
      height = tile_height(rows.size(), kUpdateRows);
      Operands operands = gradient.operands(rows.begin, strip);
      product<Access::transposed, Store>(height, gradient.columns, operands);
      apply(strip, rows.begin, height);
    }
  }

  void by_rows(size_t count, const std::uint32_t* list) const {
    for (size_t height; count != 0; count -= height, list += height) {
      height = tile_height(count, kUpdateRows);
      Operands operands = gradient.operands(0, strip);
      operands.list = list;
      product<Access::listed_rows, Store>(height, gradient.columns, operands);
      for (size_t i = 0, next; i < height; i = next) {
        for (next = i + 1; next < height && list[next] == list[i] + (next - i);) ++next;
        apply(strip + i * gradient.stride, list[i], next - i);
      }
    }
  }

  void skipping_samples(Share rows) const {
    gradient.for_each_row_of_tiles(rows, [&](size_t first, size_t height, Operands& tile) {
      if (tile.depth == 0) {
        if (!skips_zero_gradients(step)) without_gradients({first, first + height});
      } else if (!ends_tiles()) {
        tile.c = strip;
        row_of_tiles<Access::listed_transposed, Store>(height, gradient.columns, tile);
        apply(strip, first, height);
      } else {
        tile = ending_tiles(tile, first);
        if (is_sgd()) return row_of_tiles<Access::listed_transposed, Sgd>(height, gradient.columns, tile);
        row_of_tiles<Access::listed_transposed, Momentum>(height, gradient.columns, tile);
      }
    });
  }

  void without_gradients(Share rows) const {
    alignas(64) static constexpr float kZeros[mote::kRowAlignment < 16 ? 64 : 1024] = {};
    const size_t end = rows.end * gradient.stride;
    for (size_t i = rows.begin * gradient.stride; i < end; i += std::size(kZeros)) {
      apply_floats(kZeros, i, end - i < std::size(kZeros) ? end - i : std::size(kZeros));
    }
  }

  /// The step for `count` rows from `first` on.
  void apply(const float* gradients, size_t first, size_t count) const {
    apply_floats(gradients, first * gradient.stride, count * gradient.stride);
  }

  void apply_floats(const float* gradients, size_t offset, size_t count) const {
    MOTE_NUMERIC::optimizer_step(step, gradients, weights + offset, state == nullptr ? nullptr : state + offset, count);
  }
};

}  // namespace

void weight_gradient(size_t batch, Share rows, size_t outputs, const float* A, size_t lda, const float* D,
                     const ActiveInputs& active, bool accumulate, float* dW) {
  const Gradient gradient{batch, padded_columns(outputs), mote::row_stride(outputs), A, lda, D};
  if (accumulate) return Kept<Accumulate>{gradient, dW}.compute(rows, outputs, active);
  Kept<Store>{gradient, dW}.compute(rows, outputs, active);
}

void update_weights(size_t batch, Share rows, size_t outputs, const float* A, size_t lda, const float* D,
                    const ActiveInputs& active, const mote::OptimizerStep& step, float* weights, float* state,
                    float* strip) {
  const size_t stride = mote::row_stride(outputs), columns = padded_columns(outputs);
  const Update update{{batch, columns, stride, A, lda, D}, step, weights, state, strip};
  const bool in_tiles = update.ends_tiles();
  if (!in_tiles) clear_padding(kUpdateRows, columns, strip, stride);
  if (active.list != nullptr && update.gradient.may_skip_samples()) return update.skipping_samples(rows);
  if (active.list == nullptr || active.count == rows.size()) {
    rows = update.narrow(rows, outputs);
    return in_tiles ? update.in_tiles<Access::transposed>(rows.size(), rows.begin, nullptr) : update.by_rows(rows);
  }
  if (in_tiles) {
    update.in_tiles<Access::listed_rows>(active.count, 0, active.list);
  } else {
    update.by_rows(active.count, active.list);
  }
  if (skips_zero_gradients(step)) return;
  for (size_t i = 0; i < active.count; ++i) {
    update.without_gradients({rows.begin, active.list[i]});
    rows.begin = active.list[i] + size_t{1};
  }
  update.without_gradients(rows);
}

}  // namespace MOTE_NUMERIC
#endif
