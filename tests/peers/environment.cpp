// SPDX-License-Identifier: MIT
#include "environment.hpp"

#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "common/error.hpp"

namespace peers {
namespace {

/// Choose kernels or cache sizes of another processor, or print in the middle of things.
constexpr const char* kUnwanted[] = {
    "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE",   "OPENBLAS_VERBOSE",     "DNNL_MAX_CPU_ISA", "DNNL_CPU_ISA_HINTS",
    "DNNL_VERBOSE",      "ONEDNN_MAX_CPU_ISA", "ONEDNN_CPU_ISA_HINTS", "ONEDNN_VERBOSE",   "OMP_PROC_BIND"};
constexpr const char* kThreads[] = {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"};

}  // namespace

void require_fair_environment(char** arguments) {
  bool changed = false;
  for (const char* name : kUnwanted) {
    if (std::getenv(name) == nullptr) continue;
    unsetenv(name);
    changed = true;
  }
  for (const char* name : kThreads) {
    const char* value = std::getenv(name);
    if (value != nullptr && std::strcmp(value, "1") == 0) continue;
    setenv(name, "1", 1);
    changed = true;
  }
  if (!changed) return;
  execv("/proc/self/exe", arguments);
  throw tools::Error(
      "OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 must be set, and OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE not",
      tools::kExitFailed);
}

bool is_pinned() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  return sched_getaffinity(0, sizeof processors, &processors) == 0 && CPU_COUNT(&processors) == 1;
}

}  // namespace peers
