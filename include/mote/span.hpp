// SPDX-License-Identifier: MIT
// Non-owning views of arrays and matrices.
#pragma once

#include <cstddef>
#include <type_traits>

#include "mote/status.hpp"

namespace mote {

/// `size` elements at `data`, owned by somebody else. The part of C++20's std::span that mote needs.
template <typename T>
class Span {
 public:
  constexpr Span() = default;
  constexpr Span(T* data, std::size_t size) : data_(data), size_(size) {}
  template <std::size_t N>
  constexpr Span(T (&array)[N]) : data_(array), size_(N) {}
  /// A view of mutable elements is also a view of constant ones.
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

/// `rows` rows of `columns` floats; consecutive rows are `stride` floats apart (stride >= columns).
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

}  // namespace mote
