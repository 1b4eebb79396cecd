// SPDX-License-Identifier: MIT
#include "harness/load/endpoint.hpp"

#include <gtest/gtest.h>

namespace tailrace::load {
namespace {

TEST(source_addresses, are_as_many_as_the_ports_of_the_machine_ask_for) {
  EXPECT_EQ(source_addresses_for(1, 28'232), 1u);
  EXPECT_EQ(source_addresses_for(9'999, 28'232), 1u);
  EXPECT_EQ(source_addresses_for(10'000, 28'232), 2u);
  EXPECT_EQ(source_addresses_for(10'000, INT64_MAX), 2u);
  EXPECT_EQ(source_addresses_for(10'000, 1'000), 14u) << "a range that somebody has narrowed";
  EXPECT_EQ(source_addresses_for(1'000'000, 0), 250u);
}

}  // namespace
}  // namespace tailrace::load
