// SPDX-License-Identifier: MIT
// The division of tools/train's static memory.
#pragma once

#include <cstddef>

#include "mote/mote.hpp"
#include "run/settings.hpp"

namespace tools {

struct Arena {
  mote::Part<float> kept;       // [kept_count][parameter_count]: parameters of members
  std::size_t kept_count;       // members of an ensemble; 0 for a single network
  std::size_t inspection;       // scratch of inspect() and measure_errors()
  std::size_t inspection_size;  // bytes; 0 without pictures and errors
  std::size_t diagnosis;        // memory of Diagnosis
  std::size_t diagnosis_size;   // bytes; 0 without diagnosis
  std::size_t training;         // [slots][training_stride]: memory of the trainers; scratch after training
  std::size_t training_stride;  // bytes
  std::size_t slots;            // number of networks that train at a time
  std::size_t bytes;            // total
};

/// Plans the memory for a run. images: number of training images.
Arena plan_arena(const Settings& settings, const mote::Topology& topology, const mote::TrainingOptions& options,
                 std::size_t images);

/// The i-th of the kept arrays of parameters.
mote::Span<float> kept_parameters(const Arena& arena, const mote::Topology& topology, mote::Memory memory,
                                  std::size_t i);

/// Throws an Error that says how to rebuild when the plan does not fit into the memory built in.
void require_memory(const Arena& arena, const Settings& settings, const mote::Topology& topology,
                    std::size_t bytes_built_in);

}  // namespace tools
