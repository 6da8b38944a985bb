// SPDX-License-Identifier: MIT
#include "mote/replay_buffer.hpp"

namespace mote {

Result ReplayBuffer::bind(ElementType type, std::size_t features, std::size_t capacity, std::uint64_t seed,
                          Memory memory) {
  if (features == 0 || capacity == 0) return Status::no_samples;
  const detail::ReplayPlan plan = detail::replay_plan(type, features, capacity);
  if (const Result result = check(memory, plan.bytes); !result.ok()) return result;
  type_ = type;
  features_ = features;
  size_ = 0;
  labels_ = plan.labels.in(memory);
  elements_ = plan.elements.in(memory).data();
  random_ = Random(seed, Stream::bootstrap);
  return Status::ok;
}

void ReplayBuffer::add(const Inputs& sample, std::uint8_t label) {
  MOTE_ASSERT(sample.count != 0 && sample.type == type_ && sample.features == features_);
  const std::size_t i = size_ < labels_.size() ? size_++ : place_for(label), bytes = features_ * size_of(type_);
  labels_[i] = label;
  __builtin_memcpy(elements_ + i * bytes, sample.data, bytes);
}

Inputs ReplayBuffer::sample(std::size_t i, const Inputs& like) const {
  MOTE_ASSERT(i < size_);
  Inputs one = like;
  one.data = elements_ + i * features_ * size_of(type_);
  one.type = type_;
  one.count = 1;
  one.features = one.stride = features_;
  return one;
}

std::size_t ReplayBuffer::count_of(std::uint8_t label) const {
  std::size_t count = 0;
  for (const std::uint8_t stored : labels_) count += stored == label ? 1 : 0;
  return count;
}

/// A random sample of the class with the most, of `label` if no class has more.
std::size_t ReplayBuffer::place_for(std::uint8_t label) {
  std::uint8_t largest = label;
  std::size_t most = count_of(label);
  for (const std::uint8_t stored : labels_) {
    const std::size_t count = stored == largest ? 0 : count_of(stored);
    if (count <= most) continue;
    most = count;
    largest = stored;
  }
  std::size_t nth = random_.below(static_cast<std::uint32_t>(most)), i = 0;
  while (labels_[i] != largest || nth-- != 0) ++i;
  return i;
}

}  // namespace mote
