// SPDX-License-Identifier: MIT
// A network in double precision, written with plain loops from the formulas in activation.hpp and loss.hpp: the
// reference for mote's numbers. From mote it uses only Topology and the enums.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/topology.hpp"
#include "support/closed_forms.hpp"

namespace twin {

using Vector = std::vector<double>;

/// One number per parameter, without padding.
struct Parameters {
  std::vector<Vector> weights;  // [layer][input * outputs + output]
  std::vector<Vector> biases;   // [layer][output]
};

/// Wrong derivatives, each a known mistake: a gradient check must find every one.
enum class Mistake {
  none,
  sigmoid_derivative_a,        // a instead of a (1 - a)
  tanh_derivative_1_minus_a,   // 1 - a instead of 1 - a^2
  relu_derivative_1,           // 1 for z < 0 too
  leaky_relu_derivative_0,     // that of relu
  elu_derivative_a,            // a instead of a + 1 for z < 0
  selu_derivative_unscaled,    // without lambda
  gelu_derivative_phi,         // Phi(z) without z phi(z)
  silu_derivative_s,           // s(z) without z s'(z)
  softplus_derivative_a,       // a instead of 1 - e^-a
  hidden_derivative_missing,   // deltas of hidden layers not multiplied by da/dz
  softmax_diagonal_only,       // a_j (1 - a_j) for the diagonal, nothing beside it
  sign_flipped,                // uphill
  batch_sum,                   // missing 1 / batch
  penalty_on_biases,           // l2 applied to biases too
  penalty_doubled,             // the derivative of l2 w^2
  first_sample_only_in_biases  // bias gradient not summed over the batch
};

/// Parameters as mote lays them out: padded rows of all weights, then padded rows of all biases.
inline Parameters unpack(const mote::Topology& topology, mote::Span<const float> flat) {
  Parameters parameters;
  const float* at = flat.data();
  const auto take_row = [&at](Vector& to, std::size_t columns) {
    to.insert(to.end(), at, at + columns);
    const std::size_t aligned = (columns + mote::kRowAlignment - 1) / mote::kRowAlignment * mote::kRowAlignment;
    at += mote::kRowAlignment == 16 && aligned % 128 == 0 ? aligned + mote::kRowAlignment : aligned;
  };
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const std::size_t inputs = l == 0 ? topology.inputs : topology.layers[l - 1].outputs;
    parameters.weights.emplace_back();
    for (std::size_t i = 0; i < inputs; ++i) take_row(parameters.weights[l], topology.layers[l].outputs);
  }
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    parameters.biases.emplace_back();
    take_row(parameters.biases[l], topology.layers[l].outputs);
  }
  return parameters;
}

/// Inputs and targets of a mini-batch.
struct Batch {
  std::vector<float> inputs;  // [rows][inputs]
  std::vector<std::uint8_t> labels;
  std::vector<float> values;  // [rows][outputs]; empty: targets from labels
  std::size_t rows() const { return labels.size(); }
};

/// y of one row, smoothed as in loss.hpp.
inline Vector targets_of(const mote::LossOptions& loss, const Batch& batch, std::size_t row, std::size_t outputs) {
  const double smoothing = static_cast<double>(loss.label_smoothing);
  const double outcomes = loss.kind == mote::Loss::sigmoid_cross_entropy ? 2.0 : static_cast<double>(outputs);
  Vector y(outputs);
  for (std::size_t j = 0; j < outputs; ++j) {
    const bool own = j == batch.labels[row];
    y[j] = !batch.values.empty() ? static_cast<double>(batch.values[row * outputs + j]) : own ? 1.0 : 0.0;
    y[j] = (1.0 - smoothing) * y[j] + smoothing / outcomes;
  }
  return y;
}

inline Batch random_batch(const mote::Topology& topology, std::size_t rows, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> value(-1.0f, 1.0f);
  Batch batch;
  for (std::size_t i = 0; i < rows * topology.inputs; ++i) batch.inputs.push_back(value(random));
  const std::size_t classes = topology.outputs() < 256 ? topology.outputs() : 256;
  for (std::size_t i = 0; i < rows; ++i) batch.labels.push_back(static_cast<std::uint8_t>(random() % classes));
  return batch;
}

/// Random targets between 0 and 1; for softmax outputs, each row adds up to 1.
inline std::vector<float> random_values(const mote::Topology& topology, std::size_t rows, std::uint32_t seed) {
  const std::size_t outputs = topology.outputs();
  const bool is_softmax = topology.output_activation() == mote::Activation::softmax;
  std::mt19937 random(seed + 1000);
  std::uniform_real_distribution<float> value(0.0f, 1.0f);
  std::vector<float> values(rows * outputs);
  for (std::size_t m = 0; m < rows; ++m) {
    float sum = 0.0f;
    for (std::size_t j = 0; j < outputs; ++j) sum += values[m * outputs + j] = value(random);
    for (std::size_t j = 0; j < outputs && is_softmax; ++j) values[m * outputs + j] /= sum;
  }
  return values;
}

/// Fills an array in mote's layout with moderate weights and biases, and with 0 as padding.
inline void randomize(const mote::Topology& topology, std::uint32_t seed, mote::Span<float> flat) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (float& parameter : flat) parameter = 0.0f;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const std::size_t outputs = topology.outputs_of(l), inputs = topology.inputs_of(l);
    const float deviation = 1.2f / std::sqrt(static_cast<float>(inputs));
    float* row = flat.data() + topology.weights_offset(l);
    for (std::size_t i = 0; i < inputs; ++i, row += topology.stride_of(l)) {
      for (std::size_t j = 0; j < outputs; ++j) row[j] = deviation * normal(random);
    }
    for (std::size_t j = 0; j < outputs; ++j) flat[topology.biases_offset(l) + j] = 0.3f * normal(random);
  }
}

inline Vector activate(mote::Activation activation, const Vector& z) {
  Vector a(z.size());
  double total = 0.0;
  for (const double x : z) total += std::exp(x);
  for (std::size_t j = 0; j < z.size(); ++j) {
    const bool is_softmax = activation == mote::Activation::softmax;
    a[j] = is_softmax ? std::exp(z[j]) / total : mote::test::closed_form(activation, z[j]);
  }
  return a;
}

/// da/dz of one unit; not for softmax.
inline double derivative(mote::Activation activation, double z, Mistake mistake) {
  const double a = mote::test::closed_form(activation, z), s = 1.0 / (1.0 + std::exp(-z));
  switch (activation) {
    case mote::Activation::sigmoid: return mistake == Mistake::sigmoid_derivative_a ? a : a * (1.0 - a);
    case mote::Activation::tanh: return mistake == Mistake::tanh_derivative_1_minus_a ? 1.0 - a : 1.0 - a * a;
    case mote::Activation::relu: return z > 0.0 || mistake == Mistake::relu_derivative_1 ? 1.0 : 0.0;
    case mote::Activation::leaky_relu: return z > 0.0 ? 1.0 : mistake == Mistake::leaky_relu_derivative_0 ? 0.0 : 0.01;
    case mote::Activation::elu: return z > 0.0 ? 1.0 : mistake == Mistake::elu_derivative_a ? a : std::exp(z);
    case mote::Activation::selu: {
      const double scale = mistake == Mistake::selu_derivative_unscaled ? 1.0 : mote::test::kSeluLambda;
      return scale * (z > 0.0 ? 1.0 : mote::test::kSeluAlpha * std::exp(z));
    }
    case mote::Activation::gelu: {
      const double share = 0.5 * (1.0 + std::erf(z / std::sqrt(2.0)));
      const double density = std::exp(-0.5 * z * z) / std::sqrt(2.0 * std::acos(-1.0));
      return mistake == Mistake::gelu_derivative_phi ? share : share + z * density;
    }
    case mote::Activation::silu: return mistake == Mistake::silu_derivative_s ? s : s + a * (1.0 - s);
    case mote::Activation::softplus: return mistake == Mistake::softplus_derivative_a ? a : s;
    case mote::Activation::identity:
    case mote::Activation::softmax: break;
  }
  return 1.0;
}

/// C of one sample from its outputs.
inline double loss_of(const mote::LossOptions& loss, const Vector& a, const Vector& wanted) {
  const double limit = static_cast<double>(loss.huber_delta);
  double sum = 0.0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    const double y = wanted[j], size = std::fabs(y - a[j]);
    switch (loss.kind) {
      case mote::Loss::quadratic: sum += 0.5 * (y - a[j]) * (y - a[j]); break;
      case mote::Loss::sigmoid_cross_entropy: sum -= y * std::log(a[j]) + (1.0 - y) * std::log(1.0 - a[j]); break;
      case mote::Loss::cross_entropy: sum -= y == 0.0 ? 0.0 : y * std::log(a[j]); break;
      case mote::Loss::mean_absolute_error: sum += size; break;
      case mote::Loss::huber: sum += size <= limit ? 0.5 * size * size : limit * (size - 0.5 * limit); break;
    }
  }
  return sum;
}

inline double loss_of(const mote::LossOptions& loss, const Vector& a, std::size_t label) {
  const Batch one{{}, {static_cast<std::uint8_t>(label)}, {}};
  return loss_of(loss, a, targets_of(loss, one, 0, a.size()));
}

struct Network {
  mote::Topology topology;
  Parameters parameters;

  Network(const mote::Topology& t, mote::Span<const float> flat) : topology(t), parameters(unpack(t, flat)) {}

  /// Pre-activations of every layer for one sample.
  std::vector<Vector> pre_activations(const float* inputs) const {
    std::vector<Vector> all;
    Vector a(inputs, inputs + topology.inputs);
    for (std::size_t l = 0; l < topology.layer_count; ++l) {
      Vector z = parameters.biases[l];
      for (std::size_t i = 0; i < a.size(); ++i) {
        for (std::size_t j = 0; j < z.size(); ++j) z[j] += a[i] * parameters.weights[l][i * z.size() + j];
      }
      a = activate(topology.layers[l].activation, z);
      all.push_back(z);
    }
    return all;
  }

  Vector outputs(const float* inputs) const {
    return activate(topology.output_activation(), pre_activations(inputs).back());
  }

  double loss(const mote::LossOptions& kind, const float* inputs, const Vector& wanted) const {
    return loss_of(kind, outputs(inputs), wanted);
  }

  double loss(const mote::LossOptions& kind, const float* inputs, std::size_t label) const {
    return loss_of(kind, outputs(inputs), label);
  }

  double mean_loss(const mote::LossOptions& kind, const Batch& batch) const {
    double sum = 0.0;
    for (std::size_t m = 0; m < batch.rows(); ++m) {
      sum += loss(kind, batch.inputs.data() + m * topology.inputs, targets_of(kind, batch, m, topology.outputs()));
    }
    return sum / static_cast<double>(batch.rows());
  }

  /// l2/2 times the sum of the squares of all weights.
  double penalty(double l2) const {
    double squares = 0.0;
    for (const Vector& weights : parameters.weights) {
      for (const double w : weights) squares += w * w;
    }
    return 0.5 * l2 * squares;
  }

  /// dC/dz of the output layer by the chain rule from dC/da, without the simplifications of loss.hpp.
  Vector output_deltas(const mote::LossOptions& loss, const Vector& z, const Vector& wanted, Mistake mistake) const {
    const mote::Activation activation = topology.output_activation();
    const Vector a = activate(activation, z);
    Vector by_a(a.size()), deltas(a.size());
    for (std::size_t j = 0; j < a.size(); ++j) {
      const double y = wanted[j], sign = a[j] > y ? 1.0 : a[j] < y ? -1.0 : 0.0;
      const double limit = static_cast<double>(loss.huber_delta);
      switch (loss.kind) {
        case mote::Loss::quadratic: by_a[j] = a[j] - y; break;
        case mote::Loss::sigmoid_cross_entropy: by_a[j] = (1.0 - y) / (1.0 - a[j]) - y / a[j]; break;
        case mote::Loss::cross_entropy: by_a[j] = -y / a[j]; break;
        case mote::Loss::mean_absolute_error: by_a[j] = sign; break;
        case mote::Loss::huber: by_a[j] = std::fabs(a[j] - y) <= limit ? a[j] - y : limit * sign; break;
      }
    }
    for (std::size_t j = 0; j < a.size(); ++j) {
      if (activation != mote::Activation::softmax) {
        deltas[j] = by_a[j] * derivative(activation, z[j], mistake);
        continue;
      }
      for (std::size_t i = 0; i < a.size(); ++i) {
        if (i != j && mistake == Mistake::softmax_diagonal_only) continue;
        deltas[j] += by_a[i] * a[i] * ((i == j ? 1.0 : 0.0) - a[j]);
      }
    }
    return deltas;
  }

  /// Gradient of mean_loss + penalty by backpropagation, sample by sample.
  Parameters gradients(const mote::LossOptions& loss, const Batch& batch, double l2,
                       Mistake mistake = Mistake::none) const {
    Parameters sum = parameters;
    const double on_weights = mistake == Mistake::penalty_doubled ? 2.0 * l2 : l2;
    const double on_biases = mistake == Mistake::penalty_on_biases ? l2 : 0.0;
    for (std::size_t l = 0; l < topology.layer_count; ++l) {
      for (double& g : sum.weights[l]) g *= on_weights;
      for (double& g : sum.biases[l]) g *= on_biases;
    }
    double scale = mistake == Mistake::batch_sum ? 1.0 : 1.0 / static_cast<double>(batch.rows());
    if (mistake == Mistake::sign_flipped) scale = -scale;
    for (std::size_t m = 0; m < batch.rows(); ++m) {
      const float* inputs = batch.inputs.data() + m * topology.inputs;
      const std::vector<Vector> z = pre_activations(inputs);
      Vector deltas = output_deltas(loss, z.back(), targets_of(loss, batch, m, topology.outputs()), mistake);
      for (std::size_t l = topology.layer_count; l-- > 0;) {
        const Vector below =
            l == 0 ? Vector(inputs, inputs + topology.inputs) : activate(topology.layers[l - 1].activation, z[l - 1]);
        Vector deltas_below(below.size());
        const std::size_t outputs = deltas.size();
        for (std::size_t j = 0; j < outputs; ++j) {
          if (m == 0 || mistake != Mistake::first_sample_only_in_biases) sum.biases[l][j] += scale * deltas[j];
          for (std::size_t i = 0; i < below.size(); ++i) {
            sum.weights[l][i * outputs + j] += scale * below[i] * deltas[j];
            deltas_below[i] += parameters.weights[l][i * outputs + j] * deltas[j];
          }
        }
        for (std::size_t i = 0; l > 0 && i < below.size() && mistake != Mistake::hidden_derivative_missing; ++i) {
          deltas_below[i] *= derivative(topology.layers[l - 1].activation, z[l - 1][i], mistake);
        }
        deltas = deltas_below;
      }
    }
    return sum;
  }
};

inline double norm(const Vector& v) {
  double squares = 0.0;
  for (const double x : v) squares += x * x;
  return std::sqrt(squares);
}

/// |a - b| / max(|a| + |b|, eps): 0 when equal, 1 when opposite.
inline double relative_error(const Vector& a, const Vector& b) {
  Vector difference(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) difference[i] = a[i] - b[i];
  return norm(difference) / std::fmax(norm(a) + norm(b), 1e-6);
}

/// Largest relative error of a layer's weights or biases. NaN counts as 1.
inline double largest_error(const Parameters& a, const Parameters& b) {
  double largest = 0.0;
  for (std::size_t l = 0; l < a.weights.size(); ++l) {
    for (const double e : {relative_error(a.weights[l], b.weights[l]), relative_error(a.biases[l], b.biases[l])}) {
      largest = std::fmax(largest, e == e ? e : 1.0);
    }
  }
  return largest;
}

}  // namespace twin
