// SPDX-License-Identifier: MIT
#include "mote/bytes.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Bytes, AreReadFromAnyOffset) {
  const unsigned char memory[] = {1, 2, 3, 4, 5};
  const mote::ByteSource source = mote::source_of(mote::Bytes(memory));  // keeps no address of the temporary view
  EXPECT_EQ(source.size, 5u);
  EXPECT_EQ(source.context, memory);
  unsigned char two[2] = {};
  ASSERT_TRUE(source.read(source.context, 3, mote::Memory(two)));
  EXPECT_EQ(two[0], 4);
  EXPECT_EQ(two[1], 5);
  EXPECT_TRUE(source.read(source.context, 5, {}));
}

}  // namespace
