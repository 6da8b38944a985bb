// SPDX-License-Identifier: MIT
#include "run/bagging.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

#include "common/error.hpp"
#include "run/interrupt.hpp"
#include "run/quality.hpp"

namespace tools {

Bagging::Bagging(const Settings& settings, const mote::Topology& topology, const mote::TrainingOptions& options,
                 const Split& split, mote::Memory memory)
    : settings_(settings),
      topology_(topology),
      options_(options),
      split_(split),
      memory_(memory),
      arena_(plan_arena(settings, topology, options, split.train.count)),
      trainers_(arena_.slots),
      trained_(settings.ensemble),
      finished_(settings.ensemble),
      errors_(settings.ensemble) {}

void Bagging::train(WorkerPool& pool, Progress& progress, CsvLog& log) {
  progress_ = &progress;
  log_ = &log;
  pool.parallel().for_each(arena_.slots, [this](std::size_t slot) { train_members(slot); });
  progress.clear();
  for (const std::exception_ptr& error : errors_) {
    if (error) std::rethrow_exception(error);
  }
}

/// The next member to train. Members begin in order.
std::size_t Bagging::take_member() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool stop = failed_ || (interrupted() && begun_ > 0);
  return stop || begun_ == settings_.ensemble ? kNoMember : begun_++;
}

void Bagging::train_members(std::size_t slot) {
  for (std::size_t member = take_member(); member != kNoMember; member = take_member()) {
    try {
      finish(member, train_member(slot, member));
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex_);
      errors_[member] = std::current_exception();
      failed_ = true;
    }
  }
}

Trained Bagging::train_member(std::size_t slot, std::size_t member) {
  mote::TrainingOptions options = options_;
  options.seed = mote::derived_seed(settings_.seed, member);
  mote::Trainer& trainer = trainers_[slot];
  const std::size_t stride = arena_.training_stride;
  require(
      trainer.bind(topology_, options, split_.train.count, memory_.subspan(arena_.training + slot * stride, stride)));
  trainer.initialize(settings_.weights, settings_.biases);
  const auto on_batch = [this](std::size_t, std::size_t images) {
    if (!progress_->enabled()) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    images_ += images;
    progress_->update("done " + std::to_string(printed_) + "/" + std::to_string(settings_.ensemble), images_);
  };
  try {
    Trained trained =
        tools::train(trainer, split_, settings_, {on_batch, [](const EpochReport&) {}}, begin_training(settings_));
    if (!trained.divergence.empty()) throw Error(trained.divergence, kExitFailed);
    const mote::Span<const float> learned = trainer.inference_parameters();
    std::copy(learned.begin(), learned.end(), parameters(member).begin());
    return trained;
  } catch (const Error& error) {
    throw Error("member " + std::to_string(member + 1) + ": " + error.what(), error.status);
  }
}

/// Stores a result, then prints and logs the members up to the first that has not finished.
void Bagging::finish(std::size_t member, Trained trained) {
  const std::lock_guard<std::mutex> lock(mutex_);
  trained_[member] = std::move(trained);
  finished_[member] = true;
  progress_->clear();
  for (; printed_ < settings_.ensemble && finished_[printed_]; ++printed_) {
    const Trained& next = trained_[printed_];
    const std::string number = std::to_string(printed_ + 1);
    if (!settings_.quiet) {
      const std::string name = "member " + number + "/" + std::to_string(settings_.ensemble);
      std::printf("%s  %s\n", name.c_str(), training_line(next.epochs, next.stopping).c_str());
      flush_lines(settings_.writes_files());
    }
    for (const EpochReport& epoch : next.epochs) {
      if (epoch.complete) log_->write_line(number + "," + epoch_csv(epoch));
    }
  }
}

mote::Span<float> Bagging::parameters(std::size_t member) const {
  return kept_parameters(arena_, topology_, memory_, member);
}

std::vector<std::size_t> Bagging::asked() const {
  std::vector<std::size_t> numbers;
  for (std::size_t member = 0; member < begun_; ++member) {
    if (member == 0 || !trained_[member].epochs.empty()) numbers.push_back(member);
  }
  return numbers;
}

std::vector<mote::Member> Bagging::members() const {
  std::vector<mote::Member> members;
  for (const std::size_t member : asked()) {
    members.emplace_back(parameters(member).subspan(0, without_batch_norm(topology_).parameter_count()));
  }
  return members;
}

std::vector<std::vector<EpochReport>> Bagging::epochs() const {
  std::vector<std::vector<EpochReport>> epochs;
  for (const std::size_t member : asked()) epochs.push_back(trained_[member].epochs);
  return epochs;
}

Inspection Bagging::inspect(const mote::Dataset& responses, const mote::Dataset& test) const {
  const std::vector<mote::Member> all = members();
  return tools::inspect(without_batch_norm(topology_), {all.data(), all.size()}, options_.loss, responses, test,
                        memory_.subspan(arena_.inspection, arena_.inspection_size), settings_.is_table);
}

void Bagging::unscale_outputs(const ColumnScaling& targets) {
  for (const std::size_t member : asked()) {
    tools::unscale_outputs(without_batch_norm(topology_), targets, parameters(member));
  }
}

TestReport Bagging::evaluate(const mote::Dataset& test) {
  const mote::Memory scratch = memory_.subspan(arena_.training, memory_.size() - arena_.training);
  const mote::Topology topology = without_batch_norm(topology_);
  const std::vector<std::size_t> numbers = asked();
  const std::vector<mote::Member> all_members = members();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    mote::LossTotals totals;
    require(mote::evaluate(topology, all_members[i].parameters, options_.loss, test, scratch, totals));
    std::printf("%s\n", member_line(numbers[i] + 1, settings_.ensemble, totals, test.labels != nullptr,
                                    mote::fingerprint(topology, all_members[i].parameters))
                            .c_str());
  }
  const mote::Members all{all_members.data(), all_members.size()};
  TestReport report;
  const std::size_t classes = test.labels != nullptr ? test.classes : 0;
  report.confusion.resize(classes * classes);
  require(mote::evaluate(topology, all, options_.loss, test, scratch, report.totals,
                         {report.confusion.data(), report.confusion.size()}));
  if (settings_.measures_errors()) report.errors = measure_errors(topology, all, test, scratch);
  report.fingerprint = mote::fingerprint(topology, all);
  return report;
}

}  // namespace tools
