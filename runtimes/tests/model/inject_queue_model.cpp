// SPDX-License-Identifier: MIT
// base/inject_queue.hpp itself: a push, a batch and a take while another thread closes it.
//
// Held: each item ends exactly once, with a taker, with whoever closed, or refused with its pusher;
// the next owner sees what was written before the push; nothing succeeds after the close.
#include <array>

#include "runtimes/base/inject_queue.hpp"
#include "runtimes/tests/model/model_runner.hpp"

namespace tailrace {
namespace {

using model::operation;

struct item : runnable {
  guarded<int> written{0};
  guarded<int> ended{0};
};

void end(runnable& one) {
  auto& ended = static_cast<item&>(one);
  RL_ASSERT(ended.written.get() == 1);
  ended.ended.set(ended.ended.get() + 1);
}

struct items_and_queue {
  std::array<item, 4> items;
  inject_queue queue;
  guarded<bool> closed{false};

  void push(unsigned number) {
    items[number].written.set(1);
    if (!queue.push(items[number])) end(items[number]);
  }
  void push_two(unsigned first) {
    items[first].written.set(1);
    items[first + 1].written.set(1);
    items[first].next_ready = &items[first + 1];
    if (queue.push_batch(&items[first], &items[first + 1], 2)) return;
    end(items[first]);
    end(items[first + 1]);
  }
  void take(std::size_t max) { RL_ASSERT(queue.take(max, end) <= max); }
  void close() {
    runnable* left = queue.close();
    while (left != nullptr) {
      runnable* const next = left->next_ready;
      end(*left);
      left = next;
    }
  }
  void all_ended_once(unsigned count) {
    for (unsigned i = 0; i < count; ++i)
      RL_ASSERT(items[i].ended.get() == 1);
    RL_ASSERT(queue.size() == 0);
  }
};

struct push_take_close : rl::test_suite<push_take_close, 3>, items_and_queue {
  void thread(unsigned index) {
    if (index == 0) {
      push(0);
      push_two(1);
    }
    if (index == 1) {
      take(2);
      take(2);
    }
    if (index == 2) {
      push(3);
      close();
    }
  }
  void after() { all_ended_once(4); }
};

// After a close that happened before it, a push is refused and a take finds nothing.
struct push_after_close : rl::test_suite<push_after_close, 2>, items_and_queue {
  void before() {
    push(0);
    close();
  }
  void thread(unsigned index) { index == 0 ? push_two(1) : take(3); }
  void after() { all_ended_once(3); }
};

}  // namespace
}  // namespace tailrace

int main() {
  using namespace tailrace;
  using namespace tailrace::model;
  bool good = holds_as_written<push_take_close>("push, take, close", bounded(5));
  good &= holds_as_written<push_after_close>("push after close", full);
  good &= catches<push_take_close>("mutant: no lock", bounded(2),
                                   {.function = "scoped_lock", .kind = operation::lock});
  good &= catches<push_after_close>(
      "mutant: push overlooks that it is closed", full,
      {.function = "::push_batch(", .kind = operation::get, .bytes = 1, .seen = [](std::uint64_t) {
         return std::uint64_t{0};
       }});
  return good ? 0 : 1;
}
