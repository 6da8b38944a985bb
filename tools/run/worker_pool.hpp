// SPDX-License-Identifier: MIT
// Threads for mote::Parallel.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "mote/parallel.hpp"

namespace tools {

/// `workers` threads, the calling one included. In training, pieces follow each other within microseconds: the
/// threads spin between pieces, and sleep after a while without work.
class WorkerPool {
 public:
  /// Throws an Error when the system cannot start that many threads.
  explicit WorkerPool(std::size_t workers);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Valid for the lifetime of the pool; for one caller at a time.
  mote::Parallel parallel();

 private:
  void run(std::size_t pieces, mote::Parallel::Piece piece, void* context);
  void work(std::size_t worker);
  void wait_for_change(std::size_t seen);
  void start_round();
  void stop();

  std::vector<std::thread> threads_;
  std::atomic<std::size_t> round_{0};    // counts the calls of run
  std::atomic<std::size_t> pending_{0};  // threads that have not finished this round
  std::atomic<std::size_t> asleep_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::size_t pieces_ = 0;
  mote::Parallel::Piece piece_ = nullptr;  // null: the threads end
  void* context_ = nullptr;
};

}  // namespace tools
