// SPDX-License-Identifier: MIT
// Trains a multilayer perceptron on an IDX image set or a table and prints its result on the test rows.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>

#include "common/error.hpp"
#include "common/format.hpp"
#include "common/names.hpp"
#include "common/program.hpp"
#include "common/run_memory.hpp"
#include "mote/mote.hpp"
#include "run/arena.hpp"
#include "run/bagging.hpp"
#include "run/checkpoints.hpp"
#include "run/csv_log.hpp"
#include "run/diagnosis.hpp"
#include "run/interrupt.hpp"
#include "run/network_files.hpp"
#include "run/pictures.hpp"
#include "run/preparation.hpp"
#include "run/progress.hpp"
#include "run/quality.hpp"
#include "run/report.hpp"
#include "run/run_data.hpp"
#include "run/settings.hpp"
#include "run/settings_checks.hpp"
#include "run/training.hpp"
#include "run/worker_pool.hpp"

namespace tools {
namespace {

mote::Trainer trainer;  // of a run that trains one network

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

/// Everything known before training begins.
struct Prepared {
  std::optional<ModelFile> model;          // to start from
  std::optional<FileLock> checkpoint;      // as long as the run
  std::optional<CheckpointReader> resume;  // to continue from
  RunData data;
  mote::Topology topology;
  ModelNames names;  // viewed by the description
  mote::ModelDescription description;
  Split split;
  mote::TrainingOptions options;

  /// Samples whose activations the pictures show.
  const mote::Dataset& responses() const { return split.validation.count != 0 ? split.validation : split.train; }
};

/// Decides on the network, the samples and the options, and checks that they fit each other.
void decide(const Settings& settings, Prepared& run) {
  run.topology = run.model ? run.model->description().topology : make_topology(settings, run.data);
  run.description = describe_network(settings, run.topology, run.data, run.names);
  if (settings.aim == Aim::labels) run.data.class_names = list_of(run.description.class_names);
  run.split = make_split(settings, run.data);
  const std::size_t images = run.split.train.count, hidden = run.topology.layer_count - 1;
  if (settings.dropout.size() > 1 && settings.dropout.size() != hidden) {
    throw Error("--dropout: found " + std::to_string(settings.dropout.size()) + " rates, expected 1 or " +
                std::to_string(hidden) + ", one for each hidden layer");
  }
  run.options = make_options(settings, run.data, images);
  require(mote::check(run.topology, run.options, images));
  require_memory(plan_arena(settings, run.topology, run.options, images), settings, run.topology,
                 network_memory().size());
}

/// Reads models, checkpoints and data, and fills in the settings that a model decides.
void prepare(Settings& settings, Prepared& run) {
  if (settings.isa && !mote::select(*settings.isa).ok()) {
    throw Error("--isa " + std::string(name_of(kInstructionSets, *settings.isa)) +
                ": not supported by this machine or not built in");
  }
  if (!settings.load.empty()) {
    const ForeignNetwork foreign = foreign_network(settings);
    run.model.emplace(settings.load, "--load", &foreign);
    if (!run.model->is_foreign() && !settings.of_foreign.empty()) refuse_with_load(settings.of_foreign[0]);
    if (run.model->is_foreign())
      say(settings, "layers    " + run.model->foreign_order() + ", of " + printable(settings.load));
    take_model(settings, run.model->description());
  }
  claim_checkpoint(settings, run.checkpoint);
  if (!settings.resume.empty()) run.resume.emplace(settings.resume);
  run.data = load_data(settings, data_memory(), run.model ? &run.model->description() : nullptr);
  if (run.model) fit_to_model(settings, run.model->description(), run.data);
  try {
    decide(settings, run);
  } catch (const Error& error) {
    if (!run.resume) throw;
    // The options are those of the interrupted training, which may have had other images.
    throw Error("--resume: " + settings.resume + ": its " + error.what(), error.status);
  }
}

/// Training of one network. Writes the results into `record`.
class SingleRun {
 public:
  SingleRun(const Settings& settings, Prepared& run, Progress& progress, CsvLog& log, RunRecord& record)
      : settings_(settings),
        run_(run),
        progress_(progress),
        log_(log),
        record_(record),
        arena_(plan_arena(settings, run.topology, run.options, run.split.train.count)),
        pool_(settings.threads) {
    require(trainer.bind(run.topology, run.options, run.split.train.count,
                         memory_.subspan(arena_.training, memory_.size() - arena_.training)));
    trainer.set_parallel(pool_.parallel());
    trainer.initialize(settings.weights, settings.biases);
    if (!run.model) return;
    run.model->load(trainer.parameters(), trainer.running_statistics());
    if (run.data.table) scale_outputs(run.topology, run.data.table->targets, trainer.parameters());
    trainer.keep_parameters();
  }

  /// Trains, evaluates and prints.
  void train() {
    if (settings_.looks_at_layers()) {
      diagnosis_ = {run_.topology, run_.split.train, memory_.subspan(arena_.diagnosis, arena_.diagnosis_size)};
    }
    TrainingState state = begin_training(settings_);
    if (run_.resume) {
      run_.resume->restore(settings_, run_.split, trainer, state);
      for (const EpochReport& report : state.trained.epochs) log_.write_line(epoch_csv(report));
    }
    images_done_ = state.trained.epochs.size() * run_.split.train.count;
    if (trainer.samples_left() != 0) images_done_ += run_.split.train.count - trainer.samples_left();
    if (!settings_.checkpoint.empty()) checkpoint_.emplace(settings_, run_.split);
    if (draws_layers()) record_.diagnoses.push_back(diagnosis_.layers(trainer));
    const Clock::time_point start = Clock::now();
    finish(
        tools::train(trainer, run_.split, settings_, listener(), state, settings_.diagnose ? diagnosis_ : Diagnosis()),
        start);
  }

  /// Evaluates the network on the test images.
  void test() {
    const std::size_t classes = run_.data.test.labels != nullptr ? run_.data.train.classes : 0;
    TestReport& report = record_.test;
    report.confusion.resize(classes * classes);
    require(trainer.evaluate(run_.data.test, report.totals, {report.confusion.data(), report.confusion.size()}));
    if (settings_.measures_errors()) {
      const mote::Member learned = trainer.inference_parameters();
      report.errors = measure_errors(trainer.inference_topology(), {&learned, 1}, run_.data.test, inspection_memory());
    }
    report.fingerprint = mote::fingerprint(run_.topology, trainer.parameters());
  }

 private:
  /// Whether layers are drawn, which needs a run that starts at the first epoch.
  bool draws_layers() const { return diagnosis_.enabled() && !run_.resume; }

  mote::Memory inspection_memory() const { return memory_.subspan(arena_.inspection, arena_.inspection_size); }

  Listener listener() {
    Listener listener;
    listener.batch = [this](std::size_t epoch, std::size_t images) {
      images_done_ += images;
      if (!progress_.enabled()) return;
      progress_.update("epoch " + std::to_string(epoch) + "/" + std::to_string(settings_.epochs), images_done_);
    };
    listener.epoch = [this](const EpochReport& report) {
      progress_.clear();
      say(settings_, epoch_line(report));
      flush_lines(settings_.writes_files());
      if (report.complete) log_.write_line(epoch_csv(report));
      if (!draws_layers()) return;
      record_.diagnoses.push_back(report.layers.empty() ? diagnosis_.layers(trainer) : report.layers);
    };
    if (checkpoint_) {
      listener.resumable = [this](const TrainingState& now, Moment moment) {
        checkpoint_->write(trainer, now, moment);
      };
    }
    return listener;
  }

  void finish(const Trained& trained, Clock::time_point start) {
    const bool diverged = !trained.divergence.empty();
    if (settings_.early_stopping && !diverged) {
      record_.ending.push_back(stopping_line(trained.stopping, settings_.epochs));
    }
    record_.ending.push_back(time_line(start, diverged));
    if (diverged && trained.good_epoch != 0) {
      record_.ending.push_back("result of the parameters after epoch " + std::to_string(trained.good_epoch) +
                               (settings_.early_stopping ? ", the best ones" : ", the last good ones"));
    }
    for (const std::string& line : record_.ending) say(settings_, line);
    if (diverged && trained.good_epoch == 0) throw Error(trained.divergence, kExitFailed);
    if (run_.data.table) unscale_outputs(run_.topology, run_.data.table->targets, trainer.parameters());
    test();
    record_.test.divergence = trained.divergence;
    record_.networks = {trained.epochs};
    record_.kept_epoch = diverged ? trained.good_epoch : settings_.early_stopping ? trained.stopping.best_epoch : 0;
    if (!settings_.has_pictures()) return;
    const mote::Member learned = trainer.inference_parameters();
    record_.inspection = inspect(trainer.inference_topology(), {&learned, 1}, run_.options.loss, run_.responses(),
                                 run_.data.test, inspection_memory(), settings_.is_table);
  }

  const Settings& settings_;
  Prepared& run_;
  Progress& progress_;
  CsvLog& log_;
  RunRecord& record_;
  const mote::Memory memory_ = network_memory();
  const Arena arena_;
  WorkerPool pool_;
  Diagnosis diagnosis_;
  std::optional<CheckpointWriter> checkpoint_;
  std::size_t images_done_ = 0;
};

void run_ensemble(const Settings& settings, const Prepared& run, Progress& progress, CsvLog& log, RunRecord& record) {
  Bagging bagging(settings, run.topology, run.options, run.split, network_memory());
  WorkerPool pool(std::min(settings.threads, settings.ensemble));
  const Clock::time_point start = Clock::now();
  bagging.train(pool, progress, log);
  record.ending.push_back(time_line(start, false));
  say(settings, record.ending.back());
  if (run.data.table) bagging.unscale_outputs(run.data.table->targets);
  record.test = bagging.evaluate(run.data.test);
  record.networks = bagging.epochs();
  if (settings.has_pictures()) record.inspection = bagging.inspect(run.responses(), run.data.test);
}

RunRecord record_of(const Settings& settings, const Prepared& run) {
  RunRecord record;
  record.command = settings.command;
  record.settings = describe_run(settings, run.data, run.topology, run.options, run.split.train.count,
                                 run.split.validation.count, network_memory().size(), data_memory().size());
  record.has_labels = run.data.test.labels != nullptr;
  record.rows = run.data.rows;
  record.columns = run.data.columns;
  record.samples = run.data.samples();
  record.output_names = run.data.output_names();
  if (run.data.table) {
    record.feature_names = run.data.table->training.feature_names;
    record.scaling = run.data.table->inputs;
  }
  record.responses = run.split.validation.count != 0 ? "validation" : "training";
  return record;
}

/// Writes the files that remain. After a failure the others are still written, and the first failure is thrown.
void write_files(const Prepared& run, const RunRecord& record, const Settings& settings, NetworkFiles& files,
                 Pictures& pictures, CsvLog& log) {
  std::exception_ptr failure;
  const auto attempt = [&](auto write) {
    try {
      write();
    } catch (const Error&) {
      if (failure == nullptr) failure = std::current_exception();
    }
  };
  const bool diverged = !record.test.divergence.empty();
  if (!diverged) {
    attempt([&] {
      const Exported exported = files.write(trainer, run.description, run.data, record.test.totals);
      if (!exported.line.empty()) say(settings, exported.line);
      if (!exported.details.empty()) say(settings, exported.details);
      warn(exported.warning);
    });
  }
  attempt([&] { pictures.draw(record); });
  attempt([&] { log.close(); });
  if (diverged) throw Error(record.test.divergence, kExitFailed);
  if (failure != nullptr) std::rethrow_exception(failure);
  if (!std::isfinite(record.test.totals.mean_loss())) {
    throw Error(
        "test loss: not finite; sums of a layer are too large for single precision: check the weights of the "
        "network and the inputs",
        kExitFailed);
  }
}

int run(Settings settings) {
  Prepared run;
  prepare(settings, run);
  RunRecord record = record_of(settings, run);
  Pictures pictures(settings);
  if (!settings.quiet) std::printf("%s", record.settings.c_str());
  flush_output();
  listen_for_interrupt();
  NetworkFiles files(settings);
  const bool many = settings.ensemble > 1;
  const std::string extra = settings.diagnose ? diagnosis_csv_header(run.topology.layer_count) : "";
  CsvLog log(settings.log, (many ? kEnsembleCsvHeader : kCsvHeader) + extra);
  Progress progress(!settings.quiet && isatty(STDOUT_FILENO) != 0,
                    settings.ensemble * settings.epochs * run.split.train.count, run.data.samples());
  if (many) {
    run_ensemble(settings, run, progress, log, record);
  } else {
    SingleRun single(settings, run, progress, log, record);
    settings.evaluate ? single.test() : single.train();
  }
  const TestReport& report = record.test;
  std::printf("%s", test_lines(report, record.output_names, !settings.quiet).c_str());
  std::printf("parameters fingerprint %08x\n", report.fingerprint);
  if (std::isfinite(report.totals.mean_loss())) {  // otherwise samples are missing from the confusion matrix
    const std::string collapse = collapse_text(report.confusion, record.output_names, run.data.samples());
    warn(collapse.empty() ? unrecognized_text(report.confusion, record.output_names, run.data.samples()) : collapse);
  }
  write_files(run, record, settings, files, pictures, log);
  return interrupt_status();
}

}  // namespace
}  // namespace tools

int main(int count, char** arguments) {
  return tools::run_program("train", count, arguments, tools::help_text, [&] {
    const tools::Settings settings = tools::parse_settings(count, arguments);
    return tools::run(settings.resume.empty() ? settings : tools::resume_settings(settings));
  });
}
