// SPDX-License-Identifier: MIT
#include "mote/loss.hpp"

#include "../core/arithmetic.hpp"
#include "activation_functions.hpp"
#include "lanes.hpp"
#include "mote/detail/loss.hpp"

namespace MOTE_NUMERIC {
namespace {

using namespace mote::detail;
using mote::Activation;
using mote::Loss;
using mote::LossOptions;
using std::size_t;

/// One row of outputs, with its targets and the memory for its deltas.
struct Row {
  size_t columns;
  const float* z;
  const float* values;  // targets; null: one-hot label
  size_t label;
  float kept;    // factor of smoothing on a target
  float shared;  // term of smoothing
  float scale;
  float* deltas;  // or null

  /// Writes the smoothed targets of columns [j, j + count) to y. Labels give the same bits as one-hot values.
  void targets_from(size_t j, size_t count, float (&y)[kLanes]) const {
    if (values == nullptr) {
      const float zero = shared, one = kept + shared;
      const auto wanted = static_cast<std::uint32_t>(label - j);  // 32 bits like the floats, for vectors
      for (std::uint32_t i = 0; i < count; ++i) y[i] = i == wanted ? one : zero;
      return;
    }
    const size_t used = columns - j < count ? columns - j : count;
    for (float& target : y) target = 0.0f;
    __builtin_memcpy(y, values + j, used * sizeof(float));
    for (size_t i = 0; i < count; ++i) y[i] = multiply_add(y[i], kept, shared);
  }
};

/// Calls term(z, y, loss, delta) for every column, stores the scaled deltas, and returns the sum of the losses.
template <typename Term>
float sum_terms(const Row& row, Term term) {
  Lanes lanes;
  const float scale = row.scale;  // a copy: a read in some lanes only would prevent vectorization
  for (size_t j = 0; j < row.columns; j += kLanes) {
    const size_t count = lanes_from(j, row.columns);
    float y[kLanes], delta[kLanes];
    row.targets_from(j, count, y);
    const auto columns = static_cast<std::uint32_t>(row.columns - j);  // 32 bits like the floats, for vectors
    for (std::uint32_t i = 0; i < count; ++i) {
      float loss = 0.0f;
      term(row.z[j + i], y[i], loss, delta[i]);
      const bool used = i < columns;
      lanes.lane[i] += used ? loss : 0.0f;
      delta[i] = used ? without_negligible(delta[i] * scale) : 0.0f;
    }
    if (row.deltas != nullptr) {
      for (size_t i = 0; i < count; ++i) row.deltas[j + i] = delta[i];
    }
  }
  return lanes.sum();
}

/// Losses of an error and their slopes. kFactor is applied to the sum of losses.
struct Quadratic {
  static constexpr float kFactor = 0.5f;
  float loss(float error) const { return error * error; }
  float slope(float error) const { return error; }
};
struct Absolute {
  static constexpr float kFactor = 1.0f;
  float loss(float error) const { return absolute(error); }
  float slope(float error) const { return error > 0.0f ? 1.0f : error < 0.0f ? -1.0f : error; }  // NaN stays NaN
};
struct Huber {
  static constexpr float kFactor = 1.0f;
  float delta;
  float loss(float error) const {
    const float size = absolute(error), near = size < delta ? size : delta;
    return near * (size - 0.5f * near);
  }
  float slope(float error) const { return error > delta ? delta : error < -delta ? -delta : error; }
};

template <typename Error, typename F>
float of_errors(const Row& row, Error kind, F f) {
  return Error::kFactor * sum_terms(row, [&](float z, float y, float& loss, float& delta) {
           const float a = f(z);
           const float error = a - y;
           loss = kind.loss(error);
           delta = kind.slope(error) * F::derivative(z, a);
         });
}

template <typename Error>
float of_softmax_errors(const Row& row, Error kind) {
  const float highest = row_maximum(row.z, row.columns);
  const float total = exponentials(row.z, row.columns, nullptr, highest);
  const auto probability = [&](float z) { return exp_of(z - highest) / total; };
  Lanes mean;  // sum of g_i a_i
  for (size_t j = 0; j < row.columns; j += kLanes) {
    const size_t count = lanes_from(j, row.columns);
    float y[kLanes];
    row.targets_from(j, count, y);
    const auto columns = static_cast<std::uint32_t>(row.columns - j);
    for (std::uint32_t i = 0; i < count; ++i) {
      const float a = probability(row.z[j + i]), term = kind.slope(a - y[i]) * a;
      mean.lane[i] += i < columns ? term : 0.0f;
    }
  }
  const float mean_slope = mean.sum();
  return Error::kFactor * sum_terms(row, [&](float z, float y, float& loss, float& delta) {
           const float a = probability(z);
           const float error = a - y;
           loss = kind.loss(error);
           delta = a * (kind.slope(error) - mean_slope);
         });
}

float sigmoid_cross_entropy(const Row& row) {
  return sum_terms(row, [&](float z, float y, float& loss, float& delta) {
    const float e = exp_of(-absolute(z));
    loss = (z < 0.0f ? 0.0f : z) - z * y + log_one_plus(e);
    delta = (z < 0.0f ? e : 1.0f) / (1.0f + e) - y;
  });
}

/// Cross-entropy with a label, without smoothing.
float cross_entropy_of_label(const Row& row) {
  const float highest = row_maximum(row.z, row.columns);
  const float below_highest = highest - row.z[row.label];  // before deltas overwrite z
  const float total = exponentials(row.z, row.columns, row.deltas, highest);
  if (row.deltas != nullptr) {
    const float factor = row.scale / total;
    const size_t padded = padded_columns(row.columns);
    for (size_t j = 0; j < padded; ++j) row.deltas[j] = without_negligible(row.deltas[j] * factor);
    row.deltas[row.label] -= row.scale;
  }
  const float loss = log_of(total) + below_highest;
  return loss == kInfinity ? kLargest : loss;  // the outputs differ by more than a float holds
}

float cross_entropy_of_distribution(const Row& row) {
  Lanes sum;
  for (size_t j = 0; j < row.columns; j += kLanes) {
    const size_t count = lanes_from(j, row.columns);
    float y[kLanes];
    row.targets_from(j, count, y);
    const auto columns = static_cast<std::uint32_t>(row.columns - j);
    for (std::uint32_t i = 0; i < count; ++i) sum.lane[i] += i < columns ? y[i] : 0.0f;
  }
  const float all_targets = sum.sum();
  const float highest = row_maximum(row.z, row.columns);
  const float total = exponentials(row.z, row.columns, nullptr, highest);
  const float log_total = log_of(total);
  const float loss = sum_terms(row, [&](float z, float y, float& term, float& delta) {
    const float information = log_total + (highest - z);  // -ln a
    term = y == 0.0f && information == kInfinity ? 0.0f : y * information;
    delta = exp_of(z - highest) / total * all_targets - y;
  });
  return loss == kInfinity ? kLargest : loss;
}

/// Loss of a row of outputs with one activation.
template <Activation kActivation, typename Error>
float error_loss(const Row& row, Error kind) {
  if constexpr (kActivation == Activation::softmax) return of_softmax_errors(row, kind);
  return of_errors(row, kind, function_of<kActivation>());
}

template <Loss kLoss, Activation kActivation>
float loss_by(const LossOptions& loss, const Row& row) {
  if constexpr (kLoss == Loss::sigmoid_cross_entropy) return sigmoid_cross_entropy(row);
  if constexpr (kLoss == Loss::cross_entropy) {
    const bool one_hot = row.values == nullptr && loss.label_smoothing == 0.0f;
    return one_hot ? cross_entropy_of_label(row) : cross_entropy_of_distribution(row);
  }
  if constexpr (kLoss == Loss::mean_absolute_error) return error_loss<kActivation>(row, Absolute{});
  if constexpr (kLoss == Loss::huber) return error_loss<kActivation>(row, Huber{loss.huber_delta});
  return error_loss<kActivation>(row, Quadratic{});
}

/// Factor of the loss of row i.
float weight_of(const mote::Targets& targets, size_t i) {
  const size_t row = targets.weight_order == nullptr ? i : targets.weight_order[i];
  const float weight = targets.sample_weights == nullptr ? 1.0f : targets.sample_weights[row];
  // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): class weights come with labels.
  return targets.class_weights == nullptr ? weight : weight * targets.class_weights[targets.labels[i]];
}

/// Whether the label has the largest output, the first of equals. False if any output is NaN.
bool is_correct(const float* z, size_t columns, size_t label) {
  const float own = z[label];
  std::uint32_t beaten = 0;
  for (size_t j = 0; j < columns; ++j) {
    const bool is_above = !(z[j] <= own), is_equal = z[j] == own, is_first = j < label;
    beaten |= std::uint32_t{is_above} | (std::uint32_t{is_equal} & std::uint32_t{is_first});
  }
  return beaten == 0;
}

/// loss_and_deltas() with loss_of_row(row).
template <typename LossOfRow>
MOTE_INLINE std::uint32_t for_rows(const LossOptions& loss, size_t rows, size_t columns, size_t stride, const float* z,
                                   const Targets& targets, float scale, float* deltas, float* losses,
                                   LossOfRow loss_of_row) {
  const float outcomes = loss.kind == Loss::sigmoid_cross_entropy ? 2.0f : static_cast<float>(columns);
  const float kept = 1.0f - loss.label_smoothing, shared = loss.label_smoothing / outcomes;
  std::uint32_t correct = 0;
  for (size_t i = 0; i < rows; ++i) {
    const bool has_label = targets.labels != nullptr;
    const size_t label = has_label ? targets.labels[i] : 0;
    const float weight = weight_of(targets, i);
    const Row row{columns, z + i * stride, targets.row(i), label,
                  kept,    shared,         scale * weight, deltas == nullptr ? nullptr : deltas + i * stride};
    if (has_label && is_correct(row.z, columns, label)) ++correct;
    losses[i] = weight * loss_of_row(row);
  }
  return correct;
}

}  // namespace

#ifdef MOTE_MICROCONTROLLER

template <Loss kLoss, Activation kActivation>
std::uint32_t loss_and_deltas_of(const LossOptions& loss, Activation, size_t rows, size_t columns, size_t stride,
                                 const float* z, const Targets& targets, float scale, float* deltas, float* losses) {
  return for_rows(loss, rows, columns, stride, z, targets, scale, deltas, losses,
                  [&](const Row& row) { return loss_by<kLoss, kActivation>(loss, row); });
}

#define MOTE_INSTANCE_OF(loss, activation)                                       \
  template std::uint32_t loss_and_deltas_of<Loss::loss, Activation::activation>( \
      const LossOptions&, Activation, size_t, size_t, size_t, const float*, const Targets&, float, float*, float*);
#define MOTE_INSTANCES(activation)                  \
  MOTE_INSTANCE_OF(quadratic, activation)           \
  MOTE_INSTANCE_OF(mean_absolute_error, activation) \
  MOTE_INSTANCE_OF(huber, activation)
MOTE_FOR_ACTIVATIONS(MOTE_INSTANCES)
MOTE_INSTANCE_OF(cross_entropy, softmax)
MOTE_INSTANCE_OF(sigmoid_cross_entropy, sigmoid)
#undef MOTE_INSTANCES
#undef MOTE_INSTANCE_OF

std::uint32_t loss_and_deltas(const LossOptions& loss, Activation output_activation, size_t rows, size_t columns,
                              size_t stride, const float* z, const Targets& targets, float scale, float* deltas,
                              float* losses) {
  return loss_function(loss.kind, output_activation)(loss, output_activation, rows, columns, stride, z, targets, scale,
                                                     deltas, losses);
}

#else

namespace {

template <Loss kLoss>
float error_loss_by(const LossOptions& loss, Activation activation, const Row& row) {
  switch (activation) {
#define MOTE_CASE(name)  \
  case Activation::name: \
    return loss_by<kLoss, Activation::name>(loss, row);
    MOTE_FOR_ACTIVATIONS(MOTE_CASE)
#undef MOTE_CASE
  }
  return 0.0f;
}

float loss_of(const LossOptions& loss, Activation activation, const Row& row) {
  switch (loss.kind) {
    case Loss::sigmoid_cross_entropy: return loss_by<Loss::sigmoid_cross_entropy, Activation::sigmoid>(loss, row);
    case Loss::cross_entropy: return loss_by<Loss::cross_entropy, Activation::softmax>(loss, row);
    case Loss::mean_absolute_error: return error_loss_by<Loss::mean_absolute_error>(loss, activation, row);
    case Loss::huber: return error_loss_by<Loss::huber>(loss, activation, row);
    case Loss::quadratic: break;
  }
  return error_loss_by<Loss::quadratic>(loss, activation, row);
}

}  // namespace

std::uint32_t loss_and_deltas(const LossOptions& loss, Activation output_activation, size_t rows, size_t columns,
                              size_t stride, const float* z, const Targets& targets, float scale, float* deltas,
                              float* losses) {
  return for_rows(loss, rows, columns, stride, z, targets, scale, deltas, losses,
                  [&](const Row& row) { return loss_of(loss, output_activation, row); });
}

#endif

}  // namespace MOTE_NUMERIC
