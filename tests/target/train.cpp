// SPDX-License-Identifier: MIT
// Trains on MNIST, its images halved to 14 x 14, in 16 KB of RAM, and evaluates the network.
#include "device.hpp"
#include "images.hpp"
#include "mote/checksum.hpp"
#include "mote/instruction_set.hpp"
#include "mote/static_trainer.hpp"
#include "report.hpp"

MOTE_FLASH_BYTES(train_images, MOTE_SMALL_MNIST "/train-images", 0, 78400);
MOTE_FLASH_BYTES(train_labels, MOTE_MNIST "/train-labels-idx1-ubyte", 8, 400);
MOTE_FLASH_BYTES(test_images, MOTE_SMALL_MNIST "/t10k-images", 0, 39200);
MOTE_FLASH_BYTES(test_labels, MOTE_MNIST "/t10k-labels-idx1-ubyte", 8, 200);

namespace {

constexpr std::size_t kPixels = 196, kClasses = 10;
#ifdef MOTE_TRAIN_WITH_ADAM
constexpr std::uint32_t kHidden = 4, kBatch = 1;  // three arrays like the parameters take room
constexpr std::size_t kTrainImages = 200;
constexpr mote::OptimizerOptions kOptimizer{mote::Optimizer::adam, 0.002f};
#else
constexpr std::uint32_t kHidden = 8, kBatch = 4;
constexpr std::size_t kTrainImages = 400;
constexpr mote::OptimizerOptions kOptimizer{mote::Optimizer::sgd, 0.1f};
#endif
constexpr mote::Dataset kTrain{train_images, train_labels, kTrainImages, kPixels, kClasses};
constexpr mote::Dataset kTest{test_images, test_labels, sizeof test_labels, kPixels, kClasses};
static_assert(sizeof train_images >= kTrain.count * kPixels && sizeof test_images == kTest.count * kPixels);
constexpr mote::Topology kTopology{kPixels, {kHidden, mote::Activation::relu}, {kClasses, mote::Activation::softmax}};
constexpr mote::TrainingOptions kOptions{mote::Loss::cross_entropy, kOptimizer, 0.0f, kBatch};
constexpr int kEpochs = 3;

mote::StaticTrainer<kTopology, kOptions, kTrain.count> trainer;
#ifdef MOTE_MICROCONTROLLER
static_assert(sizeof trainer <= 14 * 1024, "leaves the rest of 16 KB for the stack");
#endif

void report_totals(const char* count, const mote::LossTotals& totals) {
  report(count, totals.correct);
  std::uint32_t bits;
  const float mean = totals.mean_loss();
  __builtin_memcpy(&bits, &mean, sizeof bits);
  report_bits("loss", bits);
}

}  // namespace

int image_main() {
  trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
  std::uint32_t instructions = 0;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    require(trainer.begin_epoch(kTrain));
    while (trainer.samples_left() != 0) {
      const std::uint32_t start = device::clock();
      require(trainer.train_batch());
      instructions += device::instructions_since(start);
    }
    report_totals("train_correct", trainer.epoch_totals());
  }
  mote::LossTotals totals;
  require(trainer.evaluate(kTest, totals));
  report_totals("test_correct", totals);
  report("test_images", kTest.count);
  report("fused", mote::arithmetic_is_fused() ? 1 : 0);
  report_bits("fingerprint", mote::fingerprint(kTopology, trainer.parameters()));
  report("instructions_a_sample", instructions / (kEpochs * kTrain.count));
  report("memory_bytes", mote::training_bytes(kTopology, kOptions, kTrain.count));
  report("state_bytes", sizeof trainer - mote::training_bytes(kTopology, kOptions, kTrain.count));
  report("stack_bytes", device::stack_used());
  return 0;
}
