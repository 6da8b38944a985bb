// SPDX-License-Identifier: MIT
// A Trainer for firmware: it owns exactly the memory that its constants need, and links only the methods that they
// name.
//
//   constexpr mote::Topology topology{196, {8, mote::Activation::relu}, {10, mote::Activation::softmax}};
//   constexpr mote::TrainingOptions options{mote::Loss::cross_entropy, {mote::Optimizer::sgd, 0.1f}, 0.0f, 4};
//   static mote::StaticTrainer<topology, options, 400> trainer;  // 400: training samples, or mote::kUnstored
//   trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
//   if (!trainer.train_epoch(dataset).ok()) halt();
//   ... mote::argmax(trainer.forward_pre_activations(mote::Inputs(pixels, 1, 196)));
//
// An option that the constants leave at its default cannot be turned on later; set_learning_rate() works.
#ifndef MOTE_STATIC_TRAINER_HPP
#define MOTE_STATIC_TRAINER_HPP

#include <cstddef>

#include "mote/trainer.hpp"

namespace mote {

namespace detail {
/// The methods that these options name.
constexpr Methods methods_of(const Topology& topology, const TrainingOptions& options, std::size_t samples) {
  Methods methods = methods_of(topology, options.loss, options.optimizer.method, options.l1);
  if (training_plan(topology, options, samples).gradients.count != 0) methods.weight_gradient = weight_gradient;
  if (options.schedule.warmup_steps != 0 || options.schedule.decay != Decay::none) methods.rate_factor = rate_factor;
  if (options.clip_norm != 0.0f) methods.clip_norm = clip_norm;
  if (options.clip_value != 0.0f) methods.clip_value = clip_value;
  if (options.max_norm != 0.0f) methods.limit_column_norms = limit_column_norms;
  bool drops = options.input_dropout != 0.0f;
  for (std::size_t l = 0; l + 1 < topology.layer_count; ++l) drops = drops || options.dropout_of(l) != 0.0f;
  if (drops) {
    methods.drop_units = drop_units;
    methods.drop_and_multiply_by_derivative = drop_and_multiply_by_derivative;
  }
  if (topology.all_scale_floats() != 0) methods.batch_norm = &kBatchNormMethods;
  return methods;
}
}  // namespace detail

template <const Topology& kTopology, const TrainingOptions& kOptions, std::size_t kSamples>
class StaticTrainer : public Trainer {
  static_assert(check(kTopology, kOptions, kSamples).ok(), "mote::check(topology, options, samples) has the reason");

 public:
  void bind() = delete;  // it is bound
  StaticTrainer() { Trainer::bind(kTopology, kOptions, kSamples, memory_, kPlan, kMethods); }

 private:
  static constexpr detail::TrainingPlan kPlan = detail::training_plan(kTopology, kOptions, kSamples);
  static constexpr detail::Methods kMethods = detail::methods_of(kTopology, kOptions, kSamples);
  Storage<kPlan.bytes> memory_;
};

}  // namespace mote

#endif  // MOTE_STATIC_TRAINER_HPP
