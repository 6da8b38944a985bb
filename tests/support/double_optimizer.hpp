// SPDX-License-Identifier: MIT
// Optimizers in double precision, one parameter at a time, each written from its publication, as references for mote's.
// From mote they use only the options.
#pragma once

#include <cmath>
#include <vector>

#include "mote/optimizer.hpp"

namespace twin {

inline constexpr mote::Optimizer kEveryOptimizer[] = {
    mote::Optimizer::sgd,     mote::Optimizer::momentum, mote::Optimizer::nesterov, mote::Optimizer::adagrad,
    mote::Optimizer::rmsprop, mote::Optimizer::adam,     mote::Optimizer::adamw,    mote::Optimizer::nadam};

inline const char* name_of(mote::Optimizer method) {
  const char* const names[] = {"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "nadam"};
  return names[static_cast<int>(method)];
}

/// State of the optimizer for one parameter.
struct Memory {
  double v = 0.0, r = 0.0, m = 0.0, s = 0.0;
};

struct OptimizerTwin {
  mote::OptimizerOptions options;
  double l2 = 0.0, l1 = 0.0;  // for weights

  /// The point of the gradient.
  double point(double theta, const Memory& memory) const {
    const bool looks_ahead = options.method == mote::Optimizer::nesterov;
    return looks_ahead ? theta + static_cast<double>(options.momentum) * memory.v : theta;
  }

  /// Step t = 1, 2, ... with gradient g of the loss alone, taken at point(theta). Weights carry penalties.
  void step(double& theta, double g, Memory& memory, int t, bool is_weight = true) const {
    const double rate = static_cast<double>(options.learning_rate), lambda = static_cast<double>(options.momentum);
    const double rho = static_cast<double>(options.rho), b1 = static_cast<double>(options.beta1);
    const double b2 = static_cast<double>(options.beta2), decay = static_cast<double>(options.weight_decay);
    const double at = point(theta, memory);
    if (is_weight) g += l2 * at + l1 * ((at > 0.0) - (at < 0.0));
    auto& [v, r, m, s] = memory;
    const auto epsilon = [&](double usual) {
      return options.epsilon == 0.0f ? usual : static_cast<double>(options.epsilon);
    };
    m = b1 * m + (1.0 - b1) * g;
    s = b2 * s + (1.0 - b2) * g * g;
    const double s_corrected = s / (1.0 - std::pow(b2, t));
    switch (options.method) {
      case mote::Optimizer::sgd: theta -= rate * g; break;
      case mote::Optimizer::momentum:
      case mote::Optimizer::nesterov:
        v = lambda * v - rate * g;
        theta += v;
        break;
      case mote::Optimizer::adagrad:
        r += g * g;
        theta -= rate / (epsilon(1e-7) + std::sqrt(r)) * g;
        break;
      case mote::Optimizer::rmsprop:
        r = rho * r + (1.0 - rho) * g * g;
        theta -= rate * g / (options.epsilon_inside ? std::sqrt(epsilon(1e-6) + r) : epsilon(1e-7) + std::sqrt(r));
        break;
      case mote::Optimizer::adamw: {
        const double before = theta;
        theta -= rate * m / (1.0 - std::pow(b1, t)) / (std::sqrt(s_corrected) + epsilon(1e-8));
        if (is_weight) theta -= rate * decay * before;
        break;
      }
      case mote::Optimizer::adam:
        theta -= rate * m / (1.0 - std::pow(b1, t)) / (std::sqrt(s_corrected) + epsilon(1e-8));
        break;
      case mote::Optimizer::nadam: {
        const double m_bar = b1 * m / (1.0 - std::pow(b1, t + 1)) + (1.0 - b1) * g / (1.0 - std::pow(b1, t));
        theta -= rate * m_bar / (std::sqrt(s_corrected) + epsilon(1e-8));
        break;
      }
    }
  }
};

}  // namespace twin
