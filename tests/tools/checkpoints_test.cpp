// SPDX-License-Identifier: MIT
#include "run/checkpoints.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>

#include "support/temporary_folder.hpp"
#include "support/training_support.hpp"

namespace {

using tools::Moment;

/// Writes checkpoints of a tiny network.
class CheckpointWriting : public testing::Test {
 protected:
  static mote::TrainingOptions options() {
    mote::TrainingOptions options;
    options.batch_size = 5;
    return options;
  }
  CheckpointWriting() { settings_.checkpoint = folder_.file("checkpoint"); }

  /// Whether the call wrote the file.
  bool writes(tools::CheckpointWriter& writer, Moment moment) {
    const ino_t before = file();
    writer.write(bound_.trainer, {}, moment);
    return file() != before;
  }
  /// Index node of the file: a new file has another number while the old file exists.
  ino_t file() const {
    struct stat found;
    return stat(settings_.checkpoint.c_str(), &found) == 0 ? found.st_ino : 0;
  }

  TemporaryFolder folder_;
  tools::Settings settings_;
  training::Bound bound_{training::kSmall, options(), 10};
  tools::Split split_;
};

using Clock = tools::CheckpointWriter::Clock;

Clock::time_point now;  // of a clock on which a write takes a second

Clock::time_point a_second_later() {
  return now += std::chrono::seconds(1);
}

TEST_F(CheckpointWriting, TakesATwentiethOfTheTimeOfShortEpochs) {
  tools::CheckpointWriter writer(settings_, split_, a_second_later);
  EXPECT_TRUE(writes(writer, Moment::stop));
  EXPECT_TRUE(writes(writer, Moment::stop)) << "at any cost";
  EXPECT_FALSE(writes(writer, Moment::epoch)) << "right after a write";
  EXPECT_TRUE(writes(writer, Moment::end)) << "the last epoch";
  EXPECT_FALSE(writes(writer, Moment::end)) << "is there";
  EXPECT_FALSE(writes(writer, Moment::batch)) << "without --checkpoint-seconds";
  EXPECT_TRUE(writes(writer, Moment::stop));
  for (int seconds = 1; seconds < 20; ++seconds) EXPECT_FALSE(writes(writer, Moment::epoch)) << seconds;
  EXPECT_TRUE(writes(writer, Moment::epoch)) << "20 seconds after the last";
}

TEST_F(CheckpointWriting, FollowsTheSecondsThatWereAskedFor) {
  settings_.checkpoint_seconds = 0.0f;
  tools::CheckpointWriter writer(settings_, split_);
  for (const Moment moment : {Moment::stop, Moment::batch, Moment::epoch, Moment::batch}) {
    EXPECT_TRUE(writes(writer, moment));
  }
  settings_.checkpoint_seconds = 1e6f;
  EXPECT_FALSE(writes(writer, Moment::batch));
}

}  // namespace
