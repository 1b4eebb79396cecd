// SPDX-License-Identifier: MIT
// See instructions.hpp.
#include "workloads/micro/instructions.hpp"

#include <utility>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define TAILRACE_HAS_CALLGRIND_H 1
#else
#define TAILRACE_HAS_CALLGRIND_H 0
#define CALLGRIND_DUMP_STATS static_cast<void>(0)
#define CALLGRIND_DUMP_STATS_AT(name) static_cast<void>(name)
#endif

namespace tailrace::micro {
namespace {

std::string counted_row;

}  // namespace

const bool speaks_to_callgrind = TAILRACE_HAS_CALLGRIND_H;

void count_instructions_of(std::string row) {
  counted_row = std::move(row);
}

bool counting_instructions() noexcept {
  return !counted_row.empty();
}

// Not CALLGRIND_ZERO_STATS: that of valgrind 3.19 adds instructions of threads that have ended to
// the next profile.
void instructions_begin() {
  if (counting_instructions()) CALLGRIND_DUMP_STATS;
}

void instructions_end() {
  if (counting_instructions()) CALLGRIND_DUMP_STATS_AT(counted_row.c_str());
}

}  // namespace tailrace::micro
