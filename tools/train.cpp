// SPDX-License-Identifier: MIT
// Trains a multilayer perceptron on an IDX image set and says how well it does on the test set.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "arena.hpp"
#include "atomic_file.hpp"
#include "bagging.hpp"
#include "c_header.hpp"
#include "checkpoints.hpp"
#include "csv_log.hpp"
#include "diagnosis.hpp"
#include "error.hpp"
#include "image_files.hpp"
#include "interrupt.hpp"
#include "mote/mote.hpp"
#include "names.hpp"
#include "network_files.hpp"
#include "pictures.hpp"
#include "program.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "settings.hpp"
#include "training.hpp"
#include "worker_pool.hpp"

namespace tools {
namespace {

mote::Storage<std::size_t{MOTE_MEMORY_MB} << 20> network_memory;
mote::Storage<std::size_t{MOTE_DATA_MB} << 20> data_memory;

mote::Trainer trainer;  // of a single network

mote::Topology make_topology(const Settings& settings, const ImageSet& images) {
  const std::size_t inputs = images.train.features, outputs = images.train.outputs();
  const std::string option = settings.layers.empty() ? "--hidden: " : "--layers: ";
  std::vector<std::uint32_t> sizes = settings.layers;
  if (sizes.empty()) {
    sizes = settings.hidden;
    sizes.insert(sizes.begin(), static_cast<std::uint32_t>(inputs));
    sizes.push_back(static_cast<std::uint32_t>(outputs));
  }
  if (sizes.front() != inputs) {
    throw Error("--layers: starts with " + std::to_string(sizes.front()) + " inputs, but the images have " +
                std::to_string(inputs) + " pixels; start with " + std::to_string(inputs) + " or use --hidden");
  }
  if (sizes.back() != outputs) {
    const std::string count = std::to_string(outputs);
    const std::string reason = settings.aim == Aim::inputs    ? "--autoencoder reproduces " + count + " pixels"
                               : settings.aim == Aim::numbers ? "each image has " + count + " targets"
                                                              : "the labels have " + count + " classes";
    throw Error("--layers: ends with " + std::to_string(sizes.back()) + " outputs, but " + reason + "; end with " +
                count + " or use --hidden");
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

Split make_split(const Settings& settings, const mote::Dataset& all) {
  const std::size_t held_out = settings.validation.value_or(std::min<std::size_t>(5000, all.count / 12));
  if (held_out >= all.count) {
    throw Error("--validation: " + std::to_string(held_out) + " images held out leaves none of " +
                std::to_string(all.count) + " to train on");
  }
  if (held_out == 0 && settings.early_stopping) {
    throw Error("--early-stopping: there are no validation images to look at; hold some out with --validation");
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
  options.clip_norm = settings.clip_norm;
  options.clip_value = settings.clip_value;
  options.max_norm = settings.max_norm;
  options.hidden_dropout = settings.dropout;
  options.input_dropout = settings.input_dropout;
  options.keep_parameters = true;
  options.bootstrap = settings.ensemble > 1 && settings.bootstrap;
  options.workers = settings.ensemble > 1 ? 1 : settings.threads;  // threads train whole members
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

using Clock = std::chrono::steady_clock;

/// "trained after 3.57 s"
std::string time_line(Clock::time_point start, bool diverged) {
  char text[64];
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::snprintf(text, sizeof text, "%s after %.2f s",
                diverged        ? "diverged"
                : interrupted() ? "interrupted"
                                : "trained",
                seconds);
  return text;
}

void say(const Settings& settings, const std::string& line) {
  if (!settings.quiet) std::printf("%s\n", line.c_str());
}

/// What run() has found out before training begins. model: to start from, or null.
struct Prepared {
  ModelFile* model;
  CheckpointReader* resume;  // to go on from, or null
  ImageSet images;
  mote::Topology topology;
  Split split;
  mote::TrainingOptions options;

  /// Samples to look at the layers with.
  const mote::Dataset& responses() const { return split.validation.count != 0 ? split.validation : split.train; }
};

void test_single(const Prepared& run, TestReport& report) {
  const std::size_t classes = run.images.test.labels != nullptr ? run.images.train.classes : 0;
  report.confusion.resize(classes * classes);
  require(trainer.evaluate(run.images.test, report.totals, {report.confusion.data(), report.confusion.size()}));
  report.fingerprint = mote::fingerprint(run.topology, trainer.parameters());
}

/// Trains, evaluates, prints, and puts down in `record` what came of it.
void run_single(const Settings& settings, const Prepared& run, Progress& progress, CsvLog& log, RunRecord& record) {
  const Arena arena = plan_arena(settings, run.topology, run.options, run.split.train.count);
  const mote::Memory memory = network_memory;
  require(trainer.bind(run.topology, run.options, run.split.train.count,
                       memory.subspan(arena.training, memory.size() - arena.training)));
  WorkerPool pool(settings.threads);
  trainer.set_parallel(pool.parallel());
  trainer.initialize(settings.weights, settings.biases);
  if (run.model != nullptr) {
    run.model->load(trainer.parameters(), trainer.running_statistics());
    trainer.keep_parameters();
  }
  if (settings.evaluate) return test_single(run, record.test);
  mote::Span<float> best;
  if (arena.kept_count != 0) best = kept_parameters(arena, run.topology, memory, 0);
  Diagnosis diagnosis;
  if (settings.looks_at_layers()) {
    diagnosis = {run.topology, run.split.train, memory.subspan(arena.diagnosis, arena.diagnosis_size)};
  }
  TrainingState state = begin_training(settings);
  if (run.resume != nullptr) {
    run.resume->restore(settings, run.split, trainer, best, state);
    for (const EpochReport& report : state.trained.epochs) log.write_line(epoch_csv(report));
  }
  std::optional<CheckpointWriter> checkpoint;
  if (!settings.checkpoint.empty()) checkpoint.emplace(settings, run.split);
  std::size_t images_done = state.trained.epochs.size() * run.split.train.count;
  if (trainer.samples_left() != 0) images_done += run.split.train.count - trainer.samples_left();
  Listener listener;
  listener.batch = [&](std::size_t epoch, std::size_t images) {
    images_done += images;
    if (!progress.enabled()) return;
    progress.update("epoch " + std::to_string(epoch) + "/" + std::to_string(settings.epochs), images_done);
  };
  listener.epoch = [&](const EpochReport& report) {
    progress.clear();
    say(settings, epoch_line(report));
    flush_output();
    if (report.complete) log.write_line(epoch_csv(report));
    if (!diagnosis.enabled() || run.resume != nullptr) return;  // drawn from the start or not at all
    record.diagnoses.push_back(report.layers.empty() ? diagnosis.layers(trainer) : report.layers);
  };
  if (checkpoint) {
    listener.resumable = [&](const TrainingState& now, bool within_epoch) {
      checkpoint->write(trainer, now, best, within_epoch);
    };
  }
  if (diagnosis.enabled() && run.resume == nullptr) record.diagnoses.push_back(diagnosis.layers(trainer));
  const Clock::time_point start = Clock::now();
  const Trained trained =
      train(trainer, run.split, settings, best, listener, state, settings.diagnose ? diagnosis : Diagnosis());
  const bool diverged = !trained.divergence.empty();
  if (settings.early_stopping && !diverged) record.ending.push_back(stopping_line(trained.stopping, settings.epochs));
  record.ending.push_back(time_line(start, diverged));
  if (diverged && trained.good_epoch != 0) {
    record.ending.push_back("result of the parameters after epoch " + std::to_string(trained.good_epoch) +
                            ", the last good ones");
  }
  for (const std::string& line : record.ending) say(settings, line);
  if (diverged && trained.good_epoch == 0) throw Error(trained.divergence, kExitFailed);
  test_single(run, record.test);
  record.test.divergence = trained.divergence;
  record.networks = {trained.epochs};
  record.kept_epoch = diverged ? trained.good_epoch : settings.early_stopping ? trained.stopping.best_epoch : 0;
  if (!settings.has_pictures()) return;
  const mote::Span<const float> learnt = trainer.inference_parameters();
  record.inspection = inspect(trainer.inference_topology(), {&learnt, 1}, run.options.loss, run.responses(),
                              run.images.test, memory.subspan(arena.inspection, arena.inspection_size));
}

void run_ensemble(const Settings& settings, const Prepared& run, Progress& progress, CsvLog& log, RunRecord& record) {
  Bagging bagging(settings, run.topology, run.options, run.split, network_memory);
  WorkerPool pool(std::min(settings.threads, settings.ensemble));
  const Clock::time_point start = Clock::now();
  bagging.train(pool, progress, log);
  record.ending.push_back(time_line(start, false));
  say(settings, record.ending.back());
  record.test = bagging.evaluate(run.images.test);
  record.networks = bagging.epochs();
  if (settings.has_pictures()) record.inspection = bagging.inspect(run.responses(), run.images.test);
}

int run(Settings settings) {
  if (settings.isa && !mote::select(*settings.isa).ok()) {
    throw Error("--isa " + std::string(name_of(kInstructionSets, *settings.isa)) +
                ": not supported by this machine or not built in");
  }
  const std::string folder = settings.data.empty() ? mnist_folder() : settings.data;
  std::optional<ModelFile> model;
  if (!settings.load.empty()) {
    model.emplace(settings.load);
    take_model(settings, model->description());
  }
  std::optional<CheckpointReader> resume;
  if (!settings.resume.empty()) resume.emplace(settings.resume);
  Prepared run{model ? &*model : nullptr,
               resume ? &*resume : nullptr,
               load_image_set(folder, data_memory, settings.aim, settings.loss.kind),
               {},
               {},
               {}};
  if (model) fit_to_model(settings, model->description(), run.images);
  run.topology = model ? model->description().topology : make_topology(settings, run.images);
  std::string class_names;
  const mote::ModelDescription description = describe_network(settings, run.topology, run.images, class_names);
  run.split = make_split(settings, run.images.train);
  const std::size_t images = run.split.train.count;
  run.options = make_options(settings, images);
  require(mote::check(run.topology, run.options, images));
  require_memory(plan_arena(settings, run.topology, run.options, images), settings, run.topology,
                 network_memory.size());
  RunRecord record;
  record.command = settings.command;
  record.settings = describe_run(settings, folder, run.images, run.topology, run.options, images,
                                 run.split.validation.count, network_memory.size(), data_memory.size());
  record.has_labels = run.images.test.labels != nullptr;
  record.rows = run.images.rows;
  record.columns = run.images.columns;
  record.responses = run.split.validation.count != 0 ? "validation" : "training";
  Pictures pictures(settings);
  if (!settings.quiet) std::printf("%s", record.settings.c_str());
  flush_output();
  std::optional<AtomicFile> save;
  if (!settings.save.empty()) {
    require_model_or_nothing(settings.save);
    save.emplace("--save", settings.save);
  }
  std::optional<AtomicFile> header;
  if (!settings.header.empty()) {
    check_header_path(settings.header);
    header.emplace("--export-header", settings.header);
  }
  listen_for_interrupt();
  const bool many = settings.ensemble > 1;
  const std::string extra = settings.diagnose ? diagnosis_csv_header(run.topology.layer_count) : "";
  CsvLog log(settings.log, (many ? kEnsembleCsvHeader : kCsvHeader) + extra);
  Progress progress(!settings.quiet && isatty(STDOUT_FILENO) != 0, settings.ensemble * settings.epochs * images);
  (many ? run_ensemble : run_single)(settings, run, progress, log, record);
  const TestReport& report = record.test;
  std::printf("%s", test_lines(report.totals, record.has_labels).c_str());
  if (!settings.quiet && !report.confusion.empty()) {
    std::printf("most confused: %s\n", most_confused(report.confusion, run.images.train.classes, 5).c_str());
  }
  std::printf("parameters fingerprint %08x\n", report.fingerprint);
  pictures.draw(record);
  if (!report.divergence.empty()) throw Error(report.divergence, kExitFailed);
  log.close();
  if (save) save_model(*save, description, trainer.parameters(), trainer.running_statistics());
  if (header) {
    say(settings, write_header(*header, {trainer.inference_topology(), trainer.inference_parameters(), run.images.test,
                                         settings.header_weights}));
  }
  return interrupted() ? kExitInterrupted : 0;
}

}  // namespace
}  // namespace tools

int main(int count, char** arguments) {
  return tools::run_program("train", [&] {
    const tools::Settings settings = tools::parse_settings(count, arguments);
    if (!settings.help) return tools::run(settings.resume.empty() ? settings : tools::resume_settings(settings));
    std::printf("%s", tools::help_text().c_str());
    return 0;
  });
}
