// SPDX-License-Identifier: MIT
#include "common/names.hpp"
#include "common/option_values.hpp"
#include "run/option_table.hpp"

namespace tools {
namespace {

const Option kLearningOptions[] = {
    {"--optimizer", "NAME",
     "sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw or nadam (default momentum; table: adam)",
     [](Settings& s, Given&, std::string_view v) { s.optimizer.method = choice("--optimizer", v, kOptimizers); }},
    {"--learning-rate", "X",
     "step length per unit of gradient, > 0 (default 0.03; adagrad 0.01; rmsprop, adam, adamw, nadam 0.001)",
     [](Settings& s, Given& g, std::string_view v) {
       g.learning_rate = true;
       s.optimizer.learning_rate = real_number("--learning-rate", v, kPositive, is_positive);
     }},
    {"--momentum", "X",
     "momentum, nesterov: fraction of the last step that the next one keeps, 0 <= X < 1 (default 0.9)",
     [](Settings& s, Given&, std::string_view v) {
       s.optimizer.momentum = real_number("--momentum", v, kShare, is_share);
     }},
    {"--rho", "X", "rmsprop: fraction of the mean square that a step keeps, 0 <= X < 1 (default 0.9)",
     [](Settings& s, Given&, std::string_view v) { s.optimizer.rho = real_number("--rho", v, kShare, is_share); }},
    {"--beta1", "X", "adam, adamw, nadam: fraction of the mean gradient that a step keeps, 0 <= X < 1 (default 0.9)",
     [](Settings& s, Given&, std::string_view v) { s.optimizer.beta1 = real_number("--beta1", v, kShare, is_share); }},
    {"--beta2", "X", "adam, adamw, nadam: fraction of the mean square that a step keeps, 0 <= X < 1 (default 0.999)",
     [](Settings& s, Given&, std::string_view v) { s.optimizer.beta2 = real_number("--beta2", v, kShare, is_share); }},
    {"--epsilon", "X",
     "adaptive optimizers: addend to the divisor, against division by 0, > 0 (default: adagrad, rmsprop 1e-7; adam, "
     "adamw, nadam 1e-8)",
     [](Settings& s, Given&, std::string_view v) {
       s.optimizer.epsilon = real_number("--epsilon", v, kPositive, is_positive);
     }},
    {"--epsilon-inside", nullptr, "rmsprop: add --epsilon (default then 1e-6) to the mean square instead of its root",
     [](Settings& s, Given&, std::string_view) { s.optimizer.epsilon_inside = true; }},
    {"--weight-decay", "X",
     "adamw: every step subtracts X times the learning rate times the weight, >= 0; biases excepted (default 0.01)",
     [](Settings& s, Given&, std::string_view v) {
       s.optimizer.weight_decay = real_number("--weight-decay", v, kNotNegative, is_not_negative);
     }},
    {"--l1", "X", "penalty, >= 0: adds X times the sum of absolute weights to the loss, biases excepted (default 0)",
     [](Settings& s, Given&, std::string_view v) { s.l1 = real_number("--l1", v, kNotNegative, is_not_negative); }},
    {"--l2", "X",
     "weight decay, >= 0: adds X/2 times the sum of squared weights to the loss, biases excepted (default 0; Nielsen's "
     "lambda is X times the number of training images)",
     [](Settings& s, Given&, std::string_view v) { s.l2 = real_number("--l2", v, kNotNegative, is_not_negative); }},
    {"--clip-norm", "X",
     "scale the whole gradient of the loss down to norm X where its norm is larger, > 0 (default: off)",
     [](Settings& s, Given&, std::string_view v) {
       s.clip_norm = real_number("--clip-norm", v, kPositive, is_positive);
     }},
    {"--clip-value", "X", "clip each element of the gradient to [-X, X], > 0 (default: off)",
     [](Settings& s, Given&, std::string_view v) {
       s.clip_value = real_number("--clip-value", v, kPositive, is_positive);
     }},
    {"--max-norm", "X",
     "after each step, scale the weights into a hidden unit down to norm X where it is larger, > 0 (default: off)",
     [](Settings& s, Given&, std::string_view v) {
       s.max_norm = real_number("--max-norm", v, kPositive, is_positive);
     }},
    {"--dropout", "P",
     "probability that training leaves out a hidden unit, drawn for each unit and image, 0 <= P < 1; or one P for each "
     "hidden layer, separated by commas (default 0)",
     [](Settings& s, Given&, std::string_view v) {
       s.dropout.clear();
       for (const std::string& rate : comma_separated(v)) {
         s.dropout.push_back(real_number("--dropout", rate, kRate, is_share));
       }
     }},
    {"--input-dropout", "P", "probability that training leaves out a pixel, 0 <= P < 1 (default 0)",
     [](Settings& s, Given&, std::string_view v) {
       s.input_dropout = real_number("--input-dropout", v, kRate, is_share);
     }},
    {"--schedule", "NAME",
     "learning rate: constant; step, times --decay-factor after every --decay-epochs; exponential, a smooth fall "
     "by that factor in every --decay-epochs; cosine, half a cosine wave down to --decay-factor, which ends after "
     "--decay-epochs; plateau, times --decay-factor when the validation loss (training loss without validation) has "
     "not improved for more than --patience epochs (default constant)",
     [](Settings& s, Given&, std::string_view v) { s.schedule = choice("--schedule", v, kSchedules); }},
    {"--warmup", "EPOCHS", "raise the learning rate evenly from 0 over the first epochs, >= 0 (default 0)",
     [](Settings& s, Given&, std::string_view v) {
       s.warmup = real_number("--warmup", v, kNotNegative, is_not_negative);
     }},
    {"--decay-epochs", "X",
     "step, exponential, cosine: see --schedule, > 0 (default a third of all epochs; cosine: all after the warm-up)",
     [](Settings& s, Given&, std::string_view v) {
       s.decay_epochs = real_number("--decay-epochs", v, kPositive, is_positive);
     }},
    {"--decay-factor", "X",
     "step, exponential, plateau: see --schedule, 0 < X < 1 (default 0.1); cosine: 0 <= X < 1 (default 0)",
     [](Settings& s, Given&, std::string_view v) {
       s.decay_factor = real_number("--decay-factor", v, kShare, is_share);
     }},
    {"--patience", "N", "plateau: epochs without improvement before the learning rate drops (default 10)",
     [](Settings& s, Given&, std::string_view v) {
       s.patience = whole_number<std::uint32_t>("--patience", v, 0, 1000000000);
     }},
    {"--early-stopping", "NAME",
     "stop when the validation loss or accuracy has not improved for --stop-patience epochs, and restore the "
     "parameters of the best epoch (default: train for all epochs and keep the last parameters)",
     [](Settings& s, Given&, std::string_view v) { s.early_stopping = choice("--early-stopping", v, kMonitors); }},
    {"--stop-patience", "N", "early stopping: epochs in a row without improvement before training stops (default 5)",
     [](Settings& s, Given&, std::string_view v) {
       s.stop_patience = whole_number<std::uint32_t>("--stop-patience", v, 1, 1000000000);
     }},
    {"--min-improvement", "X",
     "early stopping: an epoch improves when loss or accuracy is better by more than X, >= 0 (default 0)",
     [](Settings& s, Given&, std::string_view v) {
       s.min_improvement = real_number("--min-improvement", v, kNotNegative, is_not_negative);
     }},
    {"--ensemble", "K",
     "bagging: train K networks, 2 to 1000, each with its own initial parameters and bootstrap sample, and average "
     "their outputs; every thread trains whole networks (default: one network, on all training images)",
     [](Settings& s, Given&, std::string_view v) { s.ensemble = whole_number<std::size_t>("--ensemble", v, 2, 1000); }},
    {"--no-bootstrap", nullptr,
     "train each network of the ensemble on all training images; initial parameters, order and dropout still differ",
     [](Settings& s, Given&, std::string_view) { s.bootstrap = false; }},
};

}  // namespace

mote::Span<const Option> learning_options() {
  return kLearningOptions;
}

}  // namespace tools
