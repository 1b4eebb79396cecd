// SPDX-License-Identifier: MIT
// See connection_levels.hpp.
#include "harness/kinds/connection_levels.hpp"

#include <algorithm>

namespace tailrace::kinds {
namespace {

constexpr std::int64_t warm_connections = 8;
constexpr double open_limit_s = 20;  // until the target has opened or closed them all

}  // namespace

void work_over_connections::open_connections(memory_level& level, load_hold& hold, std::int64_t n) {
  session::require_room(level.ready().connections_at_once, "connections",
                        std::max(n, warm_connections));
  hold.open(warm_connections);
  hold.echo();
  hold.close();
  level.target().await_count("open", 0, open_limit_s);
  hold.open(n);
  level.target().await_count("open", n, open_limit_s);
}

void work_over_connections::close_connections(memory_level& level, load_hold& hold) {
  hold.drain();
  hold.close();
  level.target().await_count("open", 0, open_limit_s);
}

}  // namespace tailrace::kinds
