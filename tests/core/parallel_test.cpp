// SPDX-License-Identifier: MIT
#include "mote/parallel.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "mote/checksum.hpp"
#include "mote/trainer.hpp"

namespace {

using mote::Parallel;
using mote::Share;

/// Runs every piece on a thread of its own.
void run_on_threads(void*, std::size_t pieces, Parallel::Piece piece, void* context) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < pieces; ++i) threads.emplace_back(piece, context, i);
  for (std::thread& thread : threads) thread.join();
}

/// The pieces one after another, last first.
void run_backwards(void*, std::size_t pieces, Parallel::Piece piece, void* context) {
  while (pieces-- > 0) piece(context, pieces);
}

TEST(Share, PartsAreEvenAndMakeTheWhole) {
  for (std::size_t count = 0; count < 40; ++count) {
    for (std::size_t parts = 1; parts < 12; ++parts) {
      std::size_t next = 0;
      for (std::size_t i = 0; i < parts; ++i) {
        const Share share = mote::share_of(count, parts, i);
        EXPECT_EQ(share.begin, next);
        EXPECT_GE(share.size(), count / parts);
        EXPECT_LE(share.size(), count / parts + 1);
        next = share.end;
      }
      EXPECT_EQ(next, count);
    }
  }
}

TEST(Parallel, DoesEveryPieceOnce) {
  for (const Parallel& parallel :
       {Parallel{}, Parallel{run_on_threads, nullptr, 5}, Parallel{run_backwards, nullptr, 5}}) {
    for (std::size_t pieces = 0; pieces <= 5; ++pieces) {
      std::vector<int> done(5);
      parallel.for_each(pieces, [&](std::size_t i) { ++done[i]; });
      for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(done[i], i < pieces ? 1 : 0);
    }
  }
}

TEST(Parallel, ThreadsAreLentUntilTheTrainerIsBoundAgain) {
  const mote::Topology topology{8, {4, mote::Activation::softmax}};
  std::vector<std::uint8_t> pixels(32 * 8, 9), labels(32);
  const mote::Dataset dataset{pixels.data(), labels.data(), 32, 8, 4};
  static mote::Storage<std::size_t{1} << 17> memory;
  mote::Trainer trainer;
  for (const std::size_t workers : {4u, 1u}) {  // with one worker there is scratch memory for one
    mote::TrainingOptions options;
    options.workers = workers;
    ASSERT_TRUE(trainer.bind(topology, options, dataset.count, memory).ok());
    if (workers > 1) trainer.set_parallel({run_on_threads, nullptr, workers});
    EXPECT_TRUE(trainer.train_epoch(dataset).ok());
  }
}

TEST(Parallel, WorkersChangeNoBit) {
  const mote::Topology topology{37,
                                {150, mote::Activation::gelu},
                                {41, mote::Activation::tanh},
                                {18, mote::Activation::silu},
                                {5, mote::Activation::softmax}};
  std::vector<std::uint8_t> pixels(90 * 37), labels(90);
  mote::Random random(3, mote::Stream::bootstrap);
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random.below(256));
  for (std::uint8_t& label : labels) label = static_cast<std::uint8_t>(random.below(5));
  const mote::Dataset dataset{pixels.data(), labels.data(), 90, 37, 5};
  static mote::Storage<std::size_t{4} << 20> memory;
  for (const std::size_t batch : {1u, 10u, 32u, 90u}) {
    for (const std::size_t memory_rows : {7u, 256u}) {
      const mote::Optimizer method = batch == 32 ? mote::Optimizer::nesterov : mote::Optimizer::momentum;
      std::vector<std::uint32_t> fingerprints;
      std::vector<float> losses;
      for (const Parallel& parallel : {Parallel{}, Parallel{run_on_threads, nullptr, 2},
                                       Parallel{run_on_threads, nullptr, 3}, Parallel{run_backwards, nullptr, 4}}) {
        mote::TrainingOptions options;
        options.optimizer = {method, 0.05f, 0.9f};
        options.batch_size = batch;
        options.memory_rows = memory_rows;
        options.workers = parallel.workers;
        mote::Trainer trainer;
        ASSERT_TRUE(trainer.bind(topology, options, dataset.count, memory).ok());
        trainer.set_parallel(parallel);
        trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
        for (int epoch = 0; epoch < 2; ++epoch) ASSERT_TRUE(trainer.train_epoch(dataset).ok());
        fingerprints.push_back(mote::fingerprint(topology, trainer.parameters()));
        losses.push_back(trainer.epoch_totals().mean_loss());
      }
      for (std::size_t i = 1; i < fingerprints.size(); ++i) {
        EXPECT_EQ(fingerprints[i], fingerprints[0]) << batch << " " << memory_rows << " " << i;
        EXPECT_EQ(losses[i], losses[0]);
      }
    }
  }
}

}  // namespace
