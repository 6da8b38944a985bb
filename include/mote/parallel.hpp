// SPDX-License-Identifier: MIT
// Threads of the caller. mote starts none: it divides work into independent pieces, and the caller's threads run them.
// The number of threads changes no bit of any result.
#ifndef MOTE_PARALLEL_HPP
#define MOTE_PARALLEL_HPP

#include <cstddef>

#include "mote/target.hpp"

namespace mote {

/// The things [begin, end) of a whole, for one worker.
struct Share {
  std::size_t begin;
  std::size_t end;

  constexpr std::size_t size() const { return end - begin; }
};

/// Share `index` of `count` things divided among `parts` as evenly as possible.
constexpr Share share_of(std::size_t count, std::size_t parts, std::size_t index) {
  const std::size_t rest = count % parts;
  const std::size_t begin = count / parts * index + (index < rest ? index : rest);
  return {begin, begin + count / parts + (index < rest ? 1 : 0)};
}

/// Largest number of workers: code for microcontrollers leaves out the division of work.
#ifdef MOTE_MICROCONTROLLER
inline constexpr std::size_t kMostWorkers = 1;
#else
inline constexpr std::size_t kMostWorkers = static_cast<std::size_t>(-1) / 2;
#endif

struct Parallel {
  using Piece = void (*)(void* context, std::size_t piece);

  /// Calls piece(context, i) once for every i in [0, pieces), pieces <= workers, in any order and on any threads,
  /// preferably at the same time. Returns when all calls have returned and their writes are visible to the caller.
  /// Throws nothing. Null: the calls run one after another.
  void (*run)(void* pool, std::size_t pieces, Piece piece, void* context) = nullptr;
  void* pool = nullptr;     ///< handed to run
  std::size_t workers = 1;  ///< largest number of pieces at a time, >= 1

  /// Calls work(i) for every i in [0, pieces).
  template <typename Work>
  void for_each(std::size_t pieces, Work work) const {
    if (kMostWorkers == 1 || run == nullptr || pieces <= 1) {
      for (std::size_t i = 0; i < pieces; ++i) work(i);
    } else {
      run(
          pool, pieces, [](void* context, std::size_t i) { (*static_cast<Work*>(context))(i); }, &work);
    }
  }

  /// Number of workers that share `count` things: one, if two would get fewer than `least` each.
  constexpr std::size_t shares_of(std::size_t count, std::size_t least) const {
    return count < 2 * least ? 1 : workers;
  }
  /// Calls work(share, worker) for each of the shares_of(count, least) workers. Some shares may be empty.
  template <typename Work>
  void for_shares(std::size_t count, [[maybe_unused]] std::size_t least, Work work) const {
    if constexpr (kMostWorkers == 1) return work(Share{0, count}, 0);
    const std::size_t shares = shares_of(count, least);
    for_each(shares, [&](std::size_t worker) { work(share_of(count, shares, worker), worker); });
  }
};

}  // namespace mote

#endif  // MOTE_PARALLEL_HPP
