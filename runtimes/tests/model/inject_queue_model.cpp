// SPDX-License-Identifier: MIT
// base/inject_queue.hpp itself: a push, a batch and takes at once.
//
// Held: each item is taken exactly once, and the taker sees what was written before the push.
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

  void push(unsigned number) {
    items[number].written.set(1);
    queue.push(items[number]);
  }
  void push_two(unsigned first) {
    items[first].written.set(1);
    items[first + 1].written.set(1);
    items[first].next_ready = &items[first + 1];
    queue.push_batch(&items[first], &items[first + 1], 2);
  }
  void take(std::size_t max) { RL_ASSERT(queue.take(max, end) <= max); }
};

struct push_and_take : rl::test_suite<push_and_take, 3>, items_and_queue {
  void thread(unsigned index) {
    if (index == 0) {
      push(0);
      push_two(1);
    }
    if (index == 1) {
      take(2);
      take(2);
    }
    if (index == 2) push(3);
  }
  void after() {
    take(4);
    for (item& each : items)
      RL_ASSERT(each.ended.get() == 1);
    RL_ASSERT(queue.size() == 0);
  }
};

}  // namespace
}  // namespace tailrace

int main() {
  using namespace tailrace;
  using namespace tailrace::model;
  bool good = holds_as_written<push_and_take>("push and take", bounded(5));
  good &= catches<push_and_take>("mutant: no lock", bounded(2),
                                 {.function = "scoped_lock", .kind = operation::lock});
  return good ? 0 : 1;
}
