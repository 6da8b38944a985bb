// SPDX-License-Identifier: MIT
#include "mote/checkpoint.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/model_support.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Activation;
using mote::Optimizer;
using mote::Result;
using mote::Status;
using mote::Topology;
using mote::TrainingOptions;
using training::Bound;
using training::Samples;

constexpr std::size_t kSamples = 23, kBatch = 5, kBatches = 5;  // the last batch of an epoch has 3 samples

const Topology kNormed{5, {17, Activation::tanh, true}, {6, Activation::relu}, {3, Activation::softmax}};

std::string saved(const mote::Trainer& trainer, const std::string& note = "") {
  std::string file;
  EXPECT_TRUE(write_checkpoint(trainer, model::bytes_of(note), {model::append, &file}).ok());
  EXPECT_EQ(file.size(), checkpoint_bytes(trainer, note.size()));
  return file;
}

Result restore(const std::string& file, const mote::Dataset& dataset, mote::Trainer& trainer,
               const char** difference = nullptr) {
  const mote::Bytes bytes = model::bytes_of(file);
  return read_checkpoint(mote::source_of(bytes), dataset, trainer, difference);
}

/// Trains on from batch `from`, counted from the beginning of training, up to `to`, with all that a loop may do.
void advance(mote::Trainer& trainer, const mote::Dataset& dataset, std::size_t from, std::size_t to) {
  for (std::size_t batch = from; batch < to; ++batch) {
    if (batch % kBatches == 0) {
      ASSERT_TRUE(trainer.begin_epoch(dataset).ok());
    }
    ASSERT_TRUE(trainer.train_batch().ok());
    if (batch % kBatches != kBatches - 1) continue;
    ASSERT_EQ(trainer.samples_left(), 0u);
    if (trainer.options().keep_parameters) trainer.keep_parameters();
    ASSERT_TRUE(trainer.set_learning_rate(trainer.options().optimizer.learning_rate * 0.7f).ok());
  }
}

std::vector<float> copy(mote::Span<const float> span) {
  return {span.begin(), span.end()};
}

void expect_same(const mote::Trainer& a, const mote::Trainer& b) {
  EXPECT_EQ(copy(a.learned()), copy(b.learned()));
  EXPECT_EQ(copy(a.optimizer_state()), copy(b.optimizer_state()));
  EXPECT_EQ(copy(a.kept()), copy(b.kept()));
  EXPECT_EQ(a.epoch_totals().mean_loss(), b.epoch_totals().mean_loss());
  EXPECT_EQ(a.epoch_totals().correct, b.epoch_totals().correct);
  EXPECT_EQ(a.samples_left(), b.samples_left());
  EXPECT_EQ(a.learning_rate(), b.learning_rate());
}

TrainingOptions options_of(Optimizer method) {
  TrainingOptions options;
  options.batch_size = kBatch;
  options.optimizer.method = method;
  options.optimizer.learning_rate = 0.05f;
  return options;
}

/// Options that between them use everything that training remembers.
std::vector<TrainingOptions> all_options() {
  std::vector<TrainingOptions> all;
  for (const Optimizer method : {Optimizer::sgd, Optimizer::momentum, Optimizer::nesterov, Optimizer::adagrad,
                                 Optimizer::rmsprop, Optimizer::adam, Optimizer::adamw, Optimizer::nadam}) {
    all.push_back(options_of(method));
  }
  TrainingOptions rich = options_of(Optimizer::adam);
  rich.hidden_dropout = 0.3f, rich.input_dropout = 0.2f;
  rich.schedule = {mote::Decay::cosine, 20, 0.1f, 4};
  rich.clip_norm = 0.5f, rich.max_norm = 1.0f, rich.l1 = 1e-4f, rich.l2 = 1e-3f;
  rich.keep_parameters = true;
  all.push_back(rich);
  rich.bootstrap = true;
  all.push_back(rich);
  rich.shuffle = false;
  all.push_back(rich);
  rich.bootstrap = false;
  all.push_back(rich);
  return all;
}

TEST(Checkpoint, GoesOnFromBetweenAnyTwoBatchesToTheSameBits) {
  constexpr std::size_t kAll = 3 * kBatches;
  for (const Topology& topology : {training::kSmall, kNormed}) {
    const Samples samples(topology, kSamples);
    std::size_t which = 0;
    for (const TrainingOptions& options : all_options()) {
      SCOPED_TRACE("options " + std::to_string(which++));
      Bound whole(topology, options, kSamples);
      advance(whole.trainer, samples.dataset, 0, kAll);
      for (std::size_t cut = 0; cut <= kAll; ++cut) {
        Bound first(topology, options, kSamples);
        advance(first.trainer, samples.dataset, 0, cut);
        TrainingOptions other = options;
        other.workers = 3;
        if (topology.all_scale_floats() == 0) other.memory_rows = 2;
        other.optimizer.learning_rate = 0.3f;  // it is the checkpoint's that counts
        Bound second(topology, other, kSamples);
        ASSERT_TRUE(restore(saved(first.trainer), samples.dataset, second.trainer).ok()) << cut;
        expect_same(second.trainer, first.trainer);
        ASSERT_EQ(saved(second.trainer), saved(first.trainer)) << cut;
        advance(second.trainer, samples.dataset, cut, kAll);
        expect_same(second.trainer, whole.trainer);
        ASSERT_EQ(second.fingerprint(), whole.fingerprint()) << cut;
      }
    }
  }
}

TEST(Checkpoint, CarriesANote) {
  const Samples samples(training::kSmall, kSamples);
  Bound bound(training::kSmall, options_of(Optimizer::momentum), kSamples);
  for (const std::string& note : {std::string(), std::string("x"), std::string("a\0b", 3), std::string(1000, 'n')}) {
    const std::string file = saved(bound.trainer, note);
    const mote::Bytes bytes = model::bytes_of(file);
    std::uint64_t size = 0;
    ASSERT_TRUE(check_checkpoint(mote::source_of(bytes), size).ok());
    std::string read(static_cast<std::size_t>(size), '\0');
    ASSERT_TRUE(
        read_checkpoint_note(mote::source_of(bytes), {reinterpret_cast<unsigned char*>(read.data()), read.size()})
            .ok());
    EXPECT_EQ(read, note);
    EXPECT_TRUE(restore(file, samples.dataset, bound.trainer).ok());
  }
}

TEST(Checkpoint, NamesTheFirstSettingThatDiffers) {
  const Samples samples(training::kSmall, kSamples);
  const TrainingOptions options = options_of(Optimizer::adam);
  const std::string file = saved(Bound(training::kSmall, options, kSamples).trainer);
  std::vector<std::pair<const char*, TrainingOptions>> cases;
  const auto add = [&](const char* name, auto change) {
    TrainingOptions changed = options;
    change(changed);
    cases.emplace_back(name, changed);
  };
  add("optimizer", [](TrainingOptions& o) { o.optimizer.method = Optimizer::nadam; });
  add("momentum", [](TrainingOptions& o) { o.optimizer.momentum = 0.8f; });
  add("beta1", [](TrainingOptions& o) { o.optimizer.beta1 = 0.8f; });
  add("beta2", [](TrainingOptions& o) { o.optimizer.beta2 = 0.8f; });
  add("epsilon", [](TrainingOptions& o) { o.optimizer.epsilon = 1e-3f; });
  add("loss", [](TrainingOptions& o) { o.loss = mote::Loss::quadratic; });
  add("Huber delta", [](TrainingOptions& o) { o.loss.huber_delta = 2.0f; });
  add("label smoothing", [](TrainingOptions& o) { o.loss.label_smoothing = 0.1f; });
  add("l1", [](TrainingOptions& o) { o.l1 = 0.1f; });
  add("l2", [](TrainingOptions& o) { o.l2 = 0.1f; });
  add("batch size", [](TrainingOptions& o) { o.batch_size = 6; });
  add("shuffling", [](TrainingOptions& o) { o.shuffle = false; });
  add("seed", [](TrainingOptions& o) { o.seed = 1ull << 40 | 1; });
  add("learning rate schedule", [](TrainingOptions& o) { o.schedule.decay = mote::Decay::step; });
  add("warm-up", [](TrainingOptions& o) { o.schedule.warmup_steps = 1; });
  add("norm clipping", [](TrainingOptions& o) { o.clip_norm = 1.0f; });
  add("value clipping", [](TrainingOptions& o) { o.clip_value = 1.0f; });
  add("max-norm", [](TrainingOptions& o) { o.max_norm = 1.0f; });
  add("input dropout", [](TrainingOptions& o) { o.input_dropout = 0.1f; });
  add("hidden dropout", [](TrainingOptions& o) { o.hidden_dropout = 0.1f; });
  static constexpr float kRates[] = {0.5f};
  add("hidden dropout", [](TrainingOptions& o) { o.layer_dropout = kRates; });
  add("place of epsilon", [](TrainingOptions& o) { o.optimizer.epsilon_inside = true; });
  add("bootstrap", [](TrainingOptions& o) { o.bootstrap = true; });
  add("kept parameters", [](TrainingOptions& o) { o.keep_parameters = true; });
  for (const auto& [name, changed] : cases) {
    Bound other(training::kSmall, changed, kSamples);
    const std::uint32_t before = other.fingerprint();
    const char* difference = "none";
    EXPECT_EQ(restore(file, samples.dataset, other.trainer, &difference).status, Status::checkpoint_differs) << name;
    EXPECT_STREQ(difference, name);
    EXPECT_EQ(other.fingerprint(), before);
  }
  const std::pair<const char*, Topology> networks[] = {
      {"inputs", {6, {17, Activation::tanh}, {3, Activation::softmax}}},
      {"layers", {5, {3, Activation::softmax}}},
      {"layer size", {5, {18, Activation::tanh}, {3, Activation::softmax}}},
      {"activation", {5, {17, Activation::relu}, {3, Activation::softmax}}},
      {"batch normalization", {5, {17, Activation::tanh, true}, {3, Activation::softmax}}}};
  for (const auto& [name, topology] : networks) {
    const Samples others(topology, kSamples);
    Bound other(topology, options, kSamples);
    const char* difference = "none";
    EXPECT_EQ(restore(file, others.dataset, other.trainer, &difference).status, Status::checkpoint_differs) << name;
    EXPECT_STREQ(difference, name);
  }
  const Samples more(training::kSmall, kSamples + 1);
  Bound other(training::kSmall, options, kSamples + 1);
  const char* difference = "none";
  EXPECT_EQ(restore(file, more.dataset, other.trainer, &difference).status, Status::checkpoint_differs);
  EXPECT_STREQ(difference, "samples");
}

TEST(Checkpoint, RefusesAnotherTransformationOfInputs) {
  const TrainingOptions options = options_of(Optimizer::adam);
  Samples samples(training::kSmall, kSamples);
  const std::vector<float> offsets(5, 100.0f);
  std::vector<float> scales(5, 0.01f);
  samples.dataset.set_transformation(offsets.data(), scales.data());
  Bound first(training::kSmall, options, kSamples), second(training::kSmall, options, kSamples);
  advance(first.trainer, samples.dataset, 0, 7);
  const std::string file = saved(first.trainer), before = saved(second.trainer);
  const auto expect_refused = [&](const mote::Dataset& dataset) {
    const char* difference = "none";
    EXPECT_EQ(restore(file, dataset, second.trainer, &difference).status, Status::checkpoint_differs);
    EXPECT_STREQ(difference, "offset or scale of inputs");
    EXPECT_EQ(saved(second.trainer), before);
  };
  mote::Dataset other = samples.dataset;
  other.set_transformation(nullptr, nullptr);
  expect_refused(other);
  other.offset = 100.0f, other.scale = 0.01f;
  expect_refused(other);
  std::vector<float> moved = offsets;
  moved[4] = 101.0f;
  other.set_transformation(moved.data(), scales.data());
  expect_refused(other);
  moved = offsets;
  const std::vector<float> equal = scales;
  other.set_transformation(moved.data(), equal.data());
  ASSERT_TRUE(restore(file, other, second.trainer).ok());
  advance(first.trainer, samples.dataset, 7, 12);
  advance(second.trainer, other, 7, 12);
  expect_same(first.trainer, second.trainer);
}

TEST(Checkpoint, GoesOnWithSamplesThatAreNotStored) {
  const Samples samples(training::kSmall, kSamples);
  TrainingOptions options = options_of(Optimizer::adam);
  options.hidden_dropout = 0.25f, options.schedule.warmup_steps = 6;
  const auto train = [&](mote::Trainer& trainer, std::size_t from, std::size_t to) {
    for (std::size_t batch = from; batch < to; ++batch) {
      ASSERT_TRUE(trainer.train_batch(samples.dataset.subset(2 * batch, 1 + batch % kBatch)).ok());
    }
  };
  for (std::size_t cut = 0; cut < 9; ++cut) {
    Bound first(training::kSmall, options, mote::kUnstored), second(training::kSmall, options, mote::kUnstored);
    train(first.trainer, 0, cut);
    ASSERT_TRUE(restore(saved(first.trainer), {}, second.trainer).ok()) << cut;
    train(first.trainer, cut, 9);
    train(second.trainer, cut, 9);
    expect_same(first.trainer, second.trainer);
    Bound stored(training::kSmall, options, kSamples);
    const char* difference = "none";
    EXPECT_EQ(restore(saved(first.trainer), samples.dataset, stored.trainer, &difference).status,
              Status::checkpoint_differs);
    EXPECT_STREQ(difference, "samples");
  }
}

/// Every bit and every truncation of a file: refused, and the trainer is as it was.
TEST(Checkpoint, LetsNoFlippedBitAndNoTruncationIn) {
  const Topology topology{2, {2, Activation::relu, true}, {2, Activation::softmax}};
  const Samples samples(topology, kSamples);
  const TrainingOptions options = options_of(Optimizer::momentum);
  Bound first(topology, options, kSamples), second(topology, options, kSamples);
  advance(first.trainer, samples.dataset, 0, 7);
  const std::string file = saved(first.trainer, "note"), before = saved(second.trainer);
  for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
    std::string flipped = file;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    ASSERT_FALSE(restore(flipped, samples.dataset, second.trainer).ok()) << bit;
  }
  for (std::size_t size = 0; size < file.size(); ++size) {
    const Status status = restore(file.substr(0, size), samples.dataset, second.trainer).status;
    ASSERT_EQ(status, Status::checkpoint_size) << size;
  }
  EXPECT_EQ(restore(file + "x", samples.dataset, second.trainer).status, Status::checkpoint_size);
  EXPECT_EQ(saved(second.trainer), before);
  EXPECT_TRUE(restore(file, samples.dataset, second.trainer).ok());
}

/// The file with 8 bytes replaced and the CRC made right again.
std::string forged(std::string file, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) file[at + i] = static_cast<char>(value >> 8 * i);
  const std::uint32_t crc = mote::crc32(model::bytes_of(file.substr(0, file.size() - 4)));
  for (std::size_t i = 0; i < 4; ++i) file[file.size() - 4 + i] = static_cast<char>(crc >> 8 * i);
  return file;
}

TEST(Checkpoint, RefusesProgressThatNoTrainingComesTo) {
  const Samples samples(training::kSmall, kSamples);
  const TrainingOptions options = options_of(Optimizer::adam);
  Bound first(training::kSmall, options, kSamples), second(training::kSmall, options, kSamples);
  advance(first.trainer, samples.dataset, 0, 7);
  const std::string file = saved(first.trainer), before = saved(second.trainer);
  const std::size_t floats = 3 * first.trainer.parameters().size();
  const std::size_t progress = file.size() - 4 - 4 * floats - 3 * 8 - 68;
  ASSERT_TRUE(restore(forged(file, progress + 8, 15), samples.dataset, second.trainer).ok());  // the right place
  // A 32-bit machine cannot count so many epochs, nor take them for none.
  const Status counted =
      restore(forged(file, progress, std::uint64_t{1} << 32), samples.dataset, second.trainer).status;
  EXPECT_EQ(counted, sizeof(std::size_t) < 8 ? Status::checkpoint_progress : Status::ok);
  Bound third(training::kSmall, options, kSamples);
  const struct {
    std::size_t at;
    std::uint64_t value;
  } cases[] = {{progress, 0},                 // no epoch, but a position in it
               {progress + 8, kSamples + 1},  // past the end
               {progress + 8, 7},             // within a batch
               {progress + 8, ~std::uint64_t{0}},
               {progress + 68, first.trainer.parameters().size() - 1},  // floats of the model
               {16, file.size()},                                       // of the note
               {16, ~std::uint64_t{0}},
               {8, file.size() + 1}};
  for (const auto& c : cases) {
    const Result result = restore(forged(file, c.at, c.value), samples.dataset, third.trainer);
    EXPECT_TRUE(result.status == Status::checkpoint_progress || result.status == Status::checkpoint_size)
        << c.at << " " << c.value;
  }
  std::string stuck = forged(forged(file, progress + 48, 0), progress + 56, 0);  // a generator that stands still
  EXPECT_EQ(restore(stuck, samples.dataset, third.trainer).status, Status::checkpoint_progress);
  EXPECT_EQ(restore(forged(file, progress + 28, 0), samples.dataset, third.trainer).status, Status::bad_learning_rate);
  EXPECT_EQ(saved(third.trainer), before);
}

TEST(Checkpoint, RefusesParametersThatAreNotFinite) {
  const Samples samples(training::kSmall, kSamples);
  TrainingOptions options = options_of(Optimizer::adam);
  options.keep_parameters = true;
  for (const std::size_t batches : {std::size_t{7}, kBatches}) {  // within and after an epoch
    Bound first(training::kSmall, options, kSamples), second(training::kSmall, options, kSamples);
    advance(first.trainer, samples.dataset, 0, batches);
    const std::string file = saved(first.trainer), before = saved(second.trainer);
    const std::size_t learned = first.trainer.learned().size(), state = first.trainer.optimizer_state().size();
    const std::size_t kept_at = file.size() - 4 - 4 * learned, state_at = kept_at - 8 - 4 * state;
    const std::size_t learned_at = state_at - 8 - 4 * learned;
    for (const std::uint64_t pair : {0x7fc00000'3f800000u, 0x3f800000'7f800000u}) {
      const Result kept = restore(forged(file, kept_at, pair), samples.dataset, second.trainer);
      EXPECT_EQ(kept.status, Status::checkpoint_number);
      EXPECT_EQ(kept.found, 2u);
      EXPECT_EQ(saved(second.trainer), before);
      const Status moments = restore(forged(file, state_at, pair), samples.dataset, second.trainer).status;
      EXPECT_EQ(moments, Status::ok) << "a moment may overflow while its parameter stays finite";
      const Status now = restore(forged(file, learned_at, pair), samples.dataset, second.trainer).status;
      EXPECT_EQ(now, batches == kBatches ? Status::checkpoint_number : Status::ok);
      ASSERT_TRUE(restore(before, samples.dataset, second.trainer).ok());
    }
  }
}

TEST(Checkpoint, ReportsAFailureOfTheCallersFunctions) {
  const Samples samples(training::kSmall, kSamples);
  Bound bound(training::kSmall, options_of(Optimizer::adam), kSamples);
  struct Failing {
    int calls_left;
    mote::Bytes bytes;
  };
  const auto write = [](void* context, mote::Bytes) { return static_cast<Failing*>(context)->calls_left-- > 0; };
  for (int calls = 0; calls < 5; ++calls) {
    Failing failing{calls, {}};
    EXPECT_EQ(write_checkpoint(bound.trainer, {}, {write, &failing}).status, Status::write_failed);
  }
  const std::string file = saved(bound.trainer);
  const auto read = [](void* context, std::uint64_t offset, mote::Memory to) {
    Failing& failing = *static_cast<Failing*>(context);
    if (failing.calls_left-- <= 0) return false;
    std::copy_n(failing.bytes.data() + offset, to.size(), to.data());
    return true;
  };
  int calls = 0;
  for (Result result = Status::read_failed; !result.ok(); ++calls) {
    ASSERT_LT(calls, 1000);
    Failing failing{calls, model::bytes_of(file)};
    result = read_checkpoint({file.size(), read, &failing}, samples.dataset, bound.trainer);
    ASSERT_TRUE(result.ok() || result.status == Status::read_failed) << calls;
  }
  EXPECT_GT(calls, 10);
}

}  // namespace
