// SPDX-License-Identifier: MIT
// Trains a multilayer perceptron on an IDX image set and says how well it does on the test set.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "csv_log.hpp"
#include "error.hpp"
#include "image_files.hpp"
#include "mote/mote.hpp"
#include "names.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "settings.hpp"
#include "worker_pool.hpp"

namespace tools {
namespace {

mote::Storage<std::size_t{MOTE_MEMORY_MB} << 20> network_memory;
mote::Storage<std::size_t{MOTE_DATA_MB} << 20> data_memory;

volatile std::sig_atomic_t interrupted = 0;

volatile std::sig_atomic_t interrupted_at = 0;

/// The first Ctrl-C ends training in good order, one more than a second later at once. (Programs such as timeout send
/// the same signal twice: to the process and to its group.)
void on_interrupt(int) {
  const auto now = static_cast<std::sig_atomic_t>(std::time(nullptr));
  if (interrupted != 0 && now - interrupted_at > 1) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
  if (interrupted == 0) interrupted_at = now;
  interrupted = 1;
}

/// Where interrupts were ignored they stay ignored.
void listen_for_interrupt() {
  struct sigaction action = {};
  if (sigaction(SIGINT, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) return;
  action = {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
}

mote::Topology make_topology(const Settings& settings, const ImageSet& images) {
  const std::size_t inputs = images.train.features, classes = images.train.classes;
  const std::string option = settings.layers.empty() ? "--hidden: " : "--layers: ";
  std::vector<std::uint32_t> sizes = settings.layers;
  if (sizes.empty()) {
    sizes = settings.hidden;
    sizes.insert(sizes.begin(), static_cast<std::uint32_t>(inputs));
    sizes.push_back(static_cast<std::uint32_t>(classes));
  }
  if (sizes.front() != inputs) {
    throw Error("--layers: starts with " + std::to_string(sizes.front()) + " inputs, but the images have " +
                std::to_string(inputs) + " pixels; start with " + std::to_string(inputs) + " or use --hidden");
  }
  if (sizes.back() != classes) {
    throw Error("--layers: ends with " + std::to_string(sizes.back()) + " outputs, but the labels have " +
                std::to_string(classes) + " classes; end with " + std::to_string(classes) + " or use --hidden");
  }
  if (settings.batch_norm && sizes.size() == 2) throw Error("--batch-norm: there is no hidden layer to normalize");
  if (sizes.size() - 1 > mote::kMaxLayers) {
    throw Error(option + std::to_string(sizes.size() - 1) + " layers asked for, at most " +
                std::to_string(mote::kMaxLayers) + " possible");
  }
  mote::Topology topology;
  topology.inputs = sizes.front();
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    const bool last = i + 1 == sizes.size();
    const mote::Result added =
        topology.add({sizes[i], last ? settings.output_activation : settings.activation, settings.batch_norm && !last});
    if (!added.ok()) throw Error(option + describe(added));
  }
  if (const mote::Result result = mote::check(topology); !result.ok()) throw Error(option + describe(result));
  return topology;
}

/// The training images, split in those to train on and those to validate on.
struct Split {
  mote::Dataset train;
  mote::Dataset validation;
};

Split make_split(const Settings& settings, const mote::Dataset& all) {
  const std::size_t held_out = settings.validation.value_or(std::min<std::size_t>(5000, all.count / 12));
  if (held_out >= all.count) {
    throw Error("--validation: " + std::to_string(held_out) + " images held out leaves none of " +
                std::to_string(all.count) + " to train on");
  }
  const std::size_t most = all.count - held_out;
  if (settings.train_limit > most) {
    throw Error("--train-limit: " + std::to_string(settings.train_limit) + " asked for, but there are " +
                std::to_string(most) + " training images besides those held out");
  }
  const std::size_t count = settings.train_limit == 0 ? most : settings.train_limit;
  return {all.subset(0, count), all.subset(most, held_out)};
}

mote::Decay decay_of(RateSchedule schedule) {
  switch (schedule) {
    case RateSchedule::step: return mote::Decay::step;
    case RateSchedule::exponential: return mote::Decay::exponential;
    case RateSchedule::cosine: return mote::Decay::cosine;
    case RateSchedule::constant:
    case RateSchedule::plateau: break;
  }
  return mote::Decay::none;
}

/// The settings' epochs as parameter steps.
mote::Schedule make_schedule(const Settings& settings, std::size_t images, std::size_t batch_size) {
  const auto steps = [&](double epochs) {
    const double wanted = std::round(epochs * mote::steps_per_epoch(images, batch_size));
    return static_cast<std::uint32_t>(std::min(wanted, 4294967295.0));
  };
  const double all = static_cast<double>(settings.epochs), warmup = static_cast<double>(settings.warmup);
  const bool cosine = settings.schedule == RateSchedule::cosine;
  const double usual = cosine ? std::max(all - warmup, 0.0) : all / 3.0;
  mote::Schedule schedule;
  schedule.decay = decay_of(settings.schedule);
  const double epochs = settings.decay_epochs ? static_cast<double>(*settings.decay_epochs) : usual;
  schedule.decay_steps = std::max(steps(epochs), 1u);
  schedule.factor = settings.decay_factor.value_or(cosine ? 0.0f : 0.1f);
  schedule.warmup_steps = steps(warmup);
  return schedule;
}

mote::TrainingOptions make_options(const Settings& settings, std::size_t images) {
  mote::TrainingOptions options;
  options.loss = settings.loss;
  options.optimizer = settings.optimizer;
  options.l1 = settings.l1;
  options.l2 = settings.l2;
  options.seed = settings.seed;
  options.workers = settings.threads;
  options.batch_size = settings.batch.value_or(std::min<std::size_t>(64, images));
  if (options.batch_size == 0) options.batch_size = images;
  if (options.batch_size > images) {
    throw Error("--batch: " + std::to_string(options.batch_size) + " is more than the " + std::to_string(images) +
                " training images; use --batch full for all of them");
  }
  if (settings.batch_norm) {
    options.memory_rows = std::max(options.memory_rows, options.batch_size);  // its statistics are of whole batches
    if (images % options.batch_size == 1) {
      throw Error("--batch: " + std::to_string(options.batch_size) + " leaves a single one of the " +
                  std::to_string(images) + " training images for the last step, too few for --batch-norm");
    }
  }
  options.schedule = make_schedule(settings, images, options.batch_size);
  return options;
}

void bind(mote::Trainer& trainer, const mote::Topology& topology, const mote::TrainingOptions& options,
          std::size_t images) {
  const mote::Result result = trainer.bind(topology, options, images, network_memory);
  if (result.ok()) return;
  if (result.status != mote::Status::memory_too_small) throw Error(describe(result));
  throw Error("the network " + describe_sizes(topology) + " needs " + std::to_string(result.expected) +
              " bytes of static memory to train, but " + std::to_string(result.found) +
              " are built in; rebuild with: make MEMORY_MB=" + std::to_string((result.expected >> 20) + 1));
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void require(const mote::Result& result) {
  if (!result.ok()) throw Error(describe(result));
}

/// Trains for one epoch or until interrupted.
void train_epoch(mote::Trainer& trainer, const mote::Dataset& train, std::size_t epoch, std::size_t epochs,
                 Progress& progress) {
  require(trainer.begin_epoch(train));
  const std::string label = "epoch " + std::to_string(epoch) + "/" + std::to_string(epochs);
  while (trainer.samples_left() > 0 && interrupted == 0) {
    if (const mote::Result result = trainer.train_batch(); !result.ok()) {
      progress.clear();
      throw Error(describe(result) + " of epoch " + std::to_string(epoch) + "; lower --learning-rate, --l1 or --l2",
                  kExitFailed);
    }
    progress.update(label, epoch * train.count - trainer.samples_left());
  }
}

void train(mote::Trainer& trainer, const Split& split, const Settings& settings, CsvLog& log) {
  Progress progress(!settings.quiet && isatty(STDOUT_FILENO) != 0, settings.epochs * split.train.count);
  mote::ReduceOnPlateau plateau;
  plateau.factor = settings.decay_factor.value_or(plateau.factor);
  plateau.patience = settings.patience;
  const bool rate_changes = settings.schedule != RateSchedule::constant || settings.warmup > 0.0f;
  for (std::size_t epoch = 1; epoch <= settings.epochs && interrupted == 0; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    const float learning_rate = rate_changes ? trainer.learning_rate() : 0.0f;
    train_epoch(trainer, split.train, epoch, settings.epochs, progress);
    EpochReport report{epoch, settings.epochs, trainer.epoch_totals(), {}, seconds_since(start), learning_rate};
    if (split.validation.count != 0) require(trainer.evaluate(split.validation, report.validation));
    if (settings.schedule == RateSchedule::plateau) {
      const mote::LossTotals& judge = split.validation.count != 0 ? report.validation : report.train;
      const float base = trainer.options().optimizer.learning_rate;  // warm-up goes on to multiply it
      require(trainer.set_learning_rate(plateau.update(judge.mean_loss(), base)));
    }
    progress.clear();
    const std::string cut =
        trainer.samples_left() == 0 ? "" : ", interrupted after " + std::to_string(report.train.samples) + " images";
    if (!settings.quiet) std::printf("%s%s\n", epoch_line(report).c_str(), cut.c_str());
    std::fflush(stdout);
    if (trainer.samples_left() == 0) log.write_line(epoch_csv(report));
  }
}

void print_result(mote::Trainer& trainer, const ImageSet& images, bool quiet) {
  const std::size_t classes = images.train.classes;
  mote::LossTotals totals;
  std::vector<std::uint32_t> confusion(classes * classes);
  require(trainer.evaluate(images.test, totals, {confusion.data(), confusion.size()}));
  std::printf("%s", test_lines(totals).c_str());
  if (!quiet) std::printf("most confused: %s\n", most_confused(confusion, classes, 5).c_str());
  std::printf("parameters fingerprint %08x\n", mote::fingerprint(trainer.topology(), trainer.parameters()));
}

int run(const Settings& settings) {
  if (settings.isa && !mote::select(*settings.isa).ok()) {
    throw Error("--isa " + std::string(name_of(kInstructionSets, *settings.isa)) +
                ": not supported by this machine or not built in");
  }
  const std::string folder = settings.data.empty() ? mnist_folder() : settings.data;
  const ImageSet images = load_image_set(folder, data_memory);
  const mote::Topology topology = make_topology(settings, images);
  const Split split = make_split(settings, images.train);
  const mote::TrainingOptions options = make_options(settings, split.train.count);
  static mote::Trainer trainer;
  bind(trainer, topology, options, split.train.count);
  if (!settings.quiet) {
    const std::string text = describe_run(settings, folder, images, topology, options, split.train.count,
                                          split.validation.count, network_memory.size(), data_memory.size());
    std::printf("%s", text.c_str());
    std::fflush(stdout);
  }
  WorkerPool pool(settings.threads);
  trainer.set_parallel(pool.parallel());
  listen_for_interrupt();
  CsvLog log(settings.log, kCsvHeader);
  trainer.initialize(settings.weights, settings.biases);
  const auto start = std::chrono::steady_clock::now();
  train(trainer, split, settings, log);
  if (!settings.quiet) {
    std::printf("%s after %.2f s\n", interrupted != 0 ? "interrupted" : "trained", seconds_since(start));
  }
  print_result(trainer, images, settings.quiet);
  log.close();
  return interrupted != 0 ? kExitInterrupted : 0;
}

}  // namespace
}  // namespace tools

int main(int count, char** arguments) {
  try {
    const tools::Settings settings = tools::parse_settings(count, arguments);
    if (settings.help) {
      std::printf("%s", tools::help_text().c_str());
      return 0;
    }
    const int status = tools::run(settings);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      throw tools::Error("standard output: cannot be written", tools::kExitFailed);
    }
    return status;
  } catch (const tools::Error& error) {
    std::fflush(stdout);
    std::fprintf(stderr, "train: %s\n", error.what());
    return error.status;
  } catch (const std::exception& error) {  // the system refused something: memory, a file system call
    std::fflush(stdout);
    std::fprintf(stderr, "train: %s\n", error.what());
    return tools::kExitFailed;
  }
}
