// SPDX-License-Identifier: MIT
// The anomaly network of MLPerf Tiny: an autoencoder learns the sounds of a machine in good order, is converted to
// integers, and detects sounds that it cannot reconstruct. Argument: number of epochs (40).
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "examples/machine_sounds.hpp"
#include "mote/mote.hpp"

namespace {

using examples::Condition;
using examples::kFeatures;

constexpr mote::Layer kWide{128, mote::Activation::relu, true}, kNarrow{8, mote::Activation::relu, true};
constexpr mote::Topology kTrained{kFeatures, kWide, kWide, kWide, kWide,      kNarrow,
                                  kWide,     kWide, kWide, kWide, {kFeatures}};
constexpr mote::Topology kTopology = mote::without_batch_norm(kTrained);
constexpr std::size_t kSounds = 4000, kTests = 2500, kConditions = 5, kLayers = kTopology.layer_count;
constexpr std::size_t kWeights = mote::flash_weight_count(kTopology), kUnits = mote::integer_output_count(kTopology);
constexpr mote::TrainingOptions kOptions{mote::Loss::quadratic, {mote::Optimizer::adam, 0.001f}, 0.0f, 64};

float sounds[kSounds][kFeatures], tests[kTests][kFeatures];  // test i has condition i % kConditions
float float_weights[kWeights], float_biases[mote::flash_row_count(kTopology)];
std::int8_t weights[kWeights], shifts[kUnits], tables[256 * kLayers], sample[kFeatures];
std::int32_t biases[kUnits], multipliers[kUnits];
mote::IntegerLayer layers[kLayers];
mote::Range ranges[kLayers + 1];
mote::Storage<mote::training_bytes(kTrained, kOptions, kSounds)> memory;
mote::Storage<mote::flash_network_bytes(kTopology)> float_scratch;
mote::Storage<mote::calibration_bytes(kTopology)> calibration;
mote::Storage<mote::ranking_bytes(kTests)> ranks;
mote::Storage<kWide.outputs + kFeatures> scratch;

void require(const mote::Result& result) {
  if (result.ok()) return;
  std::fprintf(stderr, "anomaly: %s (found %llu, expected %llu)\n", to_string(result.status),
               static_cast<unsigned long long>(result.found), static_cast<unsigned long long>(result.expected));
  std::exit(1);
}

/// Learns the threshold from the training sounds, tests the detector, prints a row and returns the AUC. sample_of:
/// converts features for the network. unit: of its scores.
template <typename Network, typename SampleOf>
double measure(const char* name, const Network& network, float unit, SampleOf sample_of) {
  mote::AnomalyDetector<Network> detector;
  mote::Ranking ranking;
  require(detector.bind(network, 0.99f));
  require(ranking.bind(kTests, ranks));
  for (const auto& sound : sounds) require(detector.learn(sample_of(sound)));
  double detected[kConditions] = {};
  for (std::size_t i = 0; i < kTests; ++i) {
    const std::size_t condition = i % kConditions;
    const auto x = sample_of(tests[i]);
    require(ranking.add(static_cast<float>(anomaly_score(network, x)), condition != 0));
    detected[condition] += detector.detect(x) ? 100.0 * kConditions / kTests : 0.0;
  }
  require(ranking.sort());
  const auto auc = static_cast<double>(ranking.roc_auc());
  std::printf("%-7s %.4f  %.5f   ", name, auc, static_cast<double>(static_cast<float>(detector.threshold()) * unit));
  for (const double percent : detected) std::printf(" %13.1f", percent);
  std::printf("\n");
  return auc;
}

/// Decibels of the outputs above their error in integers.
double signal_to_error(const mote::FlashNetwork& floats, const mote::IntegerNetwork& integers) {
  double signal = 0.0, error = 0.0;
  const mote::Quantization input = integers.model().input, output = integers.model().output();
  for (const auto& test : tests) {
    mote::quantize(test, kFeatures, input, sample);
    const mote::Span<const float> y = floats.forward(test);
    const mote::Span<const std::int8_t> q = integers.forward(sample);
    for (std::size_t j = 0; j < kFeatures; ++j) {
      const auto wanted = static_cast<double>(y[j]);
      const double difference = (q[j] - output.zero) * static_cast<double>(output.scale) - wanted;
      signal += wanted * wanted;
      error += difference * difference;
    }
  }
  return 10.0 * std::log10(signal / error);
}

}  // namespace

int main(int argc, char** argv) {
  const long epochs = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 40;
  if (argc > 2 || epochs < 1) return std::fprintf(stderr, "usage: anomaly [EPOCHS], at least 1\n"), 2;
  examples::MachineSounds machine(1);
  for (auto& sound : sounds) machine.record(Condition::normal, sound);
  for (std::size_t i = 0; i < kTests; ++i) machine.record(static_cast<Condition>(i % kConditions), tests[i]);
  const mote::Inputs inputs(sounds[0], kSounds, kFeatures);

  mote::Trainer trainer;
  require(trainer.bind(kTrained, kOptions, kSounds, memory));
  trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
  for (long i = 0; i < epochs; ++i) require(trainer.train_epoch(mote::Dataset(inputs, nullptr, 0).autoencoding()));
  const double error = 2.0 / kFeatures * static_cast<double>(trainer.epoch_totals().mean_loss());
  std::printf("Sounds are generated (examples/machine_sounds.hpp); ToyADMOS, MLPerf Tiny's data, is not included.\n");
  std::printf("%zu normal sounds, %ld epochs: mean squared error %.4f\n\n", kSounds, epochs, error);

  const mote::Span<const float> parameters = trainer.inference_parameters();
  require(make_flash_weights(kTopology, parameters, mote::Span<float>(float_weights), float_biases));
  const mote::FlashModel float_model(kTopology, mote::Span<const float>(float_weights), float_biases);
  mote::FlashNetwork floats;
  require(floats.bind(float_model, float_scratch));
  mote::IntegerModel model;
  require(calibrate(kTopology, parameters, inputs, calibration, ranges));
  require(make_integer_model(kTopology, parameters, ranges, mote::ScalePer::output,
                             {layers, weights, biases, multipliers, shifts, tables}, model));
  mote::IntegerNetwork integers;
  require(integers.bind(model, scratch));

  std::printf("network AUC     threshold   %% detected: %s", examples::kConditions[0]);
  for (std::size_t k = 1; k < kConditions; ++k) std::printf(" %13s", examples::kConditions[k]);
  std::printf("\n");
  const double of_floats =
      measure("float32", floats, 1.0f, [](const float* x) { return mote::Inputs(x, 1, kFeatures); });
  const auto quantized = [&](const float* x) { return mote::quantize(x, kFeatures, model.input, sample), sample; };
  const double of_integers = measure("int8", integers, score_unit(model), quantized);
  const std::size_t ram =
      scratch.size() + sizeof sample + sizeof integers + sizeof(mote::AnomalyDetector<mote::IntegerNetwork>);
  std::printf("\nint8 outputs: %.1f dB above their error; RAM of network, sample and detector: %zu bytes\n",
              signal_to_error(floats, integers), ram);
  if (std::fabs(of_floats - of_integers) <= 0.01) return 0;
  std::fprintf(stderr, "anomaly: AUC of int8: found %.4f, expected that of float32 within 0.01\n", of_integers);
  return 1;
}
