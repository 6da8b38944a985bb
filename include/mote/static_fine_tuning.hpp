// SPDX-License-Identifier: MIT
// FineTuning and IntegerFineTuning for firmware: they own exactly the memory that their constants need, and link only
// the loss, the activations and the optimizer that these name.
//
//   constexpr auto options = mote::FineTuningOptions().set_layers(1).set_optimizer({mote::Optimizer::sgd, 0.01f});
//   static mote::StaticFineTuning<model::kModel, options> tuning;
//   ... if (!tuning.train(model::inputs(numbers), label).ok()) halt();
//   ... mote::argmax(tuning.forward_pre_activations(model::inputs(numbers)));
#ifndef MOTE_STATIC_FINE_TUNING_HPP
#define MOTE_STATIC_FINE_TUNING_HPP

#include "mote/integer_fine_tuning.hpp"

namespace mote {

/// Over a FlashModel, whose weights have any format.
template <const FlashModel& kModel, const FineTuningOptions& kOptions>
class StaticFineTuning : public FineTuning {
  static_assert(kModel.checked.ok(), "kModel.checked has the reason");
  static_assert(check(kModel.topology, kOptions).ok(), "mote::check(topology, options) has the reason");

 public:
  void bind() = delete;  // it is bound
  StaticFineTuning() { FineTuning::bind(kModel, kOptions, memory_, kPlan, kMethods); }

 private:
  static constexpr detail::FineTuningPlan kPlan =
      detail::fine_tuning_plan(kModel.topology, kOptions, detail::frozen_bytes(kModel.topology, kOptions), false);
  static constexpr detail::Methods kMethods = detail::methods_of(kModel.topology, kOptions);
  Storage<kPlan.bytes> memory_;
};

/// Over an IntegerModel. kTopology: of the network that became the model.
template <const Topology& kTopology, const IntegerModel& kModel, const FineTuningOptions& kOptions>
class StaticIntegerFineTuning : public IntegerFineTuning {
  static_assert(check_model(kTopology, kModel).ok(), "mote::check_model(topology, model) has the reason");
  static_assert(check(kTopology, kOptions).ok(), "mote::check(topology, options) has the reason");

 public:
  void bind() = delete;  // it is bound
  StaticIntegerFineTuning() { IntegerFineTuning::bind(kTopology, kModel, kOptions, memory_, kPlan, kMethods); }

 private:
  static constexpr detail::FineTuningPlan kPlan = detail::integer_fine_tuning_plan(kTopology, kOptions);
  static constexpr detail::Methods kMethods = detail::methods_of(kTopology, kOptions);
  Storage<kPlan.bytes> memory_;
};

}  // namespace mote

#endif  // MOTE_STATIC_FINE_TUNING_HPP
