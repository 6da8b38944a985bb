// SPDX-License-Identifier: MIT
// The training of an ensemble: networks, each trained on a bootstrap sample.
#pragma once

#include <cstddef>
#include <exception>
#include <mutex>
#include <vector>

#include "data/table_set.hpp"
#include "run/arena.hpp"
#include "run/csv_log.hpp"
#include "run/inspection.hpp"
#include "run/progress.hpp"
#include "run/training.hpp"
#include "run/worker_pool.hpp"

namespace tools {

/// Trains whole members on the threads of a pool, one per slot of the arena. Their number changes no bit of the result.
/// Lines of members are printed and logged in order. All arguments must outlive this object.
class Bagging {
 public:
  Bagging(const Settings& settings, const mote::Topology& topology, const mote::TrainingOptions& options,
          const Split& split, mote::Memory memory);

  /// Throws the Error of the first member that fails. An interrupt leaves out members that have not begun.
  void train(WorkerPool& pool, Progress& progress, CsvLog& log);

  /// Calls unscale_outputs() for the members.
  void unscale_outputs(const ColumnScaling& targets);
  /// Prints the test result of each member, and returns the result of the ensemble.
  TestReport evaluate(const mote::Dataset& test);

  /// The epochs of each trained member.
  std::vector<std::vector<EpochReport>> epochs() const;
  /// Calls tools::inspect(). Needs a trained ensemble and settings with pictures.
  Inspection inspect(const mote::Dataset& responses, const mote::Dataset& test) const;

 private:
  static constexpr std::size_t kNoMember = static_cast<std::size_t>(-1);

  std::size_t take_member();
  void train_members(std::size_t slot);
  Trained train_member(std::size_t slot, std::size_t member);
  void finish(std::size_t member, Trained trained);
  mote::Span<float> parameters(std::size_t member) const;
  /// Numbers of the members that vote: all but those interrupted before their first batch.
  std::vector<std::size_t> asked() const;
  /// Inference parameters of the members that vote.
  std::vector<mote::Member> members() const;

  const Settings& settings_;
  const mote::Topology& topology_;
  const mote::TrainingOptions& options_;
  const Split& split_;
  mote::Memory memory_;
  Arena arena_;
  std::vector<mote::Trainer> trainers_;  // one per slot
  Progress* progress_ = nullptr;
  CsvLog* log_ = nullptr;

  std::mutex mutex_;  // guards the members below
  std::vector<Trained> trained_;
  std::vector<bool> finished_;
  std::vector<std::exception_ptr> errors_;
  std::size_t begun_ = 0;  // members that a thread has taken
  std::size_t printed_ = 0;
  std::size_t images_ = 0;
  bool failed_ = false;
};

}  // namespace tools
