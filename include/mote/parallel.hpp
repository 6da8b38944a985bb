// SPDX-License-Identifier: MIT
// How the caller lends threads. mote has none of its own: it hands out pieces of work that do not depend on each other,
// and whoever owns threads runs them. How many there are changes no bit of any result.
#pragma once

#include <cstddef>

namespace mote {

struct Parallel {
  using Piece = void (*)(void* context, std::size_t piece);

  /// Calls piece(context, i) once for every i in [0, pieces), pieces <= workers, in any order and on any threads, at
  /// once if it can, and returns when all have returned; everything they wrote is then visible to the caller. Throws
  /// nothing. Null: one after another.
  void (*run)(void* pool, std::size_t pieces, Piece piece, void* context) = nullptr;
  void* pool = nullptr;     ///< handed to run
  std::size_t workers = 1;  ///< most pieces at a time, >= 1

  /// Calls work(i) for every i in [0, pieces).
  template <typename Work>
  void for_each(std::size_t pieces, Work work) const {
    if (run == nullptr || pieces <= 1) {
      for (std::size_t i = 0; i < pieces; ++i) work(i);
    } else {
      run(
          pool, pieces, [](void* context, std::size_t i) { (*static_cast<Work*>(context))(i); }, &work);
    }
  }
};

/// The things [begin, end).
struct Share {
  std::size_t begin;
  std::size_t end;

  constexpr std::size_t size() const { return end - begin; }
};

/// Part `index` of `count` things divided among `parts` as evenly as possible.
constexpr Share share_of(std::size_t count, std::size_t parts, std::size_t index) {
  const std::size_t rest = count % parts;
  const std::size_t begin = count / parts * index + (index < rest ? index : rest);
  return {begin, begin + count / parts + (index < rest ? 1 : 0)};
}

}  // namespace mote
