// SPDX-License-Identifier: MIT
#include "run/worker_pool.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace {

TEST(WorkerPool, DoesEveryPieceOnceAndShowsItsResults) {
  for (const std::size_t workers : {1u, 2u, 5u}) {
    tools::WorkerPool pool(workers);
    const mote::Parallel parallel = pool.parallel();
    EXPECT_EQ(parallel.workers, workers);
    std::vector<std::size_t> done(workers);
    for (std::size_t round = 0; round < 2000; ++round) {
      const std::size_t pieces = 1 + round % workers;
      parallel.for_each(pieces, [&](std::size_t i) { done[i] += i + 1; });
    }
    for (std::size_t i = 0; i < workers; ++i) {
      std::size_t rounds = 0;
      for (std::size_t round = 0; round < 2000; ++round) rounds += i < 1 + round % workers ? 1 : 0;
      EXPECT_EQ(done[i], rounds * (i + 1));
    }
  }
}

TEST(WorkerPool, WakesUpAgain) {
  tools::WorkerPool pool(3);
  const mote::Parallel parallel = pool.parallel();
  std::vector<int> done(3);
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));  // long enough for the threads to fall asleep
    parallel.for_each(3, [&](std::size_t i) { ++done[i]; });
  }
  EXPECT_EQ(done, std::vector<int>(3, 3));
}

}  // namespace
