// SPDX-License-Identifier: MIT
// base/stealing_queue.hpp itself, an owner against one and two thieves, with rings so small that
// slots are used again and positions that wrap.
//
// Held: each item is taken exactly once, whoever takes it sees what was written before its push,
// and no slot is written while somebody reads it.
#include <array>

#include "runtimes/base/stealing_queue.hpp"
#include "runtimes/tests/model/model_runner.hpp"

namespace tailrace {
namespace {

using model::operation;

struct item {
  guarded<int> written{0};
  guarded<int> taken{0};
};

void use(item& one) {
  RL_ASSERT(one.written.get() == 1);
  one.taken.set(one.taken.get() + 1);
}

template <std::uint32_t Slots, unsigned Items>
struct ring_and_items {
  using queue = stealing_queue<item, Slots>;
  static constexpr std::uint32_t shortly_before_wrap = UINT32_MAX - 1;

  queue victim{shortly_before_wrap};
  std::array<item, Items> items;

  void push(unsigned number) {
    items[number].written.set(1);
    if (victim.push(items[number])) return;
    if (victim.shed([](item& one) { use(one); }) == 0) return use(items[number]);
    RL_ASSERT(victim.push(items[number]));
  }
  static bool pop(queue& from) {
    item* const popped = from.pop();
    if (popped != nullptr) use(*popped);
    return popped != nullptr;
  }
  // Into a queue that exists only here: only its owner ever looks at it.
  void steal() {
    queue own(shortly_before_wrap);
    steal_into(own);
    while (pop(own)) {
    }
  }
  void steal_into(queue& own) {
    std::uint32_t moved = 0;
    item* const first = victim.steal_into(own, moved);
    RL_ASSERT((first != nullptr) == (moved > 0));
    if (first != nullptr) use(*first);
  }
  void all_taken_once() {
    while (pop(victim)) {
    }
    for (item& one : items)
      RL_ASSERT(one.taken.get() == 1);
  }
};

// Two slots, three items: the third reuses the slot that a pop or a thief has freed.
struct one_thief : rl::test_suite<one_thief, 2>, ring_and_items<2, 3> {
  void thread(unsigned index) {
    if (index == 1) return steal();
    push(0);
    push(1);
    pop(victim);
    push(2);
    pop(victim);
  }
  void after() { all_taken_once(); }
};

// The thief comes twice: its second claim meets a head that its first one or a pop has moved.
struct thief_twice : rl::test_suite<thief_twice, 2>, ring_and_items<4, 4> {
  void thread(unsigned index) {
    if (index == 1) {
      steal();
      return steal();
    }
    for (unsigned i = 0; i < 4; ++i)
      push(i);
    pop(victim);
    pop(victim);
  }
  void after() { all_taken_once(); }
};

// The third push sheds if no thief has come.
struct two_thieves : rl::test_suite<two_thieves, 3>, ring_and_items<2, 3> {
  void thread(unsigned index) {
    if (index > 0) return steal();
    for (unsigned i = 0; i < 3; ++i)
      push(i);
    pop(victim);
  }
  void after() { all_taken_once(); }
};

// What a thief has stolen is stolen again from it.
struct thief_robbed : rl::test_suite<thief_robbed, 3>, ring_and_items<4, 4> {
  queue second{shortly_before_wrap};

  void before() {
    for (unsigned i = 0; i < 4; ++i)
      push(i);
  }
  void thread(unsigned index) {
    if (index == 0) pop(victim);
    if (index == 1) {
      steal_into(second);
      pop(second);
    }
    if (index == 2) {
      queue own;
      std::uint32_t moved = 0;
      item* const first = second.steal_into(own, moved);
      if (first != nullptr) use(*first);
      while (pop(own)) {
      }
    }
  }
  void after() {
    while (pop(second)) {
    }
    all_taken_once();
  }
};

// A thief whose own queue was robbed fills the robbed slots again: positions 0 to 4 at first, 0 to
// 2 robbed, 5 to 7 and then 8, which is the slot of 0, filled by two steals.
struct robbed_slots_reused : rl::test_suite<robbed_slots_reused, 2>, ring_and_items<8, 13> {
  queue second{0};

  void before() {
    for (unsigned i = 0; i < 8; ++i)
      push(i);
    for (unsigned i = 8; i < 13; ++i) {
      items[i].written.set(1);
      RL_ASSERT(second.push(items[i]));
    }
  }
  void thread(unsigned index) {
    if (index == 0) {
      steal_into(second);
      pop(second);
      return steal_into(second);
    }
    queue own;
    std::uint32_t moved = 0;
    item* const first = second.steal_into(own, moved);
    if (first != nullptr) use(*first);
    while (pop(own)) {
    }
  }
  void after() {
    while (pop(second)) {
    }
    all_taken_once();
  }
};

// A full queue sheds half of itself while two thieves come.
struct shed_and_thieves : rl::test_suite<shed_and_thieves, 3>, ring_and_items<4, 6> {
  void before() {
    for (unsigned i = 0; i < 4; ++i)
      push(i);
  }
  void thread(unsigned index) {
    if (index > 0) return steal();
    push(4);
    push(5);
    pop(victim);
  }
  void after() { all_taken_once(); }
};

std::uint64_t claimed_as_real(std::uint64_t head) {
  return (head & UINT32_MAX) | head << 32U;
}

bool mutants_of_push_and_pop() {
  using namespace model;
  constexpr auto exchange = operation::read_modify_write;
  bool good = catches<one_thief>("mutant: push publishes relaxed", bounded(3),
                                 {.function = "::push(", .kind = operation::store});
  good &= catches<one_thief>("mutant: push does not acquire the slot", bounded(3),
                             {.function = "::push(", .kind = operation::load, .bytes = 8});
  good &= catches<one_thief>(
      "mutant: push overlooks a thief at work", bounded(3),
      {.function = "::push(", .kind = operation::load, .bytes = 8, .seen = claimed_as_real});
  good &= catches<thief_twice>("mutant: pop relaxed", bounded(2),
                               {.function = "::pop(", .kind = exchange});
  return good;
}

bool mutants_of_stealing() {
  using namespace model;
  constexpr auto exchange = operation::read_modify_write;
  bool good = catches<thief_twice>("mutant: claim loads the head relaxed", bounded(2),
                                   {.function = "::claim(", .kind = operation::load, .bytes = 8});
  good &= catches<thief_twice>("mutant: claim loads the tail relaxed", bounded(2),
                               {.function = "::claim(", .kind = operation::load, .bytes = 4});
  good &= catches<thief_twice>("mutant: claim fails relaxed", bounded(2),
                               {.function = "::claim(", .kind = exchange});
  good &= catches<one_thief>("mutant: a steal ends relaxed", bounded(3),
                             {.function = "::finish_steal(", .kind = exchange});
  good &= catches<thief_robbed>("mutant: stolen items published relaxed", bounded(2),
                                {.function = "::steal_into(", .kind = operation::store});
  good &= catches<robbed_slots_reused>(
      "mutant: robbed slots not acquired", bounded(2),
      {.function = "::steal_into(", .kind = operation::load, .bytes = 8});
  return good;
}

bool mutants_of_shedding() {
  using namespace model;
  return catches<shed_and_thieves>(
      "mutant: the drawn back tail published relaxed", bounded(2),
      {.function = "::draw_tail_back(", .kind = operation::store, .bytes = 8});
}

}  // namespace
}  // namespace tailrace

int main() {
  using namespace tailrace;
  using namespace tailrace::model;
  bool good = holds_as_written<one_thief>("owner and thief", bounded(4));
  good &= holds_as_written<thief_twice>("owner and thief, twice", bounded(2));
  good &= holds_as_written<two_thieves>("owner and two thieves", bounded(2));
  good &= holds_as_written<thief_robbed>("thief robbed", bounded(2));
  good &= holds_as_written<robbed_slots_reused>("robbed slots used again", bounded(2));
  good &= holds_as_written<shed_and_thieves>("half shed", bounded(2));
  good &= mutants_of_push_and_pop();
  good &= mutants_of_stealing();
  good &= mutants_of_shedding();
  return good ? 0 : 1;
}
