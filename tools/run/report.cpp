// SPDX-License-Identifier: MIT
#include "run/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "common/format.hpp"
#include "common/names.hpp"
#include "common/program.hpp"
#include "run/arena.hpp"
#include "run/diagnosis.hpp"
#include "run/quality.hpp"

namespace tools {
namespace {

std::size_t classes_of(const std::vector<std::uint32_t>& confusion) {
  return static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(confusion.size()))));
}

double mebibytes(std::size_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

std::string describe_optimizer(const mote::OptimizerOptions& optimizer) {
  std::string text(name_of(kOptimizers, optimizer.method));
  if (optimizer.method == mote::Optimizer::momentum || optimizer.method == mote::Optimizer::nesterov) {
    text += format(" %g", static_cast<double>(optimizer.momentum));
  }
  text += format(", learning rate %g", static_cast<double>(optimizer.learning_rate));
  if (optimizer.method == mote::Optimizer::adamw) {
    text += format(", weight decay %g", static_cast<double>(optimizer.weight_decay));
  }
  return text;
}

std::string describe_start(const Settings& settings) {
  if (!settings.load.empty()) return "parameters of " + printable(settings.load);
  std::string text = "weights " + std::string(name_of(kWeightInits, settings.weights.distribution));
  if (settings.weights.scale != 1.0f) text += format(" times %g", static_cast<double>(settings.weights.scale));
  if (settings.biases.distribution == mote::BiasInit::constant) {
    return text + format(", biases %g", static_cast<double>(settings.biases.value));
  }
  return text + ", biases " + std::string(name_of(kBiasInits, settings.biases.distribution));
}

/// The schedule line; empty for a constant learning rate.
std::string describe_schedule(const Settings& settings, const mote::TrainingOptions& options) {
  const mote::Schedule& schedule = options.schedule;
  std::string text;
  if (schedule.warmup_steps != 0) text += format("warm-up of %u steps, then ", schedule.warmup_steps);
  if (settings.schedule == RateSchedule::plateau) {
    text += format("a factor of %g after more than %u epochs without improvement",
                   static_cast<double>(settings.decay_factor.value_or(0.1f)), settings.patience);
  } else if (schedule.decay != mote::Decay::none) {
    const bool once = schedule.decay == mote::Decay::cosine;
    text += format("%s decay by a factor of %g %s %u steps",
                   once                                  ? "cosine"
                   : schedule.decay == mote::Decay::step ? "step"
                                                         : "exponential",
                   static_cast<double>(schedule.factor), once ? "in" : "every", schedule.decay_steps);
  } else if (!text.empty()) {
    text += "constant";
  }
  return text.empty() ? text : "rate      " + text + "\n";
}

/// "in 10 classes"
std::string describe_aim(const mote::Dataset& dataset) {
  if (dataset.inputs_are_targets) return "to be reproduced";
  if (dataset.labels != nullptr) return format("in %zu classes", dataset.classes);
  return "with " + counted(dataset.outputs(), "target") + " each";
}

/// The lines about the data.
std::string describe_data(const Settings& settings, const RunData& data, std::size_t training, std::size_t validation) {
  std::string text = "data      " + printable(data.name) + "\n          ";
  text += data.table ? "rows of " + counted(data.train.features, "feature")
                     : format("images of %u x %u", data.columns, data.rows);
  text += format(" %s: %zu to train on, %zu to validate, %zu to test\n", describe_aim(data.train).c_str(), training,
                 validation, data.test.count);
  if (!data.table) return text;
  if (settings.aim != Aim::inputs) {
    text +=
        (settings.aim == Aim::labels ? "classes   " : "targets   ") + shortened_list(data.output_names(), 10) + "\n";
  }
  if (!data.table->inputs.empty()) {
    text += std::string("scaling   inputs ") + (data.table->targets.empty() ? "" : "and targets ") +
            "standardized by the training rows\n";
  }
  return text;
}

std::string describe_loss(const mote::LossOptions& loss) {
  std::string text = std::string(name_of(kLosses, loss.kind)) + " loss";
  if (loss.kind == mote::Loss::huber) text += format(" (delta %g)", static_cast<double>(loss.huber_delta));
  if (loss.label_smoothing != 0.0f) text += format(" (smoothing %g)", static_cast<double>(loss.label_smoothing));
  return text;
}

/// Dropout, max-norm and clipping; empty without any.
std::string describe_limits(const mote::TrainingOptions& options) {
  std::string text;
  const auto add = [&](const char* name, float value) {
    if (value != 0.0f) text += format(", %s %g", name, static_cast<double>(value));
  };
  add("dropout", options.hidden_dropout);
  for (const float rate : options.layer_dropout) {
    text +=
        format(rate == options.layer_dropout[0] && text.empty() ? ", dropout %g" : ",%g", static_cast<double>(rate));
  }
  add("input dropout", options.input_dropout);
  add("max-norm", options.max_norm);
  add("gradients clipped to norm", options.clip_norm);
  add("gradients clipped to value", options.clip_value);
  return text;
}

/// The early-stopping line; empty without early stopping.
std::string describe_stopping(const Settings& settings) {
  if (!settings.early_stopping) return "";
  std::string text = format("stopping  after %u epoch%s without ", settings.stop_patience,
                            settings.stop_patience == 1 ? "" : "s in a row");
  text += *settings.early_stopping == mote::Monitor::loss ? "a lower validation loss" : "a higher validation accuracy";
  if (settings.min_improvement != 0.0f)
    text += format(" by more than %g", static_cast<double>(settings.min_improvement));
  return text + "\n";
}

std::string describe_batch(std::size_t batch, std::size_t samples) {
  if (batch == samples) return "full batch";
  return batch == 1 ? "online (batch of 1)" : format("mini-batches of %zu", batch);
}

std::string describe_training(const Settings& settings, const mote::TrainingOptions& options, std::size_t images) {
  const std::string l1 = options.l1 == 0.0f ? "" : format(", l1 %g", static_cast<double>(options.l1));
  std::string text =
      format("training  %s%s, l2 %g%s, %s, %s\n", describe_optimizer(options.optimizer).c_str(), l1.c_str(),
             static_cast<double>(options.l2), describe_limits(options).c_str(),
             describe_batch(options.batch_size, images).c_str(), counted(settings.epochs, "epoch").c_str());
  return text + describe_schedule(settings, options) + describe_stopping(settings);
}

}  // namespace

void warn(const std::string& text) {
  if (text.empty()) return;
  try_flush_output();
  std::fprintf(stderr, "train: warning: %s\n", printable(text).c_str());
}

std::string loss_text(float loss) {
  const bool is_usual = loss == 0.0f || (loss >= 0.0005f && loss < 1e6f);
  return format(is_usual ? "%.4f" : "%.4g", static_cast<double>(loss));
}

std::string describe_sizes(const mote::Topology& topology) {
  std::string sizes = std::to_string(topology.inputs);
  for (std::size_t l = 0; l < topology.layer_count; ++l) sizes += "-" + std::to_string(topology.outputs_of(l));
  return sizes;
}

std::string describe_run(const Settings& settings, const RunData& data, const mote::Topology& topology,
                         const mote::TrainingOptions& options, std::size_t training, std::size_t validation,
                         std::size_t network_memory, std::size_t data_memory) {
  std::string text = describe_data(settings, data, training, validation);
  text +=
      format("network   %s, %s%s%s%s with %s, %zu parameters\n", describe_sizes(topology).c_str(),
             topology.layer_count > 1 ? std::string(name_of(kActivations, topology.layers[0].activation)).c_str() : "",
             topology.all_scale_floats() != 0 ? " after batch normalization" : "", topology.layer_count > 1 ? ", " : "",
             std::string(name_of(kActivations, topology.output_activation())).c_str(),
             describe_loss(options.loss).c_str(), topology.trainable_count());
  text += format("start     %s, seed %llu\n", describe_start(settings).c_str(),
                 static_cast<unsigned long long>(options.seed));
  if (!settings.evaluate) text += describe_training(settings, options, training);
  const Arena arena = plan_arena(settings, topology, options, training);
  const std::size_t threads = settings.ensemble > 1 ? arena.slots : options.workers;
  if (settings.ensemble > 1) {
    text += format(
        "ensemble  %zu members, each on %s, mean outputs\n", settings.ensemble,
        settings.bootstrap ? "its own bootstrap sample" : (std::string("all training ") + data.samples()).c_str());
  }
  text +=
      format("numbers   %s, %s multiply-add, %s\n", std::string(name_of(kInstructionSets, mote::selected())).c_str(),
             mote::arithmetic_is_fused() ? "fused" : "separate", counted(threads, "thread").c_str());
  text += format("memory    %.1f of %.0f MiB for the network, %.1f of %.0f MiB for the data\n", mebibytes(arena.bytes),
                 mebibytes(network_memory), mebibytes(data.bytes), mebibytes(data_memory));
  return text;
}

std::string epoch_line(const EpochReport& report) {
  const auto text_of = [&](const char* name, const mote::LossTotals& totals) {
    const std::string loss = format("  %s loss %s", name, loss_text(totals.mean_loss()).c_str());
    return report.has_labels ? loss + format(" accuracy %.4f", static_cast<double>(totals.accuracy())) : loss;
  };
  const int width = static_cast<int>(std::to_string(report.epochs).size());
  std::string line = format("epoch %*zu/%zu", width, report.epoch, report.epochs) + text_of("train", report.train);
  if (report.validation.samples != 0) line += text_of("validation", report.validation);
  if (report.rate_changes) line += format("  rate %.3g", static_cast<double>(report.learning_rate));
  line += format("  %.2f s", report.seconds);
  if (!report.layers.empty()) line += "  " + diagnosis_text(report.layers);
  return report.complete ? line : line + format(", interrupted after %u images", report.train.samples);
}

std::string stopping_line(const mote::EarlyStopping& stopping, std::size_t epochs) {
  const char* monitored = stopping.monitor == mote::Monitor::loss ? "loss" : "accuracy";
  std::string line = format("early stopping: %s after epoch %u of %zu, ", stopping.should_stop() ? "stopped" : "ended",
                            stopping.epoch, epochs);
  if (stopping.best_epoch == 0) return line + format("no finite validation %s, last parameters kept", monitored);
  return line + format("parameters of epoch %u restored, validation %s %s", stopping.best_epoch, monitored,
                       loss_text(stopping.best_value).c_str());
}

std::string training_line(const std::vector<EpochReport>& epochs, const mote::EarlyStopping& stopping) {
  if (epochs.empty()) return "interrupted before its first batch";
  EpochReport shown = stopping.best_epoch == 0 ? epochs.back() : epochs[stopping.best_epoch - 1];
  shown.seconds = 0.0;
  for (const EpochReport& epoch : epochs) shown.seconds += epoch.seconds;
  std::string line = epoch_line(shown);
  if (stopping.should_stop()) line += format(", stopped after epoch %u", stopping.epoch);
  return shown.complete && !epochs.back().complete ? line + ", interrupted" : line;
}

std::string member_line(std::size_t member, std::size_t members, const mote::LossTotals& totals, bool has_labels,
                        std::uint32_t fingerprint) {
  const std::string result = has_labels ? format("accuracy %.4f (%u/%u)", static_cast<double>(totals.accuracy()),
                                                 totals.correct, totals.samples)
                                        : "loss " + loss_text(totals.mean_loss());
  return format("member %zu/%zu  test %s  fingerprint %08x", member, members, result.c_str(), fingerprint);
}

std::string epoch_csv(const EpochReport& report) {
  const auto text_of = [&](const mote::LossTotals& totals) -> std::string {
    if (totals.samples == 0) return ",";
    const std::string loss = format("%.9g,", static_cast<double>(totals.mean_loss()));
    return report.has_labels ? loss + format("%.9g", static_cast<double>(totals.accuracy())) : loss;
  };
  return format("%zu,", report.epoch) + text_of(report.train) + "," + text_of(report.validation) +
         format(",%.6f,%.9g", report.seconds, static_cast<double>(report.learning_rate)) + diagnosis_csv(report.layers);
}

std::string test_lines(const TestReport& report, const std::vector<std::string>& names, bool details) {
  if (!report.errors.empty()) return error_lines(report.errors, names);
  const mote::LossTotals& totals = report.totals;
  std::string text = "test loss " + loss_text(totals.mean_loss()) + "\n";
  if (report.confusion.empty()) return text;
  text +=
      format("test accuracy %.4f (%u/%u)\n", static_cast<double>(totals.accuracy()), totals.correct, totals.samples);
  if (!details) return text;
  if (!names.empty()) text += class_lines(report.confusion, names);
  return text + "most confused: " + most_confused(report.confusion, names, 5) + "\n";
}

std::string large_targets_text(const mote::Dataset& samples) {
  float largest = 0.0f;
  for (std::size_t i = 0; i < samples.targets.rows; ++i) {
    for (const float target : samples.targets.row(i)) largest = std::max(largest, std::abs(target));
  }
  if (largest < 1e3f) return "";
  return format("; the targets reach %.3g: divide them, so that most are below 1", static_cast<double>(largest));
}

std::string divergence_text(const mote::Divergence& divergence, const mote::Topology& topology, bool clips) {
  using What = mote::Divergence::What;
  const char* what = divergence.what == What::loss       ? "the loss"
                     : divergence.what == What::gradient ? "a gradient"
                                                         : "a parameter";
  const bool is_last = divergence.layer + 1 == topology.layer_count;
  return format("training diverged: %s is not finite: layer %zu (%s), epoch %zu, batch %zu; lower --learning-rate%s",
                what, divergence.layer + 1, is_last ? "outputs" : "hidden", divergence.epoch + 1, divergence.batch + 1,
                clips ? "" : ", or clip gradients with --clip-norm 1");
}

std::string collapse_text(const std::vector<std::uint32_t>& confusion, const std::vector<std::string>& names,
                          const char* samples) {
  if (confusion.empty()) return "";
  const std::size_t classes = classes_of(confusion);
  std::vector<std::size_t> labels(classes), answers(classes);  // number of samples
  for (std::size_t cell = 0; cell < confusion.size(); ++cell) {
    labels[cell / classes] += confusion[cell];
    answers[cell % classes] += confusion[cell];
  }
  const auto answer = static_cast<std::size_t>(std::max_element(answers.begin(), answers.end()) - answers.begin());
  const std::size_t all = std::accumulate(answers.begin(), answers.end(), std::size_t{0});
  const bool is_constant = answers[answer] == all && labels[answer] != all;
  if (!is_constant && (answers[answer] < all - all / 100 || labels[answer] > all / 2)) return "";
  return format("the network answers class %s to %zu of %zu test %s; --diagnose shows dead or saturated units",
                names.empty() ? std::to_string(answer).c_str() : names[answer].c_str(), answers[answer], all, samples);
}

std::string most_confused(const std::vector<std::uint32_t>& confusion, const std::vector<std::string>& names,
                          std::size_t most) {
  const std::size_t classes = classes_of(confusion);
  std::vector<std::size_t> cells;
  for (std::size_t cell = 0; cell < confusion.size(); ++cell) {
    if (cell / classes != cell % classes && confusion[cell] != 0) cells.push_back(cell);
  }
  std::stable_sort(cells.begin(), cells.end(),
                   [&](std::size_t a, std::size_t b) { return confusion[a] > confusion[b]; });
  if (cells.empty()) return "none";
  const auto name = [&](std::size_t k) { return names.empty() ? std::to_string(k) : names[k]; };
  std::string text;
  for (std::size_t i = 0; i < std::min(most, cells.size()); ++i) {
    text += (i == 0 ? "" : ", ") + name(cells[i] / classes) + " as " + name(cells[i] % classes) +
            format(" (%u)", confusion[cells[i]]);
  }
  return text;
}

}  // namespace tools
