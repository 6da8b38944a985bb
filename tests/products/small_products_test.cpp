// SPDX-License-Identifier: MIT
// The products for microcontrollers, compiled for the host, equal those of reference.hpp. `make test-small` runs most
// other tests with them, and `make test-target` runs them on emulated boards.
#include <gtest/gtest.h>

#include <string>

#include "support/build.hpp"
#include "support/command.hpp"
#include "support/temporary_folder.hpp"

namespace {

class SmallProducts : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, SmallProducts, testing::Values("-O1", "-O2 -march=native"));

TEST_P(SmallProducts, AreTheSumsOfTheReference) {
  const TemporaryFolder folder;
  const std::string program = folder.file("small_products");
  const CommandResult result = run_command(build::compiler() + " -std=c++17 -ffp-contract=off " + GetParam() +
                                           " -DMOTE_MICROCONTROLLER -Iinclude -Isrc tests/products/small_products.cpp "
                                           "src/products/small_products.cpp src/textbook/optimizer.cpp -o " +
                                           program + " && " + program);
  EXPECT_EQ(result.status, 0) << result.output;
}

}  // namespace
