// SPDX-License-Identifier: MIT
// An ensemble of networks, each trained on a bootstrap sample.
#pragma once

#include <cstddef>
#include <exception>
#include <mutex>
#include <vector>

#include "common/csv_log.hpp"
#include "common/progress.hpp"
#include "common/worker_pool.hpp"
#include "data/image_files.hpp"
#include "run/arena.hpp"
#include "run/inspection.hpp"
#include "run/training.hpp"

namespace tools {

/// Trains whole members on the threads of a pool, as many at a time as the arena has slots. Which thread trains which
/// member changes no bit, and the members' lines are printed and logged in their order. All arguments must outlive it.
class Bagging {
 public:
  Bagging(const Settings& settings, const mote::Topology& topology, const mote::TrainingOptions& options,
          const Split& split, mote::Memory memory);

  /// Throws the Error of the first member that fails. Interrupted, it leaves out the members that had not begun.
  void train(WorkerPool& pool, Progress& progress, CsvLog& log);

  /// Prints how each member does on the test images, and returns how all of them do together.
  TestReport evaluate(const mote::Dataset& test);

  /// The epochs of the members that are asked.
  std::vector<std::vector<EpochReport>> epochs() const;
  /// tools::inspect(); after training, where the settings ask for pictures.
  Inspection inspect(const mote::Dataset& responses, const mote::Dataset& test) const;

 private:
  static constexpr std::size_t kNoMember = static_cast<std::size_t>(-1);

  std::size_t take_member();
  void train_members(std::size_t slot);
  Trained train_member(std::size_t slot, std::size_t member);
  void finish(std::size_t member, Trained trained);
  mote::Span<float> parameters(std::size_t member) const;
  /// The members that are asked: not those that were interrupted before their first batch.
  std::vector<std::size_t> asked() const;
  /// Their inference parameters.
  std::vector<mote::Span<const float>> members() const;

  const Settings& settings_;
  const mote::Topology& topology_;
  const mote::TrainingOptions& options_;
  const Split& split_;
  mote::Memory memory_;
  Arena arena_;
  std::vector<mote::Trainer> trainers_;  // one a slot
  Progress* progress_ = nullptr;
  CsvLog* log_ = nullptr;

  std::mutex mutex_;  // of what follows
  std::vector<Trained> trained_;
  std::vector<bool> finished_;
  std::vector<std::exception_ptr> errors_;
  std::size_t begun_ = 0;  // members that a thread has taken
  std::size_t printed_ = 0;
  std::size_t images_ = 0;
  bool failed_ = false;
};

}  // namespace tools
