// SPDX-License-Identifier: MIT
// Detection of anomalies by an autoencoder: the score of a sample is its mean squared error of reconstruction, and a
// sample is an anomaly if its score exceeds a quantile of the scores of normal samples, which the device learns.
//
//   mote::AnomalyDetector<mote::IntegerNetwork> detector;  // or mote::FlashNetwork
//   if (!detector.bind(network, 0.99f).ok()) halt();
//   if (!detector.learn(sample).ok()) halt();  // a few hundred samples of the machine in good order
//   if (detector.detect(sample)) warn();
#ifndef MOTE_ANOMALY_HPP
#define MOTE_ANOMALY_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "mote/detail/finite.hpp"
#include "mote/flash_network.hpp"
#include "mote/inputs.hpp"
#include "mote/integer_network.hpp"
#include "mote/memory.hpp"
#include "mote/status.hpp"

namespace mote {

/// Mean of (output - input)^2 of the first sample; NaN or infinite if an input is not finite. The network must have an
/// output for each input.
float anomaly_score(const FlashNetwork& network, const Inputs& sample);

/// Mean of (output - input)^2 in units of score_unit(network.model()), rounded to nearest; equal on every machine.
/// sample: quantized as the input of the model. Input and output have different steps; the smaller step is rounded to a
/// multiple of 2^-15 of the larger.
std::uint32_t anomaly_score(const IntegerNetwork& network, const std::int8_t* sample);

/// The number that a score of 1 stands for: 2^-14 of the square of the larger step of input and output.
constexpr float score_unit(const IntegerModel& model) {
  const float step = model.input.scale > model.output().scale ? model.input.scale : model.output().scale;
  return step * step * 0x1p-14f;
}

/// ok, or output_size_mismatch (found: outputs; expected: inputs).
Result check_autoencoder(const FlashModel& model);
Result check_autoencoder(const IntegerModel& model);

/// Estimates a quantile of a stream of numbers in constant memory: the P2 algorithm (Jain & Chlamtac 1985), which moves
/// five markers along parabolas, in integers. Stores no pointers: a copy of its bytes restores it on machines of equal
/// byte order.
///
/// With p = 0.95 and n numbers, the fraction of all numbers below the estimate deviates from p by 0.049 for n = 20,
/// 0.037 for 50, 0.023 for 100 and 0.007 for 1,000 (root mean square; with the quantile of n stored numbers by 0.049,
/// 0.030, 0.020 and 0.007: tests/device/anomaly_test.cpp).
class RunningQuantile {
 public:
  /// p: in [2^-16, 1), rounded down to a multiple of 2^-16.
  explicit constexpr RunningQuantile(float p = 0.5f) : p_(static_cast<std::uint32_t>(p * 65536.0f)) {
    MOTE_ASSERT(p_ > 0 && p_ < 65536);
  }

  /// Ignores numbers after the first 2^31 - 1.
  void add(std::uint32_t x);
  /// The estimate; the largest number for fewer than about 1 / (1 - p) numbers, which are too few for a quantile;
  /// 2^32 - 1 without numbers.
  std::uint32_t value() const;
  std::uint32_t count() const { return count_; }

 private:
  static constexpr std::size_t kMarkers = 5;
  void adjust(std::size_t i);

  std::uint32_t p_;  // times 2^16
  std::uint32_t count_ = 0;
  std::uint32_t heights_[kMarkers] = {};    // in ascending order: least number, quantiles p/2, p, (1+p)/2, largest
  std::uint32_t positions_[kMarkers] = {};  // so many numbers are at most as large as the height
};

namespace detail {
/// Scores as integers of their order, NaN last: for a float, its bits.
std::uint32_t order_of(float score);
inline std::uint32_t order_of(std::uint32_t score) {
  return score;
}
/// The score of order_of()'s number, in the type of this network's scores.
float score_of(std::uint32_t order, const FlashNetwork&);
inline std::uint32_t score_of(std::uint32_t order, const IntegerNetwork&) {
  return order;
}
}  // namespace detail

/// Learns a threshold from the scores of normal samples. Network: FlashNetwork, whose samples are Inputs and whose
/// scores are floats, or IntegerNetwork, whose samples are int8 and whose scores are integers; a program links the one
/// that it names.
template <typename Network>
class AnomalyDetector {
 public:
  /// Discards the learned threshold. quantile: fraction of normal samples below the threshold, in (0, 1). The network
  /// must be bound and outlive the detector. Error: of check_autoencoder().
  Result bind(const Network& network, float quantile) {
    if (const Result result = check_autoencoder(network.model()); !result.ok()) return result;
    network_ = &network;
    scores_ = RunningQuantile(quantile);
    return Status::ok;
  }
  Result bind(Network&& network, float quantile) = delete;

  /// Learns from a normal sample. Error, which leaves all state unchanged: score_not_finite (found: samples learned).
  template <typename Sample>
  Result learn(const Sample& sample) {
    const auto score = anomaly_score(*network_, sample);
    if constexpr (std::is_same_v<decltype(score), const float>) {
      if (!detail::is_finite(score)) return {Status::score_not_finite, scores_.count()};
    }
    scores_.add(detail::order_of(score));
    return Status::ok;
  }

  /// Whether the score exceeds the threshold; true for a score that is not finite, false before the first learn().
  template <typename Sample>
  bool detect(const Sample& sample) const {
    return detail::order_of(anomaly_score(*network_, sample)) > scores_.value();
  }

  /// The score that a sample must exceed to be an anomaly.
  auto threshold() const { return detail::score_of(scores_.value(), *network_); }

  /// The learned quantile, to save it or to restore it after bind().
  RunningQuantile& scores() { return scores_; }

 private:
  const Network* network_ = nullptr;
  RunningQuantile scores_;
};

}  // namespace mote

#endif  // MOTE_ANOMALY_HPP
