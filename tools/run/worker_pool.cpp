// SPDX-License-Identifier: MIT
#include "run/worker_pool.hpp"

#include <chrono>
#include <string>
#include <system_error>

#include "common/error.hpp"

namespace tools {
namespace {

// A look costs a few nanoseconds, sleeping and waking about ten thousand. A thread looks, then yields, because on a
// busy machine the awaited thread may need this processor, then sleeps.
constexpr int kLooksBeforeYield = 2000;
constexpr int kLooksBeforeSleep = 4000;

void look_again(int looks) {
  if (looks > kLooksBeforeYield) {
    std::this_thread::yield();
  } else {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }
}

}  // namespace

WorkerPool::WorkerPool(std::size_t workers) {
  try {
    for (std::size_t i = 1; i < workers; ++i) threads_.emplace_back([this, i] { work(i); });
  } catch (const std::system_error&) {
    const std::size_t started = threads_.size() + 1;
    stop();
    throw Error("--threads: found " + std::to_string(workers) + ", but the system allows " + std::to_string(started) +
                    "; ask for fewer",
                kExitFailed);
  }
}

WorkerPool::~WorkerPool() {
  stop();
}

void WorkerPool::stop() {
  piece_ = nullptr;
  start_round();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

mote::Parallel WorkerPool::parallel() {
  const auto run_in = [](void* pool, std::size_t pieces, mote::Parallel::Piece piece, void* context) {
    static_cast<WorkerPool*>(pool)->run(pieces, piece, context);
  };
  return {run_in, this, threads_.size() + 1};
}

void WorkerPool::start_round() {
  pending_ = threads_.size();
  ++round_;  // publishes the writes above
  if (asleep_ != 0) {
    const std::lock_guard<std::mutex> lock(mutex_);
    wake_.notify_all();
  }
}

void WorkerPool::run(std::size_t pieces, mote::Parallel::Piece piece, void* context) {
  pieces_ = pieces;
  piece_ = piece;
  context_ = context;
  start_round();
  piece(context, 0);
  for (int looks = 0; pending_ != 0; ++looks) {
    look_again(looks);
    if (looks < kLooksBeforeSleep) continue;
    std::this_thread::sleep_for(std::chrono::microseconds(100));  // the round is a long one
    looks = kLooksBeforeSleep - 1;
  }
}

void WorkerPool::wait_for_change(std::size_t seen) {
  for (int looks = 0; looks < kLooksBeforeSleep; ++looks) {
    if (round_ != seen) return;
    look_again(looks);
  }
  std::unique_lock<std::mutex> lock(mutex_);
  ++asleep_;  // before the last look at round_: either start_round sees it, or this thread sees the new round
  wake_.wait(lock, [&] { return round_ != seen; });
  --asleep_;
}

void WorkerPool::work(std::size_t worker) {
  for (std::size_t seen = 0;; ++seen) {
    wait_for_change(seen);
    if (piece_ == nullptr) return;
    if (worker < pieces_) piece_(context_, worker);
    --pending_;
  }
}

}  // namespace tools
