// SPDX-License-Identifier: MIT
// What the tasks of one worker count, as the target protocol names it. Written by the tasks of one
// worker, read by any thread while they run: a sample may be a few operations old, and its fields
// are not from one instant. relaxed throughout: statistics that order nothing.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runtimes/base/atomic.hpp"

namespace tailrace {

// shared: tasks of several threads write it (fetch_add); otherwise a load and a store suffice, and
// no echo pays for an atomic read-modify-write.
template <bool Shared>
class counter {
 public:
  [[gnu::always_inline]] void add(std::uint64_t amount) noexcept {
    // relaxed: see the head of this file.
    if constexpr (Shared)
      value_.fetch_add(amount, std::memory_order_relaxed);
    else
      value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);  // relaxed: see the head of this file
  }

 private:
  atomic<std::uint64_t> value_{0};
};

// As events print them.
using named_counts = std::vector<std::pair<std::string, std::uint64_t>>;

// Those of every served workload, at one moment.
struct served_counts {
  std::uint64_t accepted = 0;
  std::uint64_t closed = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t errors = 0;
  std::uint64_t resets = 0;
  std::uint64_t accept_errors = 0;
};

// Adds the counts of one server to those of all; also of a type that has the same members.
template <class Counts>
void add_counts(served_counts& sum, const Counts& part) {
  sum.accepted += part.accepted;
  sum.closed += part.closed;
  sum.received_bytes += part.received_bytes;
  sum.sent_bytes += part.sent_bytes;
  sum.errors += part.errors;
  sum.resets += part.resets;
  sum.accept_errors += part.accept_errors;
}

// With `open`, so that accepted = closed + open.
inline named_counts named(const served_counts& counts) {
  return {{"accepted", counts.accepted},
          {"closed", counts.closed},
          {"open", counts.accepted - counts.closed},
          {"received_bytes", counts.received_bytes},
          {"sent_bytes", counts.sent_bytes},
          {"errors", counts.errors},
          {"resets", counts.resets},
          {"accept_errors", counts.accept_errors}};
}

// Of a floor, which has no tasks that could sleep: with the two counts that `idle` adds.
inline named_counts without_tasks(const served_counts& counts, bool idle) {
  named_counts all = named(counts);
  if (idle) all.insert(all.end(), {{"sleeping", 0}, {"woken_early", 0}, {"refused", 0}});
  return all;
}

template <bool Shared>
struct alignas(64) worker_counts {
  counter<Shared> accepted;
  counter<Shared> closed;
  counter<Shared> received_bytes;
  counter<Shared> sent_bytes;
  counter<Shared> errors;         // connections ended by an error other than end of stream or reset
  counter<Shared> resets;         // ended by ECONNRESET or EPIPE
  counter<Shared> accept_errors;  // refused accepts (no descriptors, no memory)
  counter<Shared> fell_asleep;    // idle: tasks that began their sleep
  counter<Shared> woke;           // idle: ... and left it
  counter<Shared> woken_early;    // idle: left it by itself
  counter<Shared> refused;        // idle: could not sleep: no thread, no memory
  counter<Shared> burns;          // hog: messages that CPU time was burnt for

  // `closed` before `accepted`: a connection that ends meanwhile is then still open.
  served_counts seen() const noexcept {
    served_counts now;
    now.closed = closed.get();
    now.accepted = accepted.get();
    now.received_bytes = received_bytes.get();
    now.sent_bytes = sent_bytes.get();
    now.errors = errors.get();
    now.resets = resets.get();
    now.accept_errors = accept_errors.get();
    return now;
  }
};

}  // namespace tailrace
