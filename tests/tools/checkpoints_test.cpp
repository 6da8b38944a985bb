// SPDX-License-Identifier: MIT
#include "run/checkpoints.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

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

TEST_F(CheckpointWriting, TakesATwentiethOfTheTimeOfShortEpochs) {
  tools::CheckpointWriter writer(settings_, split_);
  EXPECT_TRUE(writes(writer, Moment::stop));
  EXPECT_TRUE(writes(writer, Moment::stop)) << "at any cost";
  EXPECT_FALSE(writes(writer, Moment::epoch)) << "right after a write";
  EXPECT_TRUE(writes(writer, Moment::end)) << "the last epoch";
  EXPECT_FALSE(writes(writer, Moment::end)) << "is there";
  EXPECT_FALSE(writes(writer, Moment::batch)) << "without --checkpoint-seconds";
  int count = 0;
  for (int epoch = 0; epoch < 100000 && count == 0; ++epoch) count += writes(writer, Moment::epoch) ? 1 : 0;
  EXPECT_EQ(count, 1) << "later";
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
