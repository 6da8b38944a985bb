// SPDX-License-Identifier: MIT
// Networks with batch normalization in double precision: whole mini-batches through plain loops, from the paper's
// algorithms (Ioffe & Szegedy 2015). The loss is softmax with cross-entropy.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "support/double_network.hpp"

namespace twin {

using Rows = std::vector<Vector>;  // [row][column]

inline constexpr double kBatchNormEpsilon = 1e-5;

struct Moments {
  Vector means, variances;  // [column], biased
};

/// Mean and variance: the first two lines of algorithm 1.
inline Moments moments_of(const Rows& rows) {
  const double count = static_cast<double>(rows.size());
  Moments moments{Vector(rows[0].size()), Vector(rows[0].size())};
  for (std::size_t j = 0; j < rows[0].size(); ++j) {
    for (const Vector& row : rows) moments.means[j] += row[j] / count;
    for (const Vector& row : rows) {
      moments.variances[j] += (row[j] - moments.means[j]) * (row[j] - moments.means[j]) / count;
    }
  }
  return moments;
}

/// Normalization: the third line.
inline double normalized(double z, const Moments& moments, std::size_t j) {
  return (z - moments.means[j]) / std::sqrt(moments.variances[j] + kBatchNormEpsilon);
}

struct BatchNormGradients {
  Rows z;
  Vector scales, biases;
};

/// Backward: the six equations of section 3 of the paper. x: [row][column], by_y = dC/dy.
inline BatchNormGradients backward_as_in_the_paper(const Rows& x, const Rows& by_y, const Vector& scales) {
  const Moments moments = moments_of(x);
  const std::size_t columns = scales.size();
  const double m = static_cast<double>(x.size());
  BatchNormGradients gradients{x, Vector(columns), Vector(columns)};
  for (std::size_t j = 0; j < columns; ++j) {
    const double spread = moments.variances[j] + kBatchNormEpsilon;
    double by_variance = 0.0, by_mean = 0.0, sum_of_deviations = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double by_normalized = by_y[i][j] * scales[j], deviation = x[i][j] - moments.means[j];
      by_variance += by_normalized * deviation * -0.5 * std::pow(spread, -1.5);
      by_mean += by_normalized * -1.0 / std::sqrt(spread);
      sum_of_deviations += -2.0 * deviation;
    }
    by_mean += by_variance * sum_of_deviations / m;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double by_normalized = by_y[i][j] * scales[j], deviation = x[i][j] - moments.means[j];
      gradients.z[i][j] = by_normalized / std::sqrt(spread) + by_variance * 2.0 * deviation / m + by_mean / m;
      gradients.scales[j] += by_y[i][j] * normalized(x[i][j], moments, j);
      gradients.biases[j] += by_y[i][j];
    }
  }
  return gradients;
}

struct NormalizedNetwork {
  mote::Topology topology;
  Parameters parameters;
  Rows scales;  // [layer][unit], empty for layers without batch normalization

  NormalizedNetwork(const mote::Topology& t, mote::Span<const float> flat) : topology(t), parameters(unpack(t, flat)) {
    for (std::size_t l = 0; l < t.layer_count; ++l) {
      const float* row = flat.data() + t.scales_offset(l);
      scales.emplace_back(row, row + (t.layers[l].batch_norm ? t.outputs_of(l) : 0));
    }
  }

  struct Pass {
    std::vector<Moments> moments;  // [layer], for normalized layers
    std::vector<Rows> arguments;   // [layer]: arguments of the activations
    Rows outputs;
  };

  /// Runs a mini-batch through all layers. given: moments to normalize with; null: those of the mini-batch.
  Pass forward(const Batch& batch, const std::vector<Moments>* given = nullptr) const {
    Pass pass{std::vector<Moments>(topology.layer_count), {}, {}};
    for (std::size_t m = 0; m < batch.rows(); ++m) {
      const float* row = batch.inputs.data() + m * topology.inputs;
      pass.outputs.emplace_back(row, row + topology.inputs);
    }
    for (std::size_t l = 0; l < topology.layer_count; ++l) {
      Rows z;
      for (const Vector& a : pass.outputs) z.push_back(product(l, a));
      const bool has_norm = topology.layers[l].batch_norm;
      if (has_norm) pass.moments[l] = given == nullptr ? moments_of(z) : (*given)[l];
      for (std::size_t m = 0; m < z.size(); ++m) {
        for (std::size_t j = 0; j < z[m].size(); ++j) {
          if (has_norm) z[m][j] = scales[l][j] * normalized(z[m][j], pass.moments[l], j);
          z[m][j] += parameters.biases[l][j];
        }
        pass.outputs[m] = activate(topology.layers[l].activation, z[m]);
      }
      pass.arguments.push_back(z);
    }
    return pass;
  }

  Vector product(std::size_t l, const Vector& a) const {
    Vector z(parameters.biases[l].size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      for (std::size_t j = 0; j < z.size(); ++j) z[j] += a[i] * parameters.weights[l][i * z.size() + j];
    }
    return z;
  }

  double mean_loss(const Batch& batch) const {
    const Pass pass = forward(batch);
    double sum = 0.0;
    for (std::size_t m = 0; m < batch.rows(); ++m) sum -= std::log(pass.outputs[m][batch.labels[m]]);
    return sum / static_cast<double>(batch.rows());
  }

  /// Every array of parameters, layer by layer: weights, biases, scales.
  std::vector<Vector*> arrays() {
    std::vector<Vector*> all;
    for (std::size_t l = 0; l < topology.layer_count; ++l) {
      all.push_back(&parameters.weights[l]);
      all.push_back(&parameters.biases[l]);
      if (topology.layers[l].batch_norm) all.push_back(&scales[l]);
    }
    return all;
  }
};

/// (C(p + h) - C(p - h)) / 2h for every parameter p of the twin, array by array.
inline Rows numerical_gradients(NormalizedNetwork& network, const Batch& batch) {
  constexpr double kStep = 1e-5;
  Rows gradients;
  for (Vector* array : network.arrays()) {
    gradients.emplace_back();
    for (double& parameter : *array) {
      const double before = parameter;
      parameter = before + kStep;
      const double above = network.mean_loss(batch);
      parameter = before - kStep;
      gradients.back().push_back((above - network.mean_loss(batch)) / (2.0 * kStep));
      parameter = before;
    }
  }
  return gradients;
}

}  // namespace twin
