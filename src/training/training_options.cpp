// SPDX-License-Identifier: MIT
#include "mote/trainer.hpp"

#include "mote/detail/finite.hpp"

namespace mote {
namespace {

/// Of a penalty or a limit; 0 is none.
bool is_amount(float x) {
  return x >= 0.0f && detail::is_finite(x);
}

/// Of leaving something out, but not everything.
bool is_probability(float x) {
  return x >= 0.0f && x < 1.0f;
}

Result check_batch_norm(const TrainingOptions& options, std::size_t samples) {
  const std::size_t left = samples % options.batch_size, fewest = left == 0 ? options.batch_size : left;
  if (options.memory_rows < options.batch_size) {
    return {Status::batch_norm_in_chunks, options.memory_rows, options.batch_size};
  }
  if (fewest < 2) return {Status::batch_norm_of_one_sample, fewest, 2};
  return Status::ok;
}

}  // namespace

Result check(const Topology& topology, const TrainingOptions& options, std::size_t samples) {
  if (const Result result = check(topology); !result.ok()) return result;
  if (const Result result = check(options.loss, topology.output_activation()); !result.ok()) return result;
  if (const Result result = check(options.optimizer); !result.ok()) return result;
  if (!is_amount(options.l1) || !is_amount(options.l2)) return Status::bad_penalty;
  const bool clips_twice = options.clip_norm != 0.0f && options.clip_value != 0.0f;
  if (!is_amount(options.clip_norm) || !is_amount(options.clip_value) || clips_twice) return Status::bad_clipping;
  if (!is_amount(options.max_norm)) return Status::bad_max_norm;
  if (!is_probability(options.input_dropout) || !is_probability(options.hidden_dropout)) return Status::bad_dropout;
  if (const Result result = check(options.schedule); !result.ok()) return result;
  if (samples == 0) return Status::no_samples;
  constexpr std::uint64_t kMostSamples = 0xffffffffu;  // they are counted, and ordered, in 32 bits
  if (samples > kMostSamples) return {Status::too_many_samples, samples, kMostSamples};
  if (options.batch_size == 0 || options.batch_size > samples) {
    return {Status::bad_batch_size, options.batch_size, samples};
  }
  if (options.workers == 0) return Status::bad_worker_count;
  if (options.memory_rows == 0) return {Status::bad_batch_size, 0, samples};
  return topology.all_scale_floats() == 0 ? Result(Status::ok) : check_batch_norm(options, samples);
}

}  // namespace mote
