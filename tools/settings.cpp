// SPDX-License-Identifier: MIT
#include "settings.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string_view>

#include "error.hpp"
#include "names.hpp"
#include "option_values.hpp"
#include "settings_checks.hpp"

namespace tools {
namespace {

struct Option {
  const char* name;
  const char* argument;  // null: a flag
  const char* help;
  void (*set)(Settings&, Given&, std::string_view value);
};

mote::InitialBiases initial_biases(std::string_view value) {
  mote::BiasInit named{};
  if (find_name(kBiasInits, value, named)) return named;
  return {mote::BiasInit::constant,
          real_number("--bias-init", value, "zero or gaussian, or a finite number", [](float) { return true; })};
}

const Option kOptions[] = {
    {"--data", "DIR",
     "folder of an IDX image set: {train,t10k}-images-idx3-ubyte and {train,t10k}-labels-idx1-ubyte, also spelt with "
     "a dot before idx (default: the MNIST that make unpacks)",
     [](Settings& s, Given&, std::string_view v) { s.data = v; }},
    {"--layers", "N,N,...",
     "sizes of all layers, inputs and outputs included; they must match the data (default: what --hidden and the data "
     "say)",
     [](Settings& s, Given& g, std::string_view v) {
       s.layers = sizes("--layers", v), g.layers = true;
       if (s.layers.size() < 2) refuse("--layers", v, "at least two sizes: inputs and outputs");
     }},
    {"--hidden", "N,N,...|none", "sizes of the hidden layers only; the rest follows from the data (default 256)",
     [](Settings& s, Given& g, std::string_view v) {
       s.hidden = v == "none" ? std::vector<std::uint32_t>() : sizes("--hidden", v), g.hidden = true;
     }},
    {"--activation", "NAME",
     "of the hidden layers: identity, sigmoid, tanh, relu, leaky-relu (slope 0.01 below 0), elu, selu, gelu (exact), "
     "silu (swish) or softplus (default relu)",
     [](Settings& s, Given&, std::string_view v) {
       if (!find_name(kActivations, v, s.activation) || s.activation == mote::Activation::softmax) {
         refuse("--activation", v, list_names(kActivations, kHiddenActivations));
       }
     }},
    {"--autoencoder", nullptr, "learn to reproduce the images; labels are not read",
     [](Settings& s, Given&, std::string_view) { s.aim = Aim::inputs; }},
    {"--regression", nullptr,
     "learn the numbers in {train,t10k}-targets-idx2-float of the folder, big-endian floats [images][outputs]; labels "
     "are not read",
     [](Settings& s, Given&, std::string_view) { s.aim = Aim::numbers; }},
    {"--batch-norm", nullptr,
     "normalize what comes into the activation of every hidden layer over the mini-batch, and learn its scale and "
     "shift instead; validation and test take running averages (default: off)",
     [](Settings& s, Given&, std::string_view) { s.batch_norm = true; }},
    {"--loss", "NAME",
     "cross-entropy (with softmax outputs), sigmoid-cross-entropy (per output), quadratic, 1/2 |y - a|^2, mae, sum of "
     "|y - a|, or huber, which is quadratic up to --huber-delta and goes on in a straight line (default "
     "cross-entropy; quadratic for --autoencoder and --regression)",
     [](Settings& s, Given& g, std::string_view v) { s.loss.kind = choice("--loss", v, kLosses), g.loss = true; }},
    {"--huber-delta", "X", "huber: the error from which it is straight, > 0 (default 1)",
     [](Settings& s, Given&, std::string_view v) {
       s.loss.huber_delta = real_number("--huber-delta", v, kPositive, is_positive);
     }},
    {"--label-smoothing", "X",
     "cross-entropies: share of a target that is spread evenly over all outcomes, 0 <= X < 1 (default 0)",
     [](Settings& s, Given&, std::string_view v) {
       s.loss.label_smoothing = real_number("--label-smoothing", v, kShare, is_share);
     }},
    {"--output-activation", "NAME",
     "of the last layer: any of those, or softmax (default: the one that goes with the loss; where any does, sigmoid, "
     "but identity for --regression)",
     [](Settings& s, Given&, std::string_view v) {
       s.output_activation = choice("--output-activation", v, kActivations), s.output_activation_given = true;
     }},
    {"--init", "NAME",
     "initial weights of a layer with m inputs and n outputs: glorot (also called normalized), U(+-sqrt(6/(m+n))); "
     "glorot-normal, N(0, 2/(m+n)); he, N(0, 2/m); he-uniform, U(+-sqrt(6/m)); scaled-gaussian (also called "
     "lecun-normal), N(0, 1/m); gaussian (also called normal), N(0, 1); uniform, U(+-1); orthogonal, orthonormal "
     "columns or rows (default "
     "he)",
     [](Settings& s, Given&, std::string_view v) { s.weights.distribution = choice("--init", v, kWeightInits); }},
    {"--init-scale", "X",
     "factor on all initial weights, > 0: the standard deviation of gaussian, the bound of uniform, the gain of "
     "orthogonal (default 1)",
     [](Settings& s, Given&, std::string_view v) {
       s.weights.scale = real_number("--init-scale", v, kPositive, is_positive);
     }},
    {"--bias-init", "NAME|X", "initial biases: zero, gaussian, N(0, 1), or a number for all (default zero)",
     [](Settings& s, Given&, std::string_view v) { s.biases = initial_biases(v); }},
    {"--optimizer", "NAME", "sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw or nadam (default momentum)",
     [](Settings& s, Given&, std::string_view v) { s.optimizer.method = choice("--optimizer", v, kOptimizers); }},
    {"--learning-rate", "X",
     "step length per unit of gradient, > 0 (default 0.03; adagrad 0.01; rmsprop, adam, adamw, nadam 0.001)",
     [](Settings& s, Given& g, std::string_view v) {
       g.learning_rate = true;
       s.optimizer.learning_rate = real_number("--learning-rate", v, kPositive, is_positive);
     }},
    {"--momentum", "X", "momentum, nesterov: share of the last step that the next one keeps, 0 <= X < 1 (default 0.9)",
     [](Settings& s, Given&, std::string_view v) {
       s.optimizer.momentum = real_number("--momentum", v, kShare, is_share);
     }},
    {"--rho", "X", "rmsprop: share of the mean square that a step keeps, 0 <= X < 1 (default 0.9)",
     [](Settings& s, Given&, std::string_view v) { s.optimizer.rho = real_number("--rho", v, kShare, is_share); }},
    {"--beta1", "X", "adam, adamw, nadam: share of the mean gradient that a step keeps, 0 <= X < 1 (default 0.9)",
     [](Settings& s, Given&, std::string_view v) { s.optimizer.beta1 = real_number("--beta1", v, kShare, is_share); }},
    {"--beta2", "X", "adam, adamw, nadam: share of the mean square that a step keeps, 0 <= X < 1 (default 0.999)",
     [](Settings& s, Given&, std::string_view v) { s.optimizer.beta2 = real_number("--beta2", v, kShare, is_share); }},
    {"--epsilon", "X",
     "what keeps the adaptive optimizers from dividing by 0, > 0 (default: adagrad 1e-7; rmsprop 1e-6, inside the "
     "root; "
     "adam, adamw, nadam 1e-8)",
     [](Settings& s, Given&, std::string_view v) {
       s.optimizer.epsilon = real_number("--epsilon", v, kPositive, is_positive);
     }},
    {"--weight-decay", "X",
     "adamw: share of the weights, times the learning rate, that every step takes off, >= 0; biases excepted (default "
     "0.01)",
     [](Settings& s, Given&, std::string_view v) {
       s.optimizer.weight_decay = real_number("--weight-decay", v, kNotNegative, is_not_negative);
     }},
    {"--l1", "X",
     "penalty, >= 0: adds X times the sum of the weights' magnitudes to the loss, biases excepted (default 0)",
     [](Settings& s, Given&, std::string_view v) { s.l1 = real_number("--l1", v, kNotNegative, is_not_negative); }},
    {"--l2", "X",
     "weight decay, >= 0: adds X/2 times the sum of squared weights to the loss, biases excepted (default 0; Nielsen's "
     "lambda is X times the number of training images)",
     [](Settings& s, Given&, std::string_view v) { s.l2 = real_number("--l2", v, kNotNegative, is_not_negative); }},
    {"--clip-norm", "X",
     "shorten gradients whose norm, over all weights and biases and without penalties, is more than X to X, > 0 "
     "(default: off)",
     [](Settings& s, Given&, std::string_view v) {
       s.clip_norm = real_number("--clip-norm", v, kPositive, is_positive);
     }},
    {"--clip-value", "X", "bring each element of a gradient into [-X, X], > 0 (default: off)",
     [](Settings& s, Given&, std::string_view v) {
       s.clip_value = real_number("--clip-value", v, kPositive, is_positive);
     }},
    {"--max-norm", "X",
     "after each step, shorten the incoming weights of hidden units whose norm is more than X to X, > 0 (default: off)",
     [](Settings& s, Given&, std::string_view v) {
       s.max_norm = real_number("--max-norm", v, kPositive, is_positive);
     }},
    {"--dropout", "P",
     "probability with which each hidden unit is left out of training, anew for each image, 0 <= P < 1 (default 0)",
     [](Settings& s, Given&, std::string_view v) { s.dropout = real_number("--dropout", v, kRate, is_share); }},
    {"--input-dropout", "P", "the same for pixels, 0 <= P < 1 (default 0)",
     [](Settings& s, Given&, std::string_view v) {
       s.input_dropout = real_number("--input-dropout", v, kRate, is_share);
     }},
    {"--schedule", "NAME",
     "of the learning rate: constant; step, exponential or cosine, which let it fall by --decay-factor in "
     "--decay-epochs, at once, evenly or in half a wave that ends there; plateau, which does so when the validation "
     "loss "
     "(training loss without validation) has not improved for longer than --patience (default constant)",
     [](Settings& s, Given&, std::string_view v) { s.schedule = choice("--schedule", v, kSchedules); }},
    {"--warmup", "EPOCHS", "raise the learning rate evenly from 0 first, for so many epochs, >= 0 (default 0)",
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
    {"--patience", "N", "plateau: epochs without a better loss that are borne (default 10)",
     [](Settings& s, Given&, std::string_view v) {
       s.patience = whole_number<std::uint32_t>("--patience", v, 0, 1000000000);
     }},
    {"--early-stopping", "NAME",
     "stop when the validation loss or accuracy has not improved for --stop-patience epochs, and restore the "
     "parameters "
     "of the best epoch (default: train for all epochs and take the last)",
     [](Settings& s, Given&, std::string_view v) { s.early_stopping = choice("--early-stopping", v, kMonitors); }},
    {"--stop-patience", "N", "early stopping: epochs in a row without improvement after which it stops (default 5)",
     [](Settings& s, Given&, std::string_view v) {
       s.stop_patience = whole_number<std::uint32_t>("--stop-patience", v, 1, 1000000000);
     }},
    {"--min-improvement", "X",
     "early stopping: an epoch is better when it is so by more than X, >= 0, in loss or share correct (default 0)",
     [](Settings& s, Given&, std::string_view v) {
       s.min_improvement = real_number("--min-improvement", v, kNotNegative, is_not_negative);
     }},
    {"--ensemble", "K",
     "bagging: train K networks, 2 to 1000, each from a start and on a bootstrap sample of its own, and average their "
     "outputs; every thread trains whole networks (default: one network, on all training images)",
     [](Settings& s, Given&, std::string_view v) { s.ensemble = whole_number<std::size_t>("--ensemble", v, 2, 1000); }},
    {"--no-bootstrap", nullptr,
     "train each network of the ensemble on all training images: starts, orders and what dropout leaves out still "
     "differ",
     [](Settings& s, Given&, std::string_view) { s.bootstrap = false; }},
    {"--batch", "N|full",
     "images per parameter step: 1 is online learning, full is gradient descent (default 64, or all where there are "
     "fewer)",
     [](Settings& s, Given&, std::string_view v) { s.batch = v == "full" ? 0 : whole_count("--batch", v, 1); }},
    {"--epochs", "N", "passes over the training images (default 8)",
     [](Settings& s, Given&, std::string_view v) { s.epochs = whole_count("--epochs", v, 1); }},
    {"--validation", "N",
     "hold out the last N training images to validate on; 0 for none (default: a twelfth, at most 5000)",
     [](Settings& s, Given&, std::string_view v) { s.validation = whole_count("--validation", v, 0); }},
    {"--train-limit", "N", "train on the first N images only (default: all that are not held out)",
     [](Settings& s, Given&, std::string_view v) { s.train_limit = whole_count("--train-limit", v, 1); }},
    {"--seed", "N", "of everything random; the same seed gives the same bits (default 1)",
     [](Settings& s, Given&, std::string_view v) {
       s.seed = whole_number<std::uint64_t>("--seed", v, 0, std::numeric_limits<std::uint64_t>::max());
     }},
    {"--threads", "N", "threads to compute with, 1 to 64; their number changes no bit of the result (default 1)",
     [](Settings& s, Given&, std::string_view v) { s.threads = whole_number<std::size_t>("--threads", v, 1, 64); }},
    {"--isa", "NAME",
     "instruction set to compute with: baseline, v3 (AVX2 and FMA) or v4 (AVX-512) (default: the best of this machine; "
     "v3 and v4 give the same bits)",
     [](Settings& s, Given&, std::string_view v) { s.isa = choice("--isa", v, kInstructionSets); }},
    {"--log", "FILE.csv", "write a line an epoch as comma-separated values (default: none)",
     [](Settings& s, Given&, std::string_view v) { s.log = v; }},
    {"--diagnose", nullptr,
     "after each epoch, look at every layer on the first 1000 training images: print the norm of its gradient by "
     "biases "
     "and what is wrong with it (vanishing, exploding, saturated, dead), and write more of it to --log (default: off)",
     [](Settings& s, Given&, std::string_view) { s.diagnose = true; }},
    {"--report", "FILE.html",
     "write a web page of the run: curves, how the layers respond, mistakes, settings; it loads nothing and replaces "
     "no file but its like (default: none)",
     [](Settings& s, Given&, std::string_view v) { s.report = v; }},
    {"--plot", nullptr, "draw the curves in the terminal, and how the layers respond (default: off)",
     [](Settings& s, Given&, std::string_view) { s.plot = true; }},
    {"--export-header", "FILE.hpp",
     "write the trained network as a C++ header for firmware: constant weights, batch normalization folded in, and an "
     "input with its answer for the firmware to check (default: none)",
     [](Settings& s, Given&, std::string_view v) { s.header = v; }},
    {"--export-weights", "NAME",
     "weights of that header: float32, float16 (half the flash) or int8 (a quarter, one factor for each unit) (default "
     "float32)",
     [](Settings& s, Given&, std::string_view v) { s.header_weights = choice("--export-weights", v, kWeightFormats); }},
    {"--save", "FILE",
     "write what was learnt to a model file in the safetensors format, for predict, PyTorch and NumPy (default: none)",
     [](Settings& s, Given&, std::string_view v) { s.save = v; }},
    {"--class-names", "NAME,NAME,...",
     "what the classes are called, for the model file (default: those of --load, or none)",
     [](Settings& s, Given&, std::string_view v) { s.class_names = comma_separated(v); }},
    {"--load", "FILE", "start from the network of a model file instead of a new one",
     [](Settings& s, Given&, std::string_view v) { s.load = v; }},
    {"--evaluate", nullptr, "do not train, only say how the network of --load does on the test images",
     [](Settings& s, Given&, std::string_view) { s.evaluate = true; }},
    {"--checkpoint", "FILE",
     "write all that training goes on from at the end of every epoch, and on Ctrl-C (default: none; --resume: its "
     "file)",
     [](Settings& s, Given&, std::string_view v) { s.checkpoint = v; }},
    {"--checkpoint-seconds", "S", "write it within epochs too, every S seconds; 0: after every batch (default: off)",
     [](Settings& s, Given&, std::string_view v) {
       s.checkpoint_seconds = real_number("--checkpoint-seconds", v, kNotNegative, is_not_negative);
     }},
    {"--resume", "FILE",
     "go on from a checkpoint, with the options that are in it, to the same bits as without the interruption; options "
     "that would change them are refused",
     [](Settings& s, Given&, std::string_view v) { s.resume = v; }},
    {"--quiet", nullptr, "print the result only", [](Settings& s, Given&, std::string_view) { s.quiet = true; }},
    {"--help", nullptr, "print this and stop", [](Settings& s, Given&, std::string_view) { s.help = true; }},
};

// Options that change no bit of what is learnt, so that a run that resumes may have others...
constexpr std::string_view kHarmless[] = {
    "--data",       "--log",           "--report",         "--plot",    "--quiet",
    "--save",       "--export-header", "--export-weights", "--threads", "--isa",
    "--checkpoint", "--resume",        "--class-names",    "--help",    "--checkpoint-seconds"};
// ... of which these are of one run only.
constexpr std::string_view kForgotten[] = {"--plot", "--quiet", "--checkpoint", "--checkpoint-seconds", "--resume"};

template <std::size_t N>
bool is_in(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

const Option& find_option(std::string_view name) {
  for (const Option& option : kOptions) {
    if (name == option.name) return option;
  }
  throw Error("unknown option '" + std::string(name) + "'; --help lists what there is");
}

/// `text` in lines of at most `width` characters, each after the first indented.
std::string wrap(std::string_view text, std::size_t indent, std::size_t width) {
  std::string wrapped;
  for (;;) {
    if (text.size() <= width) return wrapped + std::string(text);
    const std::size_t space = text.rfind(' ', width);
    const std::size_t cut = space == std::string_view::npos ? width : space;
    wrapped += std::string(text.substr(0, cut)) + "\n" + std::string(indent, ' ');
    text.remove_prefix(space == std::string_view::npos ? cut : cut + 1);
  }
}

}  // namespace

Settings parse_settings(int count, const char* const* arguments) {
  Settings settings;
  Given given;
  settings.command = command_line(count, arguments);
  for (int i = 1; i < count; ++i) {
    std::string_view name = arguments[i];
    const std::size_t equals = name.find('=');
    const bool joined = equals != std::string_view::npos;
    const Option& option = find_option(name.substr(0, equals));
    std::string_view value;
    if (option.argument == nullptr) {
      if (joined) throw Error(std::string(option.name) + " takes no value");
    } else if (joined) {
      value = name.substr(equals + 1);
    } else {
      if (i + 1 == count) throw Error(std::string(option.name) + ": its value " + option.argument + " is missing");
      value = arguments[++i];
    }
    if (option.argument != nullptr && value.empty()) {
      throw Error(std::string(option.name) + ": its value " + option.argument + " is empty");
    }
    const std::string argument = option.name + (value.empty() ? "" : "=" + std::string(value));
    (is_in(kHarmless, option.name) ? settings.harmless : settings.deciding).push_back(argument);
    if (!is_in(kForgotten, option.name)) settings.remembered.push_back(argument);
    given.names.insert(option.name);
    option.set(settings, given, value);
  }
  if (settings.resume.empty()) resolve(settings, given);  // the rest is in the checkpoint
  return settings;
}

std::string help_text() {
  std::string text =
      "Usage: train [options]\n"
      "Trains a multilayer perceptron on images and prints its accuracy on the test set.\n\n";
  constexpr std::size_t kIndent = 30, kWidth = 74;
  for (const Option& option : kOptions) {
    std::string left = std::string("  ") + option.name;
    if (option.argument != nullptr) left += std::string(" ") + option.argument;
    left += left.size() < kIndent ? std::string(kIndent - left.size(), ' ') : "\n" + std::string(kIndent, ' ');
    text += left + wrap(option.help, kIndent, kWidth) + "\n";
  }
  return text +
         "\nExit status: 0 trained; 1 training diverged or a file could not be written; 2 options or data refused;\n"
         "130 interrupted by Ctrl-C, after the current batch and the evaluation of what was learnt so far (a\nsecond "
         "Ctrl-C stops at once).\n";
}

}  // namespace tools
