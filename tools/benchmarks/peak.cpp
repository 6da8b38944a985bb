// SPDX-License-Identifier: MIT
#include "benchmarks/peak.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "common/timing.hpp"

#if defined(__clang__)
#define TOOLS_UNROLL _Pragma("unroll")
#define TOOLS_WIDE
#else
#define TOOLS_UNROLL _Pragma("GCC unroll 64")
#define TOOLS_WIDE ",prefer-vector-width=512"
#endif

namespace tools {
namespace {

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
constexpr bool kBaselineIsFused = true;
#else
constexpr bool kBaselineIsFused = false;
#endif

constexpr std::size_t kMostSums = 128;  // that a read keeps in parallel
constexpr int kLinks = 64;              // per iteration of chain(): they hide the cost of its counter
constexpr std::size_t kDepth = 64;      // steps; their operands stay in the nearest cache

/// Operands, and memory for the result, so that the compiler keeps the arithmetic.
struct Operands {
  alignas(64) float left[kDepth * 16];
  alignas(64) float right[kDepth * 32];
  alignas(64) float sums[16 * 32];
};

/// kDepth multiply-adds on each of Rows x Columns sums, which stay in registers. There are more sums than the latency
/// of a multiply-add needs, and each operand serves so many sums that loads are no limit.
template <std::size_t Rows, std::size_t Columns, bool Fused>
inline __attribute__((always_inline)) void accumulate(Operands& operands) {
  static_assert(kDepth * Rows <= sizeof operands.left / sizeof(float), "fits");
  static_assert(kDepth * Columns <= sizeof operands.right / sizeof(float), "fits");
  float sum[Rows][Columns] = {};
  const float* __restrict left = operands.left;
  const float* __restrict right = operands.right;
  std::size_t depth = kDepth;
  do {
    TOOLS_UNROLL
    for (std::size_t i = 0; i < Rows; ++i) {
      const float factor = left[i];
      for (std::size_t j = 0; j < Columns; ++j) {
        sum[i][j] = Fused ? __builtin_fmaf(factor, right[j], sum[i][j]) : factor * right[j] + sum[i][j];
      }
    }
    left += Rows;
    right += Columns;
  } while (--depth != 0);
  TOOLS_UNROLL
  for (std::size_t i = 0; i < Rows; ++i) {
    for (std::size_t j = 0; j < Columns; ++j) operands.sums[i * Columns + j] = sum[i][j];
  }
}

/// A tile, and the number of sums in it.
struct Tile {
  void (*run)(Operands&);
  std::size_t sums;
};

/// Computes Columns sums in registers, each of every Columns-th float. There are more sums than the latency of an
/// addition needs.
template <std::size_t Columns>
inline __attribute__((always_inline)) void read(const float* __restrict from, std::size_t count, float* sums) {
  float sum[Columns] = {};
  for (; count >= Columns; count -= Columns, from += Columns) {
    for (std::size_t j = 0; j < Columns; ++j) sum[j] += from[j];
  }
  for (std::size_t j = 0; j < Columns; ++j) sums[j] = sum[j];
}

double operations_per_second(const Tile& tile) {
  static Operands operands;
  for (float& x : operands.left) x = 0.5f;
  for (float& x : operands.right) x = 0.5f;
  const Summary seconds = time_per_call([&] { tile.run(operands); }, 10 * kSamples);
  return 2.0 * static_cast<double>(kDepth * tile.sums) / seconds.min;
}

// Several tiles per instruction set, because compilers differ in the tiles that they keep in registers.
template <std::size_t Rows>
void accumulate_baseline(Operands& operands) {
  accumulate<Rows, 8, kBaselineIsFused>(operands);
}
void read_baseline(const float* from, std::size_t count, float* sums) {
  read<32>(from, count, sums);
}
constexpr Tile kBaselineTiles[] = {{accumulate_baseline<6>, 6 * 8}, {accumulate_baseline<5>, 5 * 8}};

#if defined(__x86_64__)
template <std::size_t Rows>
__attribute__((target("avx2,fma"))) void accumulate_v3(Operands& operands) {
  accumulate<Rows, 16, true>(operands);
}
__attribute__((target("avx2,fma"))) void read_v3(const float* from, std::size_t count, float* sums) {
  read<64>(from, count, sums);
}
constexpr Tile kV3Tiles[] = {{accumulate_v3<6>, 6 * 16}, {accumulate_v3<5>, 5 * 16}};

template <std::size_t Rows>
__attribute__((target("avx512f,fma" TOOLS_WIDE))) void accumulate_v4(Operands& operands) {
  accumulate<Rows, 32, true>(operands);
}
__attribute__((target("avx512f,fma" TOOLS_WIDE))) void read_v4(const float* from, std::size_t count, float* sums) {
  read<128>(from, count, sums);
}
constexpr Tile kV4Tiles[] = {{accumulate_v4<12>, 12 * 32}, {accumulate_v4<8>, 8 * 32}};
#endif

template <std::size_t N>
double best_of(const Tile (&tiles)[N]) {
  double best = 0.0;
  for (const Tile& tile : tiles) best = std::max(best, operations_per_second(tile));
  return best;
}

}  // namespace

double measure_read_bandwidth(mote::InstructionSet set, const float* from, std::size_t count) {
  auto* read_all = read_baseline;
#if defined(__x86_64__)
  if (set == mote::InstructionSet::v3) read_all = read_v3;
  if (set == mote::InstructionSet::v4) read_all = read_v4;
#endif
  static_cast<void>(set);
  alignas(64) static float sums[kMostSums];
  const Summary seconds = time_per_call([&] { read_all(from, count, sums); });
  return static_cast<double>(count * sizeof(float)) / seconds.median;
}

double measure_peak(mote::InstructionSet set) {
#if defined(__x86_64__)
  if (set == mote::InstructionSet::v4) return best_of(kV4Tiles);
  if (set == mote::InstructionSet::v3) return best_of(kV3Tiles);
#endif
  static_cast<void>(set);
  return best_of(kBaselineTiles);
}

namespace {

/// Runs `steps` times kLinks pairs of an exclusive or and an addition. Each needs the result before it. A
/// compiler could merge a chain of additions or of exclusive ors, but not the alternation, and it cannot compute the
/// end, because it knows neither mask nor addend.
std::uint64_t chain(std::uint64_t x, std::uint64_t mask, std::uint64_t addend, std::size_t steps) {
  for (; steps != 0; --steps) {
    TOOLS_UNROLL
    for (int i = 0; i < kLinks; ++i) x = (x ^ mask) + addend;
  }
  return x;
}

}  // namespace

double measure_cycle() {
  constexpr std::size_t kSteps = 1000;
  volatile std::uint64_t mask = 0x5555555555555555u, addend = 0x123456789abcdefu, end = 0;
  const double seconds = time_per_call([&] { end = chain(end, mask, addend, kSteps); }).min;
  return seconds / static_cast<double>(2 * kLinks * kSteps);
}

}  // namespace tools
