// SPDX-License-Identifier: MIT
// Earlier samples to train on beside new ones, so that a network on the device does not forget them:
//
//   static mote::Storage<mote::replay_bytes(mote::ElementType::int16, 12, 50)> memory;
//   mote::ReplayBuffer replay;
//   if (!replay.bind(mote::ElementType::int16, 12, 50, 1, memory).ok()) halt();
//   ... if (!tuning.train(sample, label).ok()) halt();
//   ... if (replay.size() != 0) {
//         const std::size_t i = replay.pick();
//         if (!tuning.train(replay.sample(i, sample), replay.label(i)).ok()) halt();
//       }
//   ... replay.add(sample, label);
#ifndef MOTE_REPLAY_BUFFER_HPP
#define MOTE_REPLAY_BUFFER_HPP

#include <cstddef>
#include <cstdint>

#include "mote/inputs.hpp"
#include "mote/memory.hpp"
#include "mote/random.hpp"

namespace mote {

namespace detail {
struct ReplayPlan {
  Part<std::uint8_t> labels;     // [capacity]
  Part<unsigned char> elements;  // [capacity][features]
  std::size_t bytes;
};

constexpr ReplayPlan replay_plan(ElementType type, std::size_t features, std::size_t capacity) {
  MemoryPlan memory;
  ReplayPlan plan{};
  plan.labels = memory.take<std::uint8_t>(capacity);
  plan.elements = memory.take<unsigned char>(capacity * size_of(type), features);
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of memory for `capacity` samples.
constexpr std::size_t replay_bytes(ElementType type, std::size_t features, std::size_t capacity) {
  return detail::replay_plan(type, features, capacity).bytes;
}

/// Stores samples in the caller's memory, about equally many of each class: when it is full, a new sample replaces a
/// random one of the class with the most samples, or of its own class if none has more (similar to the sampler of
/// GDumb, Prabhu et al. 2020). Not copyable: a copy would share the memory.
class ReplayBuffer {
 public:
  ReplayBuffer() = default;
  ReplayBuffer(const ReplayBuffer&) = delete;
  ReplayBuffer& operator=(const ReplayBuffer&) = delete;

  /// memory: at least replay_bytes(type, features, capacity); it must outlive this object. Equal seeds make equal
  /// choices. Errors: no_samples for a capacity or features of 0; of check(memory).
  Result bind(ElementType type, std::size_t features, std::size_t capacity, std::uint64_t seed, Memory memory);

  /// Copies the elements of the first sample, which must have the type and features of the buffer.
  void add(const Inputs& sample, std::uint8_t label);

  std::size_t size() const { return size_; }
  /// Index of a random sample. size() must not be 0.
  std::size_t pick() { return random_.below(static_cast<std::uint32_t>(size_)); }
  std::uint8_t label(std::size_t i) const { return labels_[i]; }
  /// Sample i, with the transformation of `like`: a view, valid until the next add().
  Inputs sample(std::size_t i, const Inputs& like) const;

 private:
  std::size_t count_of(std::uint8_t label) const;
  std::size_t place_for(std::uint8_t label);

  ElementType type_ = ElementType::uint8;
  std::size_t features_ = 0;
  std::size_t size_ = 0;
  Span<std::uint8_t> labels_;
  unsigned char* elements_ = nullptr;
  Random random_{Random::State{{1, 0, 0, 0}}};
};

}  // namespace mote

#endif  // MOTE_REPLAY_BUFFER_HPP
