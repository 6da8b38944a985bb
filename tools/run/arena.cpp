// SPDX-License-Identifier: MIT
#include "run/arena.hpp"

#include <algorithm>
#include <string>

#include "common/error.hpp"
#include "run/diagnosis.hpp"
#include "run/inspection.hpp"
#include "run/report.hpp"

namespace tools {
namespace {

std::size_t model_count(const mote::Topology& topology) {
  return topology.parameter_count() + mote::running_statistics_count(topology);
}

}  // namespace

Arena plan_arena(const Settings& settings, const mote::Topology& topology, const mote::TrainingOptions& options,
                 std::size_t images) {
  Arena arena{};
  const bool many = settings.ensemble > 1;
  arena.kept_count = many ? settings.ensemble : 0;
  arena.slots = many ? std::min(settings.threads, settings.ensemble) : 1;
  mote::MemoryPlan memory;
  arena.kept = memory.take<float>(arena.kept_count, model_count(topology));
  arena.inspection_size = settings.has_pictures() || settings.measures_errors() ? inspection_bytes(topology) : 0;
  arena.inspection = memory.take_bytes(arena.inspection_size);
  arena.diagnosis_size = settings.looks_at_layers() ? Diagnosis::bytes(topology, images) : 0;
  arena.diagnosis = memory.take_bytes(arena.diagnosis_size);
  arena.training = memory.take_bytes(0);
  mote::MemoryPlan one;
  one.take_bytes(mote::training_bytes(topology, options, images));
  arena.training_stride = one.take_bytes(0);  // where a second block would begin
  memory.take<unsigned char>(arena.slots, arena.training_stride);
  const std::size_t evaluation = many ? arena.training + mote::ensemble_evaluation_bytes(topology, 1) : 0;
  arena.bytes = std::max(memory.bytes(), evaluation);
  return arena;
}

mote::Span<float> kept_parameters(const Arena& arena, const mote::Topology& topology, mote::Memory memory,
                                  std::size_t i) {
  const std::size_t count = model_count(topology);
  return arena.kept.in(memory).subspan(i * count, count);
}

void require_memory(const Arena& arena, const Settings& settings, const mote::Topology& topology,
                    std::size_t bytes_built_in) {
  if (arena.bytes <= bytes_built_in) return;
  const std::string networks = settings.ensemble > 1
                                   ? "an ensemble of " + std::to_string(settings.ensemble) + " networks " +
                                         describe_sizes(topology) + ", " + std::to_string(arena.slots) + " at a time,"
                                   : "the network " + describe_sizes(topology);
  throw Error(networks + " needs " + std::to_string(arena.bytes) + " bytes of static memory to train, but " +
              std::to_string(bytes_built_in) +
              " are built in; rebuild with: make MEMORY_MB=" + std::to_string((arena.bytes >> 20) + 1));
}

}  // namespace tools
