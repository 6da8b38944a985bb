// SPDX-License-Identifier: MIT
#include "mote/memory.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace {

using mote::MatrixView;
using mote::Span;

struct Base {};
struct Derived : Base {
  int more;
};

static_assert(std::is_convertible_v<Span<int>, Span<const int>>);
static_assert(!std::is_convertible_v<Span<const int>, Span<int>>, "constness is never lost");
static_assert(!std::is_convertible_v<Span<Derived>, Span<Base>>, "elements of another size");
static_assert(!std::is_convertible_v<Span<int>, Span<float>>);
static_assert(std::is_trivially_copyable_v<Span<float>>);

constexpr int kNumbers[] = {2, 3, 5, 7, 11};

TEST(Span, IsEmptyByDefault) {
  constexpr Span<int> span;
  static_assert(span.empty() && span.size() == 0 && span.data() == nullptr);
  EXPECT_EQ(span.begin(), span.end());
}

TEST(Span, TakesAWholeArrayAtCompileTime) {
  constexpr Span<const int> span = kNumbers;
  static_assert(span.size() == 5 && !span.empty());
  static_assert(span[0] == 2 && span[4] == 11);
  static_assert(span.subspan(1, 3).size() == 3 && span.subspan(1, 3)[2] == 7);
  EXPECT_EQ(span.data(), kNumbers);
}

TEST(Span, WritesThroughToItsOwner) {
  int values[3] = {1, 2, 3};
  const Span<int> span = values;
  span[1] = 20;
  for (int& value : span) ++value;
  EXPECT_EQ(values[0], 2);
  EXPECT_EQ(values[1], 21);
  EXPECT_EQ(values[2], 4);
}

TEST(Span, ConstantViewSeesTheSameElements) {
  int values[3] = {1, 2, 3};
  const Span<int> span(values, 2);
  const Span<const int> view = span;
  EXPECT_EQ(view.data(), values);
  EXPECT_EQ(view.size(), 2u);
}

TEST(Span, SubspansMayBeEmptyAtEitherEnd) {
  constexpr Span<const int> span = kNumbers;
  EXPECT_TRUE(span.subspan(0, 0).empty());
  EXPECT_TRUE(span.subspan(5, 0).empty());
  EXPECT_EQ(span.subspan(5, 0).data(), kNumbers + 5);
  EXPECT_EQ(span.subspan(0, 5).size(), 5u);
}

TEST(SpanDeathTest, StopsAtAnIndexPastTheEnd) {
  const Span<const int> span(kNumbers, 3);
  EXPECT_EQ(span[2], 5);
  EXPECT_DEATH(static_cast<void>(span[3]), "");
  EXPECT_DEATH(static_cast<void>(Span<const int>()[0]), "");
}

TEST(SpanDeathTest, StopsAtASubspanPastTheEnd) {
  const Span<const int> span(kNumbers, 3);
  EXPECT_DEATH(static_cast<void>(span.subspan(0, 4)), "");
  EXPECT_DEATH(static_cast<void>(span.subspan(4, 0)), "");
  EXPECT_DEATH(static_cast<void>(span.subspan(2, static_cast<std::size_t>(-1))), "") << "the sum must not wrap around";
}

TEST(MatrixView, RowsLeaveThePaddingOut) {
  constexpr float kData[] = {1.0f, 2.0f, 0.0f, 3.0f, 4.0f, 0.0f};
  const MatrixView view{kData, 2, 2, 3};
  EXPECT_EQ(view.row(0).data(), kData);
  EXPECT_EQ(view.row(1).data(), kData + 3);
  EXPECT_EQ(view.row(1).size(), 2u);
  EXPECT_EQ(view.row(1)[1], 4.0f);
}

TEST(MatrixViewDeathTest, StopsAtARowPastTheEnd) {
  constexpr float kData[] = {1.0f, 2.0f};
  const MatrixView view{kData, 2, 1, 1};
  EXPECT_DEATH(static_cast<void>(view.row(2)), "");
}

}  // namespace
