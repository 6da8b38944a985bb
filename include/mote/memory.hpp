// SPDX-License-Identifier: MIT
// Views of memory that the caller owns, storage of constant size, and plans that divide it up. constexpr functions say
// how many bytes a class needs.
#ifndef MOTE_MEMORY_HPP
#define MOTE_MEMORY_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "mote/status.hpp"
#include "mote/target.hpp"

namespace mote {

/// A view of `size` elements at `data`: the part of C++20's std::span that mote needs.
template <typename T>
class Span {
 public:
  constexpr Span() = default;
  constexpr Span(T* data, std::size_t size) : data_(data), size_(size) {}
  template <std::size_t N>
  constexpr Span(T (&array)[N]) : data_(array), size_(N) {}
  /// Converts a view of mutable elements to a view of constant elements.
  template <typename U, typename = std::enable_if_t<std::is_convertible_v<U (*)[], T (*)[]>>>
  constexpr Span(Span<U> other) : data_(other.data()), size_(other.size()) {}

  constexpr T* data() const { return data_; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr T* begin() const { return data_; }
  constexpr T* end() const { return data_ + size_; }
  constexpr T& operator[](std::size_t i) const {
    MOTE_ASSERT(i < size_);
    return data_[i];
  }
  constexpr Span subspan(std::size_t first, std::size_t count) const {
    MOTE_ASSERT(first <= size_ && count <= size_ - first);
    return {data_ + first, count};
  }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

using Bytes = Span<const unsigned char>;

/// A view of numbers as the bytes of memory, for a record in flash.
inline Bytes as_bytes(Span<const float> numbers) {
  return {reinterpret_cast<const unsigned char*>(numbers.data()), numbers.size() * sizeof(float)};
}

/// A view of [rows][columns] floats; consecutive rows are `stride` floats apart (stride >= columns).
struct MatrixView {
  const float* data = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t stride = 0;

  constexpr Span<const float> row(std::size_t i) const {
    MOTE_ASSERT(i < rows);
    return {data + i * stride, columns};
  }
};

using Memory = Span<unsigned char>;

/// Alignment of every block of memory that mote gets, in bytes.
#ifdef MOTE_MICROCONTROLLER
inline constexpr std::size_t kAlignment = 8;
#else
inline constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector register
#endif

/// A block of exactly `N` bytes, aligned for mote. If it is static, the linker knows its size.
template <std::size_t N>
class Storage {
 public:
  operator Memory() { return {bytes_, N}; }
  static constexpr std::size_t size() { return N; }

 private:
  alignas(kAlignment) unsigned char bytes_[N];
};

/// A part of a block of memory, from MemoryPlan::take().
template <typename T>
struct Part {
  std::size_t offset = 0;  ///< bytes after the beginning of the block
  std::size_t count = 0;   ///< elements

  /// The elements, uninitialized.
  Span<T> in(Memory memory) const {
    return {reinterpret_cast<T*>(memory.subspan(offset, count * sizeof(T)).data()), count};
  }
};

/// Plans a block of memory: one sequence of take() calls counts its bytes and finds its parts.
class MemoryPlan {
 public:
  /// Takes room for rows x columns elements of T, aligned to kAlignment.
  template <typename T>
  constexpr Part<T> take(std::size_t rows, std::size_t columns = 1) {
    const std::size_t count = product(rows, columns);
    return {take_bytes(product(count, sizeof(T))), count};
  }
  /// Takes room for `size` bytes and returns its offset.
  constexpr std::size_t take_bytes(std::size_t size) {
    constexpr std::size_t kLargest = static_cast<std::size_t>(-1);
    const std::size_t room = kLargest - kAlignment;
    const std::size_t offset = bytes_ > room ? bytes_ : (bytes_ + kAlignment - 1) / kAlignment * kAlignment;
    bytes_ = size > kLargest - offset ? kLargest : offset + size;
    return offset;
  }
  /// Bytes up to the end of the last part; on overflow the largest size_t, which no memory has.
  constexpr std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t product(std::size_t a, std::size_t b) {
    constexpr std::size_t kLargest = static_cast<std::size_t>(-1);
    return b != 0 && a > kLargest / b ? kLargest : a * b;
  }

  std::size_t bytes_ = 0;
};

/// ok, memory_misaligned or memory_too_small.
inline Result check(Memory memory, std::size_t bytes_needed) {
  const std::size_t past = reinterpret_cast<std::uintptr_t>(memory.data()) % kAlignment;
  if (past != 0) return {Status::memory_misaligned, past, kAlignment};
  if (memory.size() < bytes_needed) return {Status::memory_too_small, memory.size(), bytes_needed};
  return Status::ok;
}

/// ok, or memory_too_small for an array of fewer than `needed` elements.
template <typename T>
constexpr Result check_at_least(Span<T> array, std::size_t needed) {
  if (array.size() >= needed) return Status::ok;
  return {Status::memory_too_small, array.size() * sizeof(T), needed * sizeof(T)};
}
/// ok, or memory_too_small unless an array has exactly `needed` elements.
template <typename T>
constexpr Result check_exactly(Span<T> array, std::size_t needed) {
  if (array.size() == needed) return Status::ok;
  return {Status::memory_too_small, array.size() * sizeof(T), needed * sizeof(T)};
}

}  // namespace mote

#endif  // MOTE_MEMORY_HPP
