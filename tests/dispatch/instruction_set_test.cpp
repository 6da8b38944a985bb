// SPDX-License-Identifier: MIT
#include "mote/instruction_set.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "mote/mote.hpp"
#include "support/build.hpp"
#include "support/closed_forms.hpp"

namespace {

using mote::InstructionSet;

std::vector<InstructionSet> supported_sets() {
  std::vector<InstructionSet> sets;
  for (const InstructionSet set : {InstructionSet::baseline, InstructionSet::v3, InstructionSet::v4}) {
    if (mote::is_supported(set)) sets.push_back(set);
  }
  return sets;
}

/// Trains a small network of every layer kind and returns its fingerprint.
std::uint32_t train_with(InstructionSet set, mote::Activation hidden) {
  const InstructionSet before = mote::selected();
  EXPECT_TRUE(mote::select(set).ok());
  mote::Topology topology{37, {19, hidden}, {33, hidden}, {10, mote::Activation::softmax}};
  mote::TrainingOptions options;
  options.optimizer = {mote::Optimizer::momentum, 0.05f, 0.9f};
  options.batch_size = 13;
  options.l2 = 1e-3f;
  std::vector<std::uint8_t> pixels(200 * 37), labels(200);
  mote::Random random(7, mote::Stream::dropout);
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random.below(256));
  for (std::uint8_t& label : labels) label = static_cast<std::uint8_t>(random.below(10));
  const mote::Dataset dataset{pixels.data(), labels.data(), 200, 37, 10};
  static mote::Storage<std::size_t{1} << 20> memory;
  mote::Trainer trainer;
  EXPECT_TRUE(trainer.bind(topology, options, dataset.count, memory).ok());
  trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::gaussian);
  for (int epoch = 0; epoch < 3; ++epoch) EXPECT_TRUE(trainer.train_epoch(dataset).ok());
  EXPECT_TRUE(mote::select(before).ok());
  return mote::fingerprint(topology, trainer.parameters());
}

TEST(InstructionSet, BaselineIsAlwaysThere) {
  EXPECT_TRUE(mote::is_supported(InstructionSet::baseline));
  EXPECT_TRUE(mote::is_supported(mote::selected()));
}

TEST(InstructionSet, TheBestIsTakenUnlessToldOtherwise) {
  EXPECT_EQ(mote::selected(), supported_sets().back());
}

TEST(InstructionSet, SelectChangesWhatIsInUseAndRefusesWhatIsNotThere) {
  const InstructionSet before = mote::selected();
  for (const InstructionSet set : {InstructionSet::baseline, InstructionSet::v3, InstructionSet::v4}) {
    const InstructionSet current = mote::selected();
    if (mote::is_supported(set)) {
      EXPECT_TRUE(mote::select(set).ok());
      EXPECT_EQ(mote::selected(), set);
    } else {
      EXPECT_EQ(mote::select(set).status, mote::Status::unsupported_instruction_set);
      EXPECT_EQ(mote::selected(), current);
    }
  }
  EXPECT_TRUE(mote::select(before).ok());
}

TEST(InstructionSet, SetsOfOneArithmeticClassAgreeToTheBit) {
  for (const mote::Activation hidden : mote::test::kElementwise) {
    std::vector<std::uint32_t> seen[2];
    for (const InstructionSet set : supported_sets()) {
      const InstructionSet before = mote::selected();
      ASSERT_TRUE(mote::select(set).ok());
      const bool fused = mote::arithmetic_is_fused();
      ASSERT_TRUE(mote::select(before).ok());
      seen[fused].push_back(train_with(set, hidden));
    }
    for (const std::vector<std::uint32_t>& fingerprints : seen) {
      for (const std::uint32_t fingerprint : fingerprints) EXPECT_EQ(fingerprint, fingerprints[0]);
    }
    if (!seen[0].empty() && !seen[1].empty()) {
      EXPECT_NE(seen[0][0], seen[1][0]) << "the classes are indeed two";
    }
  }
}

/// A function that the linker may merge between builds could run wide instructions where there are none.
TEST(InstructionSet, BuildsDefineNothingOutsideTheirNamespace) {
  const CommandResult result = run_command("nm -C --defined-only " + build::folder() + "/libmote.a");
  ASSERT_EQ(result.status, 0) << result.output;
  std::istringstream lines(result.output);
  std::string line, member;
  std::size_t checked = 0;
  while (std::getline(lines, line)) {
    if (!line.empty() && line.back() == ':') {
      member = line;
      continue;
    }
    const bool wide = member.find(".v3.o") != std::string::npos || member.find(".v4.o") != std::string::npos;
    if (!wide || line.size() < 20) continue;
    ++checked;
    const bool local = std::string("trd").find(line[17]) != std::string::npos;
    const bool own = line[17] == 'T' && line.find(" T mote::x86_v") != std::string::npos;
    EXPECT_TRUE(local || own) << member << " " << line;
  }
  if (supported_sets().size() > 1) {
    EXPECT_GT(checked, 20u);
  }
}

}  // namespace
