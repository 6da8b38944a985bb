// SPDX-License-Identifier: MIT
#include "run/settings_checks.hpp"

#include <filesystem>
#include <initializer_list>
#include <string>

#include "common/error.hpp"
#include "common/option_values.hpp"
#include "run/option_table.hpp"

namespace tools {
namespace {

namespace fs = std::filesystem;

mote::Activation activation_for(mote::Loss loss, Aim aim, bool is_table) {
  if (loss == mote::Loss::cross_entropy) return mote::Activation::softmax;
  const bool is_free =
      (aim == Aim::numbers || (is_table && aim == Aim::inputs)) && loss != mote::Loss::sigmoid_cross_entropy;
  return is_free ? mote::Activation::identity : mote::Activation::sigmoid;
}

/// Throws an Error if `option` was given and the value chosen for `chooser` does not use it.
template <typename Enum, std::size_t N>
void check_use(const Given& given, const char* option, const char* chooser, const Named<Enum> (&names)[N], Enum chosen,
               std::initializer_list<Enum> users) {
  if (given.names.count(option) == 0) return;
  std::string list;
  for (const Enum user : users) {
    if (user == chosen) return;
    list += (list.empty() ? "" : ", ") + std::string(name_of(names, user));
  }
  throw Error(std::string(option) + ": not used by " + chooser + " " + std::string(name_of(names, chosen)) +
              "; only by " + list);
}

void check_uses(const Settings& s, const Given& given) {
  using mote::Optimizer;
  const auto optimizer = [&](const char* option, std::initializer_list<Optimizer> users) {
    check_use(given, option, "--optimizer", kOptimizers, s.optimizer.method, users);
  };
  optimizer("--momentum", {Optimizer::momentum, Optimizer::nesterov});
  optimizer("--rho", {Optimizer::rmsprop});
  optimizer("--epsilon-inside", {Optimizer::rmsprop});
  optimizer("--beta1", {Optimizer::adam, Optimizer::adamw, Optimizer::nadam});
  optimizer("--beta2", {Optimizer::adam, Optimizer::adamw, Optimizer::nadam});
  optimizer("--epsilon", {Optimizer::adagrad, Optimizer::rmsprop, Optimizer::adam, Optimizer::adamw, Optimizer::nadam});
  optimizer("--weight-decay", {Optimizer::adamw});
  check_use(given, "--huber-delta", "--loss", kLosses, s.loss.kind, {mote::Loss::huber});
  check_use(given, "--label-smoothing", "--loss", kLosses, s.loss.kind,
            {mote::Loss::cross_entropy, mote::Loss::sigmoid_cross_entropy});
  const auto schedule = [&](const char* option, std::initializer_list<RateSchedule> users) {
    check_use(given, option, "--schedule", kSchedules, s.schedule, users);
  };
  schedule("--decay-epochs", {RateSchedule::step, RateSchedule::exponential, RateSchedule::cosine});
  schedule("--decay-factor",
           {RateSchedule::step, RateSchedule::exponential, RateSchedule::cosine, RateSchedule::plateau});
  schedule("--patience", {RateSchedule::plateau});
}

/// Whether --data names a table rather than a folder of images.
bool names_table(const std::string& path) {
  std::error_code none;
  if (fs::exists(path, none)) return !fs::is_directory(path, none);
  const std::string ending = fs::path(path).extension().string();
  return ending == ".csv" || ending == ".tsv" || ending == ".txt";
}

/// Checks the options of tables and sets the defaults that differ from those of images.
void resolve_table(Settings& s, const Given& given) {
  s.is_table = names_table(s.data);
  if (!s.is_table) {
    for (const char* option :
         {"--test-data", "--test-share", "--target", "--ignore", "--missing", "--no-standardize"}) {
      if (given.names.count(option) != 0) throw Error(std::string(option) + ": needs a table, --data FILE.csv");
    }
    return;
  }
  const auto refuse_both = [&](const char* option, const char* other, const char* reason) {
    if (given.names.count(option) == 0 || given.names.count(other) == 0) return;
    throw Error(std::string(option) + " and " + other + " contradict each other; " + reason);
  };
  refuse_both("--test-share", "--test-data", "the file decides the rows to test with");
  refuse_both("--target", "--autoencoder", "it has no targets: leave columns out with --ignore");
  if (given.names.count("--class-names") != 0) throw Error("--class-names: not for a table, which names its classes");
  if (!given.hidden) s.hidden = {32};
  if (given.names.count("--optimizer") == 0) s.optimizer.method = mote::Optimizer::adam;
  // Small first outputs: on tables of a few hundred rows they generalize better than those of he.
  if (given.names.count("--init") == 0) s.weights.distribution = mote::WeightInit::glorot_normal;
  if (given.names.count("--epochs") == 0) s.epochs = 100;
  if (!s.validation) s.validation = 0;
  s.usual_batch = 16;
}

float usual_learning_rate(mote::Optimizer method) {
  switch (method) {
    case mote::Optimizer::sgd:
    case mote::Optimizer::momentum:
    case mote::Optimizer::nesterov: return 0.03f;
    case mote::Optimizer::adagrad: return 0.01f;
    case mote::Optimizer::rmsprop:
    case mote::Optimizer::adam:
    case mote::Optimizer::adamw:
    case mote::Optimizer::nadam: break;
  }
  return 0.001f;
}

void resolve_loss(Settings& s, const Given& given) {
  if (given.names.count("--autoencoder") != 0 && given.names.count("--regression") != 0) {
    throw Error("--autoencoder and --regression contradict each other; give one of them");
  }
  if (!given.loss && s.aim != Aim::labels) s.loss.kind = mote::Loss::quadratic;
  if (s.aim == Aim::inputs && s.loss.kind == mote::Loss::cross_entropy) {
    throw Error(
        "--autoencoder: found --loss cross-entropy, whose targets add up to 1; use sigmoid-cross-entropy, quadratic, "
        "mae or huber");
  }
  const mote::Activation usual = activation_for(s.loss.kind, s.aim, s.is_table);
  if (!s.output_activation_given) s.output_activation = usual;
  if (mote::check(s.loss.kind, s.output_activation).ok()) return;
  throw Error("--output-activation: found " + std::string(name_of(kActivations, s.output_activation)) + ", expected " +
              std::string(name_of(kActivations, usual)) + " with --loss " + std::string(name_of(kLosses, s.loss.kind)));
}

void check_limits(const Settings& s, const Given& given) {
  if (s.clip_norm != 0.0f && s.clip_value != 0.0f) {
    throw Error("--clip-norm and --clip-value contradict each other; give one of them");
  }
  const bool has_hidden = given.layers ? s.layers.size() > 2 : !s.hidden.empty();
  for (const char* option : {"--dropout", "--max-norm", "--activation"}) {
    if (given.names.count(option) == 0 || has_hidden || !s.load.empty()) continue;
    throw Error(std::string(option) + ": needs hidden units, found none" +
                (option == std::string_view("--dropout") ? "; --input-dropout is for pixels" : ""));
  }
}

/// Throws an Error if two options name one file.
void check_written_files(const Settings& s) {
  const std::pair<const char*, const std::string&> files[] = {{"--log", s.log},
                                                              {"--report", s.report},
                                                              {"--save", s.save},
                                                              {"--checkpoint", s.checkpoint},
                                                              {"--export-header", s.header},
                                                              {"--export-c", s.c_header}};
  const auto place = [](const std::string& path) {  // without links and dots, whether or not the file exists
    std::error_code none;
    return fs::weakly_canonical(fs::absolute(path, none), none);
  };
  for (const auto& [option, path] : files) {
    for (const auto& [other, other_path] : files) {
      if (option == other) break;
      if (path.empty() || other_path.empty() || place(path) != place(other_path)) continue;
      throw Error(std::string(other) + " and " + option + " name the same file, " + path);
    }
  }
}

void check_files(Settings& s, const Given& given) {
  for (const char* option : {"--hidden", "--batch-norm", "--init", "--init-scale", "--bias-init"}) {
    if (given.names.count(option) != 0 && !s.load.empty()) refuse_with_load(option);
  }
  for (const char* option : {"--layers", "--activation", "--loss", "--huber-delta", "--label-smoothing",
                             "--output-activation", "--input-mean", "--input-deviation"}) {
    if (given.names.count(option) != 0 && !s.load.empty()) s.of_foreign.emplace_back(option);
  }
  for (const char* option : {"--input-mean", "--input-deviation"}) {
    if (given.names.count(option) != 0 && s.load.empty()) throw Error(std::string(option) + ": needs --load");
  }
  if (s.evaluate && s.load.empty()) throw Error("--evaluate: needs --load");
  const auto refuse_to_train = [&](const char* option) {
    if (s.evaluate && given.names.count(option) != 0) {
      throw Error(std::string(option) + " and --evaluate contradict each other; --evaluate does not train");
    }
  };
  for (const char* option :
       {"--log", "--report", "--plot", "--checkpoint", "--batch", "--epochs", "--diagnose", "--validation"}) {
    refuse_to_train(option);
  }
  for (const Option& option : learning_options()) refuse_to_train(option.name);
  if (given.names.count("--checkpoint-seconds") != 0 && s.checkpoint.empty()) {
    throw Error("--checkpoint-seconds: needs --checkpoint");
  }
  if (given.names.count("--export-weights") != 0 && s.header.empty()) {
    throw Error("--export-weights: needs --export-header");
  }
  const bool is_int8 = s.header_weights == HeaderFormat::integer || !s.c_header.empty();
  if (given.names.count("--calibration") != 0 && !is_int8) {
    throw Error(
        "--calibration: needs --export-weights integer or --export-c");  // the steps of int16 are fine without clamping
  }
  if (given.names.count("--scale-per") != 0 && !is_int8 && s.header_weights != HeaderFormat::integer16) {
    throw Error("--scale-per: needs --export-weights integer or integer16, or --export-c");
  }
  for (const char* option : {"--save", "--load", "--checkpoint", "--export-header", "--export-c"}) {
    if (s.ensemble == 1 || given.names.count(option) == 0) continue;
    throw Error(std::string(option) + " and --ensemble contradict each other; the file holds one network");
  }
}

}  // namespace

void refuse_with_load(const std::string& option) {
  throw Error(option + " and --load contradict each other; the file decides the network, its loss and its parameters");
}

void resolve(Settings& s, const Given& given) {
  resolve_table(s, given);
  check_files(s, given);
  check_written_files(s);
  if (s.batch_norm && s.batch == 1) throw Error("--batch-norm: found --batch 1, expected at least 2");
  if (given.layers && given.hidden) throw Error("--layers and --hidden contradict each other; give one of them");
  resolve_loss(s, given);
  check_uses(s, given);
  check_limits(s, given);
  if (!s.bootstrap && s.ensemble == 1) throw Error("--no-bootstrap: needs --ensemble");
  for (const char* option : {"--stop-patience", "--min-improvement"}) {
    if (given.names.count(option) != 0 && !s.early_stopping) {
      throw Error(std::string(option) + ": needs --early-stopping");
    }
  }
  if (s.early_stopping == mote::Monitor::accuracy && s.aim != Aim::labels) {
    throw Error("--early-stopping accuracy: needs labels; use --early-stopping loss");
  }
  if (s.diagnose && s.ensemble > 1)
    throw Error("--diagnose and --ensemble contradict each other; a diagnosis is of one network");
  if (!given.learning_rate) s.optimizer.learning_rate = usual_learning_rate(s.optimizer.method);
  if (s.decay_factor == 0.0f && s.schedule != RateSchedule::cosine) {
    throw Error("--decay-factor: found 0, expected greater than 0; only --schedule cosine takes 0");
  }
}

}  // namespace tools
