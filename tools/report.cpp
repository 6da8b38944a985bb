// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

#include "names.hpp"

namespace tools {
namespace {

__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
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
  std::string text = "weights " + std::string(name_of(kWeightInits, settings.weights.distribution));
  if (settings.weights.scale != 1.0f) text += format(" times %g", static_cast<double>(settings.weights.scale));
  if (settings.biases.distribution == mote::BiasInit::constant) {
    return text + format(", biases %g", static_cast<double>(settings.biases.value));
  }
  return text + ", biases " + std::string(name_of(kBiasInits, settings.biases.distribution));
}

/// Empty for a learning rate that does not change.
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

std::string describe_batch(std::size_t batch, std::size_t samples) {
  if (batch == samples) return "full batch";
  return batch == 1 ? "online (batch of 1)" : format("mini-batches of %zu", batch);
}

}  // namespace

std::string describe_sizes(const mote::Topology& topology) {
  std::string sizes = std::to_string(topology.inputs);
  for (std::size_t l = 0; l < topology.layer_count; ++l) sizes += "-" + std::to_string(topology.outputs_of(l));
  return sizes;
}

std::string describe_run(const Settings& settings, const std::string& folder, const ImageSet& images,
                         const mote::Topology& topology, const mote::TrainingOptions& options,
                         std::size_t training_images, std::size_t validation_images, std::size_t network_memory,
                         std::size_t data_memory) {
  std::string text = "data      " + folder + "\n";
  text +=
      format("          images of %u x %u in %zu classes: %zu to train on, %zu to validate, %zu to test\n", images.rows,
             images.columns, images.train.classes, training_images, validation_images, images.test.count);
  text +=
      format("network   %s, %s%s%s%s with %s loss, %zu parameters\n", describe_sizes(topology).c_str(),
             topology.layer_count > 1 ? std::string(name_of(kActivations, settings.activation)).c_str() : "",
             topology.all_scale_floats() != 0 ? " after batch normalization" : "", topology.layer_count > 1 ? ", " : "",
             std::string(name_of(kActivations, topology.output_activation())).c_str(),
             std::string(name_of(kLosses, options.loss)).c_str(), topology.trainable_count());
  text += format("start     %s, seed %llu\n", describe_start(settings).c_str(),
                 static_cast<unsigned long long>(options.seed));
  const std::string l1 = options.l1 == 0.0f ? "" : format(", l1 %g", static_cast<double>(options.l1));
  text += format("training  %s%s, l2 %g, %s, %zu epoch%s\n", describe_optimizer(options.optimizer).c_str(), l1.c_str(),
                 static_cast<double>(options.l2), describe_batch(options.batch_size, training_images).c_str(),
                 settings.epochs, settings.epochs == 1 ? "" : "s");
  text += describe_schedule(settings, options);
  text += format("numbers   %s, %s multiply-add, %zu thread%s\n",
                 std::string(name_of(kInstructionSets, mote::selected())).c_str(),
                 mote::arithmetic_is_fused() ? "fused" : "separate", options.workers, options.workers == 1 ? "" : "s");
  text += format("memory    %.1f of %.0f MiB for the network, %.1f of %.0f MiB for the data\n",
                 mebibytes(mote::training_bytes(topology, options, training_images)), mebibytes(network_memory),
                 mebibytes(images.bytes), mebibytes(data_memory));
  return text;
}

std::string epoch_line(const EpochReport& report) {
  const int width = static_cast<int>(std::to_string(report.epochs).size());
  std::string line =
      format("epoch %*zu/%zu  train loss %.4f accuracy %.4f", width, report.epoch, report.epochs,
             static_cast<double>(report.train.mean_loss()), static_cast<double>(report.train.accuracy()));
  if (report.validation.samples != 0) {
    line += format("  validation loss %.4f accuracy %.4f", static_cast<double>(report.validation.mean_loss()),
                   static_cast<double>(report.validation.accuracy()));
  }
  if (report.learning_rate != 0.0f) line += format("  rate %.3g", static_cast<double>(report.learning_rate));
  return line + format("  %.2f s", report.seconds);
}

std::string epoch_csv(const EpochReport& report) {
  const std::string line = format("%zu,%.9g,%.9g,", report.epoch, static_cast<double>(report.train.mean_loss()),
                                  static_cast<double>(report.train.accuracy()));
  const std::string validation = report.validation.samples == 0
                                     ? ","
                                     : format("%.9g,%.9g", static_cast<double>(report.validation.mean_loss()),
                                              static_cast<double>(report.validation.accuracy()));
  return line + validation + format(",%.6f", report.seconds);
}

std::string test_lines(const mote::LossTotals& totals) {
  return format("test loss %.4f\ntest accuracy %.4f (%u/%u)\n", static_cast<double>(totals.mean_loss()),
                static_cast<double>(totals.accuracy()), totals.correct, totals.samples);
}

std::string most_confused(const std::vector<std::uint32_t>& confusion, std::size_t classes, std::size_t most) {
  std::vector<std::size_t> cells;
  for (std::size_t cell = 0; cell < confusion.size(); ++cell) {
    if (cell / classes != cell % classes && confusion[cell] != 0) cells.push_back(cell);
  }
  std::stable_sort(cells.begin(), cells.end(),
                   [&](std::size_t a, std::size_t b) { return confusion[a] > confusion[b]; });
  if (cells.empty()) return "none";
  std::string text;
  for (std::size_t i = 0; i < std::min(most, cells.size()); ++i) {
    text +=
        format("%s%zu as %zu (%u)", i == 0 ? "" : ", ", cells[i] / classes, cells[i] % classes, confusion[cells[i]]);
  }
  return text;
}

}  // namespace tools
