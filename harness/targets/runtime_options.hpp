// SPDX-License-Identifier: MIT
// Options that several runtimes have, spelled once. `Member` is what option_table takes: a pointer
// to a member, or a function that gives a reference. Pure functions.
#pragma once

#include <chrono>
#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include "runtimes/base/pooled_read.hpp"
#include "workloads/options.hpp"

namespace tailrace {

// base/timer_window.hpp. The member is a duration, or a number of microseconds.
template <class Options, class Member>
typename option_table<Options>::row timer_window_option(Member member) {
  using table = option_table<Options>;
  constexpr bool plain = std::integral<typename table::template value_of<Member>>;
  using unit = std::conditional_t<plain, void, std::chrono::microseconds>;
  return table::template integer<unit>("timer_window_us", member, 0, 1'000'000,
                                       "how late a timer may fire so that others fire with it");
}

inline const std::vector<std::pair<std::string, file_mode>> all_file_places{
    {"auto", file_mode::automatic}, {"pool", file_mode::pool}, {"inline", file_mode::inlined}};

// Where files are read through a pool of threads, or on the spot. They belong to `file-read` alone.
template <class Options, class Mode, class Threads>
std::vector<typename option_table<Options>::row> file_pool_options(
    Mode mode, Threads threads, std::vector<std::pair<std::string, file_mode>> places) {
  using table = option_table<Options>;
  return {table::choice("files", mode, std::move(places),
                        "where a read that may wait is made: in a pool, or inline, on the worker "
                        "itself; auto: inline what the page cache has, else in the pool"),
          table::integer("file_threads", threads, 1, 1024, "most threads of the pool")};
}

}  // namespace tailrace
