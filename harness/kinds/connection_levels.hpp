// SPDX-License-Identifier: MIT
// What the memory kinds have in common whose levels are so many connections: how a level comes to
// them and gets rid of them. Main thread only.
#pragma once

#include <cstdint>

#include "harness/kinds/load_child.hpp"
#include "harness/kinds/memory_levels.hpp"

namespace tailrace::kinds {

class work_over_connections : public work_in_levels {
 public:
  using work_in_levels::work_in_levels;
  std::int64_t connections() const override { return keys().counts.back(); }

 protected:
  // n connections that stay. Before them eight are made, used and closed, so that code and pools
  // touched once are in every level alike. Refuses (unsupported) more than the target has room for.
  static void open_connections(memory_level& level, load_hold& hold, std::int64_t n);
  // Takes what was asked for, and closes them.
  static void close_connections(memory_level& level, load_hold& hold);

 private:
  const char* unit() const override { return "connection"; }
};

}  // namespace tailrace::kinds
