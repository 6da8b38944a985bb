// SPDX-License-Identifier: MIT
// The one place that chooses between the builds of the numeric code. On x86-64 the Makefile compiles each numeric file
// three times, each in its own namespace, and defines MOTE_DISPATCH. Without MOTE_DISPATCH each file is compiled once,
// in namespace mote, and callers call it directly.
#include "mote/instruction_set.hpp"

#ifdef MOTE_DISPATCH
#include <atomic>

#include "mote/detail/activation.hpp"
#include "mote/detail/batch_norm.hpp"
#include "mote/detail/dropout.hpp"
#include "mote/detail/flash_product.hpp"
#include "mote/detail/products.hpp"
#include "mote/detail/regularization.hpp"
#include "mote/detail/vector_math.hpp"
#include "mote/detail/weight_update.hpp"
#include "mote/information.hpp"
#include "mote/loss.hpp"
#include "mote/optimizer.hpp"

namespace mote {

#define MOTE_FUNCTION(result, name, parameters, arguments) result name parameters;
namespace x86_baseline {
#include "numeric_functions.def"
}
namespace x86_v3 {
#include "numeric_functions.def"
}
namespace x86_v4 {
#include "numeric_functions.def"
}
#undef MOTE_FUNCTION

namespace {

struct Build {
#define MOTE_FUNCTION(result, name, parameters, arguments) decltype(&mote::name) name;
#include "numeric_functions.def"
#undef MOTE_FUNCTION
};

#define MOTE_FUNCTION(result, name, parameters, arguments) MOTE_BUILD::name,
constexpr Build kBuilds[] = {
#define MOTE_BUILD x86_baseline
    {
#include "numeric_functions.def"
    },
#undef MOTE_BUILD
#define MOTE_BUILD x86_v3
    {
#include "numeric_functions.def"
    },
#undef MOTE_BUILD
#define MOTE_BUILD x86_v4
    {
#include "numeric_functions.def"
    },
#undef MOTE_BUILD
};
#undef MOTE_FUNCTION

// The library's only global state: the chosen build, null before the first call.
std::atomic<const Build*> chosen{nullptr};

const Build& best() {
  if (is_supported(InstructionSet::v4)) return kBuilds[2];
  return kBuilds[is_supported(InstructionSet::v3) ? 1 : 0];
}

const Build& build() {
  const Build* current = chosen.load(std::memory_order_relaxed);
  if (current == nullptr) {  // several threads may get here at once, and store equal pointers
    current = &best();
    chosen.store(current, std::memory_order_relaxed);
  }
  return *current;
}

}  // namespace

// Asks for the features that the Makefile compiles each build with.
bool is_supported(InstructionSet set) {
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return set == InstructionSet::baseline || (set == InstructionSet::v3 && v3) || (set == InstructionSet::v4 && v4);
}

Result select(InstructionSet set) {
  if (!is_supported(set)) return Status::unsupported_instruction_set;
  chosen.store(&kBuilds[static_cast<int>(set)], std::memory_order_relaxed);
  return Status::ok;
}

InstructionSet selected() {
  return static_cast<InstructionSet>(&build() - kBuilds);
}

#define MOTE_FUNCTION(result, name, parameters, arguments) \
  result name parameters {                                 \
    return build().name arguments;                         \
  }
#include "numeric_functions.def"
#undef MOTE_FUNCTION

}  // namespace mote

#else

namespace mote {

bool is_supported(InstructionSet set) {
  return set == InstructionSet::baseline;
}

Result select(InstructionSet set) {
  return is_supported(set) ? Result(Status::ok) : Result(Status::unsupported_instruction_set);
}

InstructionSet selected() {
  return InstructionSet::baseline;
}

}  // namespace mote

#endif
