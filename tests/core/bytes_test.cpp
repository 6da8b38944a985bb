// SPDX-License-Identifier: MIT
#include "mote/bytes.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Stream, ReadsFromMemoryWhereItIsAsked) {
  const unsigned char memory[] = {1, 2, 3, 4, 5};
  const mote::Bytes bytes(memory);
  const mote::ByteSource source = mote::source_of(bytes);
  EXPECT_EQ(source.size, 5u);
  unsigned char two[2] = {};
  ASSERT_TRUE(source.read(source.context, 3, mote::Memory(two)));
  EXPECT_EQ(two[0], 4);
  EXPECT_EQ(two[1], 5);
  EXPECT_TRUE(source.read(source.context, 5, {}));
}

}  // namespace
