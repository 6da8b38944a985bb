// SPDX-License-Identifier: MIT
#include "run/quality.hpp"

#include <gtest/gtest.h>

namespace {

using tools::unrecognized_text;

TEST(UnrecognizedClasses, AreNamedWithTheirSizes) {
  const std::vector<std::uint32_t> confusion = {9, 1, 0, 0,   // recognized
                                                2, 0, 3, 0,   // never
                                                0, 0, 1, 99,  // once
                                                4, 0, 0, 0};  // never, but few
  EXPECT_EQ(unrecognized_text(confusion, {}, "images"), "none of the test images are recognized of class 1 (5)");
  EXPECT_EQ(unrecognized_text(confusion, {"ash", "oak", "elm", "fir"}, "rows"),
            "none of the test rows are recognized of class oak (5)");
  EXPECT_EQ(unrecognized_text({0, 5, 6, 0}, {}, "images"),
            "none of the test images are recognized of classes 0 (5), 1 (6)");
  EXPECT_EQ(unrecognized_text({5, 0, 0, 6}, {}, "images"), "");
  EXPECT_EQ(unrecognized_text({}, {}, "images"), "");
}

}  // namespace
