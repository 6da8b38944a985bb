// SPDX-License-Identifier: MIT
#include "settings.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include "error.hpp"
#include "names.hpp"

namespace tools {
namespace {

[[noreturn]] void refuse(std::string_view option, std::string_view value, const std::string& expected) {
  throw Error(std::string(option) + ": found '" + std::string(value) + "', expected " + expected);
}

template <typename Number>
Number whole_number(std::string_view option, std::string_view value, Number low, Number high) {
  Number number{};
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < low || number > high) {
    refuse(option, value, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return number;
}

std::size_t whole_count(std::string_view option, std::string_view value, std::size_t low) {
  return whole_number<std::size_t>(option, value, low, 1000000000);
}

float real_number(std::string_view option, std::string_view value, const char* expected, bool (*accept)(float)) {
  float number = 0.0f;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || !std::isfinite(number) || !accept(number)) {
    refuse(option, value, expected);
  }
  return number;
}

std::vector<std::uint32_t> sizes(std::string_view option, std::string_view value) {
  std::vector<std::uint32_t> list;
  for (std::string_view rest = value;;) {
    const std::size_t comma = rest.find(',');
    list.push_back(whole_number<std::uint32_t>(option, rest.substr(0, comma), 1, mote::kMaxLayerSize));
    if (comma == std::string_view::npos) return list;
    rest.remove_prefix(comma + 1);
  }
}

template <typename Enum, std::size_t N>
Enum choice(std::string_view option, std::string_view value, const Named<Enum> (&names)[N]) {
  Enum chosen{};
  if (!find_name(names, value, chosen)) refuse(option, value, list_names(names));
  return chosen;
}

/// What the defaults and the checks of contradictions need to know besides the settings.
struct Given {
  bool layers = false, hidden = false, momentum = false, learning_rate = false;
};

struct Option {
  const char* name;
  const char* argument;  // null: a flag
  const char* help;
  void (*set)(Settings&, Given&, std::string_view value);
};

constexpr const char* kPositive = "a finite number greater than 0";

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
    {"--loss", "NAME",
     "cross-entropy (with softmax outputs), sigmoid-cross-entropy (per output) or quadratic, 1/2 |y - a|^2 (default "
     "cross-entropy)",
     [](Settings& s, Given&, std::string_view v) { s.loss = choice("--loss", v, kLosses); }},
    {"--output-activation", "NAME",
     "of the last layer: any of those, or softmax (default: the one that goes with the loss; sigmoid for quadratic)",
     [](Settings& s, Given&, std::string_view v) {
       s.output_activation = choice("--output-activation", v, kActivations), s.output_activation_given = true;
     }},
    {"--init", "NAME",
     "initial weights of a layer with m inputs and n outputs: glorot (also called normalized), U(+-sqrt(6/(m+n))); he, "
     "N(0, 2/m); scaled-gaussian, N(0, 1/m); gaussian, N(0, 1) (default he)",
     [](Settings& s, Given&, std::string_view v) { s.weight_init = choice("--init", v, kWeightInits); }},
    {"--bias-init", "NAME", "initial biases: zero, or gaussian, N(0, 1) (default zero)",
     [](Settings& s, Given&, std::string_view v) { s.bias_init = choice("--bias-init", v, kBiasInits); }},
    {"--optimizer", "NAME", "sgd, momentum or adam (default momentum)",
     [](Settings& s, Given&, std::string_view v) { s.optimizer.method = choice("--optimizer", v, kOptimizers); }},
    {"--learning-rate", "X", "step length per unit of gradient, > 0 (default 0.03, for adam 0.001)",
     [](Settings& s, Given& g, std::string_view v) {
       g.learning_rate = true;
       s.optimizer.learning_rate = real_number("--learning-rate", v, kPositive, [](float x) { return x > 0.0f; });
     }},
    {"--momentum", "X", "share of the last step that the next one keeps, 0 <= X < 1 (default 0.9)",
     [](Settings& s, Given& g, std::string_view v) {
       s.optimizer.momentum = real_number("--momentum", v, "0 <= X < 1", [](float x) { return x >= 0.0f && x < 1.0f; });
       g.momentum = true;
     }},
    {"--l2", "X",
     "weight decay, >= 0: adds X/2 times the sum of squared weights to the loss, biases excepted (default 0; Nielsen's "
     "lambda is X times the number of training images)",
     [](Settings& s, Given&, std::string_view v) {
       s.l2 = real_number("--l2", v, "a finite number, at least 0", [](float x) { return x >= 0.0f; });
     }},
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
    {"--quiet", nullptr, "print the result only", [](Settings& s, Given&, std::string_view) { s.quiet = true; }},
    {"--help", nullptr, "print this and stop", [](Settings& s, Given&, std::string_view) { s.help = true; }},
};

const Option& find_option(std::string_view name) {
  for (const Option& option : kOptions) {
    if (name == option.name) return option;
  }
  throw Error("unknown option '" + std::string(name) + "'; --help lists what there is");
}

mote::Activation activation_for(mote::Loss loss) {
  return loss == mote::Loss::cross_entropy ? mote::Activation::softmax : mote::Activation::sigmoid;
}

void resolve(Settings& s, const Given& given) {
  if (given.layers && given.hidden) throw Error("--layers and --hidden contradict each other; give one of them");
  if (given.momentum && s.optimizer.method != mote::Optimizer::momentum) {
    throw Error("--momentum has no meaning with --optimizer " + std::string(name_of(kOptimizers, s.optimizer.method)) +
                "; use --optimizer momentum");
  }
  if (!given.learning_rate && s.optimizer.method == mote::Optimizer::adam) s.optimizer.learning_rate = 0.001f;
  if (!s.output_activation_given) s.output_activation = activation_for(s.loss);
  if (!mote::check(s.loss, s.output_activation).ok()) {
    throw Error("--output-activation " + std::string(name_of(kActivations, s.output_activation)) +
                " does not go with --loss " + std::string(name_of(kLosses, s.loss)) + ", which needs " +
                std::string(name_of(kActivations, activation_for(s.loss))));
  }
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
    option.set(settings, given, value);
  }
  resolve(settings, given);
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
