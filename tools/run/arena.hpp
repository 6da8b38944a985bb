// SPDX-License-Identifier: MIT
// How tools/train divides its static memory.
#pragma once

#include <cstddef>

#include "mote/mote.hpp"
#include "run/settings.hpp"

namespace tools {

struct Arena {
  std::size_t kept;             // [kept_count][parameter_count]: parameters that outlive training, or its best so far
  std::size_t kept_count;       // one for every member of an ensemble; for a single network with early stopping 1
  std::size_t inspection;       // [inspection_bytes]: scratch of inspect() where pictures are asked for, else nothing
  std::size_t inspection_size;  // bytes
  std::size_t diagnosis;        // of Diagnosis where it is asked for, else nothing
  std::size_t diagnosis_size;   // bytes
  std::size_t training;         // [slots][training_stride]: of the trainers; afterwards scratch
  std::size_t training_stride;  // bytes
  std::size_t slots;            // networks in training at a time
  std::size_t bytes;            // of everything
};

/// For mini-batches, early stopping, ensemble and threads as settings and options say.
Arena plan_arena(const Settings& settings, const mote::Topology& topology, const mote::TrainingOptions& options,
                 std::size_t images);

/// The i-th of the kept arrays of parameters.
mote::Span<float> kept_parameters(const Arena& arena, const mote::Topology& topology, mote::Memory memory,
                                  std::size_t i);

/// Throws an Error that says how to rebuild when there is not enough memory.
void require_memory(const Arena& arena, const Settings& settings, const mote::Topology& topology,
                    std::size_t bytes_built_in);

}  // namespace tools
