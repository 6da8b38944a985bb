// SPDX-License-Identifier: MIT
// The functions behind the methods that training options name. Training calls them through a table: Trainer's has all
// methods, StaticTrainer's and StaticFineTuning's only those that its constants name, so that a microcontroller's
// program links no other.
#ifndef MOTE_DETAIL_METHODS_HPP
#define MOTE_DETAIL_METHODS_HPP

#include <cstddef>
#include <cstdint>

#include "mote/detail/activation.hpp"
#include "mote/detail/batch_norm.hpp"
#include "mote/detail/dropout.hpp"
#include "mote/detail/loss.hpp"
#include "mote/detail/regularization.hpp"
#include "mote/detail/weight_update.hpp"
#include "mote/loss.hpp"
#include "mote/optimizer.hpp"
#include "mote/schedule.hpp"
#include "mote/topology.hpp"

namespace mote::detail {

struct BatchNormMethods {
  decltype(&batch_statistics) statistics;
  decltype(&batch_normalize) normalize;
  decltype(&batch_norm_gradients) gradients;
  decltype(&batch_norm_deltas) deltas;
  decltype(&update_running_statistics) update_running;
  decltype(&fold_batch_norm) fold;
};
inline constexpr BatchNormMethods kBatchNormMethods{batch_statistics,  batch_normalize,           batch_norm_gradients,
                                                    batch_norm_deltas, update_running_statistics, fold_batch_norm};

/// null: not named by the options.
struct Methods {
  ActivateFunctions activate;
  DerivativeFunction multiply_by_derivative[kActivationCount] = {};  // by Activation
  LossFunction loss_and_deltas = nullptr;
  StepFunction optimizer_step = nullptr;
  UpdateFunction update_weights = nullptr;
  decltype(&mote::weight_gradient) weight_gradient = nullptr;
  decltype(&mote::move_gradient_point) move_gradient_point = nullptr;
  decltype(&mote::rate_factor) rate_factor = nullptr;
  decltype(&mote::clip_norm) clip_norm = nullptr;
  decltype(&mote::clip_value) clip_value = nullptr;
  decltype(&mote::limit_column_norms) limit_column_norms = nullptr;
  decltype(&mote::drop_units) drop_units = nullptr;
  decltype(&mote::drop_and_multiply_by_derivative) drop_and_multiply_by_derivative = nullptr;
  const BatchNormMethods* batch_norm = nullptr;

  constexpr void add(Activation activation) {
    activate.add(activation);
    multiply_by_derivative[static_cast<std::size_t>(activation)] = derivative_function(activation);
  }
};

/// The hidden activations, the loss and the optimizer of a network.
constexpr Methods methods_of(const Topology& topology, const LossOptions& loss, Optimizer optimizer, float l1) {
  Methods methods;
  methods.activate.add(Activation::identity);  // of the last layer: its activation belongs to the loss
  for (std::size_t l = 0; l + 1 < topology.layer_count; ++l) methods.add(topology.layers[l].activation);
  methods.loss_and_deltas = loss_function(loss.kind, topology.output_activation());
  const OptimizerFunctions functions = optimizer_functions(optimizer, l1);
  methods.optimizer_step = functions.step;
  methods.update_weights = functions.update;
  if (optimizer == Optimizer::nesterov) methods.move_gradient_point = mote::move_gradient_point;
  return methods;
}

/// Every activation, loss and optimizer.
constexpr Methods basic_methods() {
  Methods methods;
#define MOTE_ADD(name) methods.add(Activation::name);
  MOTE_FOR_ACTIVATIONS(MOTE_ADD)
#undef MOTE_ADD
  methods.loss_and_deltas = mote::loss_and_deltas;
  methods.optimizer_step = mote::optimizer_step;
  methods.update_weights = mote::update_weights;
  methods.move_gradient_point = mote::move_gradient_point;
  return methods;
}

inline constexpr Methods kBasicMethods = basic_methods();

constexpr Methods all_methods() {
  Methods methods = kBasicMethods;
  methods.weight_gradient = mote::weight_gradient;
  methods.rate_factor = mote::rate_factor;
  methods.clip_norm = mote::clip_norm;
  methods.clip_value = mote::clip_value;
  methods.limit_column_norms = mote::limit_column_norms;
  methods.drop_units = mote::drop_units;
  methods.drop_and_multiply_by_derivative = mote::drop_and_multiply_by_derivative;
  methods.batch_norm = &kBatchNormMethods;
  return methods;
}
inline constexpr Methods kAllMethods = all_methods();

}  // namespace mote::detail

#endif  // MOTE_DETAIL_METHODS_HPP
