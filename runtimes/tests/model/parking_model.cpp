// SPDX-License-Identifier: MIT
// base/parking.hpp itself, with base/stealing_queue.hpp and base/inject_queue.hpp as what workers
// look at. The workers' loop is that of steal/worker.cpp, in short: search, else enter, look once
// more, sleep, leave.
//
// Held: a push by a busy thread, at whatever moment, brings a worker that runs the item, and the
// end brings all (a worker that sleeps for ever is a deadlock to Relacy); afterwards nobody is
// counted as sleeping or searching and no wake-up token is left over.
#include "runtimes/base/inject_queue.hpp"
#include "runtimes/base/parking.hpp"
#include "runtimes/base/stealing_queue.hpp"
#include "runtimes/tests/model/model_runner.hpp"
#include "runtimes/tests/model/wake_event.hpp"

namespace tailrace {
namespace {

using model::operation;

// Steps that the workers' loop or the pushing thread leaves out.
enum class protocol {
  as_written,
  last_searcher_does_not_look,
  shared_queue_not_looked_at,
  woken_is_no_searcher,
  signal_not_passed_on,
  end_not_passed_on,
};

struct item : runnable {
  guarded<int> written{0};
  guarded<int> run{0};
};

template <protocol Protocol, std::uint32_t Workers>
struct idle_workers {
  parking idle{Workers};
  stealing_queue<item, 2> busy;  // of a worker held by a long poll
  inject_queue shared;
  model::wake_event event;
  atomic<int> ended{0};
  item only;

  void push_to_own_queue() {
    only.written.set(1);
    RL_ASSERT(busy.push(only));
    wake_another();
  }
  void push_to_shared_queue() {
    only.written.set(1);
    shared.push(only);
    wake_another();
  }
  // A busy worker looks at the reactor and takes the signal that was meant for a sleeper.
  void poll_reactor() {
    const bool signalled = event.poll();
    if (Protocol != protocol::signal_not_passed_on && signalled && idle.has_token()) event.signal();
  }

  void work() {
    bool searching = false;
    while (ended.load(std::memory_order_acquire) == 0) {
      item* const found = find(searching);
      if (found != nullptr) {
        if (searching && idle.end_search()) wake_another();
        searching = false;
        run(*found);
      } else {
        searching = park(searching);
      }
    }
    if (searching) idle.end_search();
    if (Protocol != protocol::end_not_passed_on) event.signal();
  }

  void end() {
    ended.store(1, std::memory_order_release);
    event.signal();
  }

  void nobody_is_left_over() {
    RL_ASSERT(idle.sleepers() == 0);
    RL_ASSERT(!idle.has_token());
    RL_ASSERT(idle.try_search());  // refused while half of them search
    RL_ASSERT(idle.end_search());  // it was the only one
  }

 private:
  void wake_another() {
    if (idle.claim_wake()) event.signal();
  }

  item* find(bool& searching) {
    item* found = nullptr;
    const auto keep = [&](runnable& one) { found = static_cast<item*>(&one); };
    if (shared.take(1, keep) == 1) return found;
    if (!searching) searching = idle.try_search();
    if (!searching) return nullptr;
    stealing_queue<item, 2> own;
    std::uint32_t moved = 0;
    found = busy.steal_into(own, moved);
    if (found == nullptr) shared.take(1, keep);
    return found;
  }

  bool park(bool searching) {
    const bool last = idle.enter(searching) && Protocol != protocol::last_searcher_does_not_look;
    if (work_in_sight(last)) {
      event.poll();
      rl::yield(1, $);
    } else {
      event.wait();
    }
    const bool token = idle.leave();
    if (Protocol != protocol::woken_is_no_searcher || !token) return token;
    idle.end_search();
    return false;
  }

  bool work_in_sight(bool everywhere) {
    if (Protocol != protocol::shared_queue_not_looked_at && shared.size() != 0) return true;
    if (ended.load(std::memory_order_acquire) != 0) return true;
    return everywhere && busy.size_hint() != 0;
  }

  void run(item& found) {
    RL_ASSERT(found.written.get() == 1);
    found.run.set(found.run.get() + 1);
    end();
  }
};

template <protocol Protocol>
struct own_queue : rl::test_suite<own_queue<Protocol>, 2>, idle_workers<Protocol, 2> {
  void thread(unsigned index) { index == 0 ? this->push_to_own_queue() : this->work(); }
  void after() {
    RL_ASSERT(this->only.run.get() == 1);
    this->nobody_is_left_over();
  }
};

template <protocol Protocol>
struct own_queue_of_three : rl::test_suite<own_queue_of_three<Protocol>, 3>,
                            idle_workers<Protocol, 3> {
  void thread(unsigned index) { index == 0 ? this->push_to_own_queue() : this->work(); }
  void after() {
    RL_ASSERT(this->only.run.get() == 1);
    this->nobody_is_left_over();
  }
};

template <protocol Protocol>
struct shared_queue : rl::test_suite<shared_queue<Protocol>, 3>, idle_workers<Protocol, 3> {
  void thread(unsigned index) { index == 0 ? this->push_to_shared_queue() : this->work(); }
  void after() {
    RL_ASSERT(this->only.run.get() == 1);
    this->nobody_is_left_over();
  }
};

template <protocol Protocol>
struct busy_poller : rl::test_suite<busy_poller<Protocol>, 3>, idle_workers<Protocol, 3> {
  void thread(unsigned index) {
    if (index == 0) this->push_to_own_queue();
    if (index == 1) this->work();
    if (index == 2) this->poll_reactor();
  }
  void after() { this->nobody_is_left_over(); }
};

// Shutdown: all leave, with nothing to do.
template <protocol Protocol>
struct shutdown : rl::test_suite<shutdown<Protocol>, 3>, idle_workers<Protocol, 2> {
  void thread(unsigned index) { index == 0 ? this->end() : this->work(); }
  void after() { this->nobody_is_left_over(); }
};

bool mutants_of_the_loop() {
  using namespace model;
  using enum protocol;
  bool good = catches<own_queue<last_searcher_does_not_look>>(
      "mutant: the last searcher does not look again", bounded(3), {});
  good &= catches<shared_queue<shared_queue_not_looked_at>>(
      "mutant: the shared queue is not looked at again", bounded(2), {});
  good &= catches<busy_poller<signal_not_passed_on>>("mutant: a busy worker keeps the signal",
                                                     bounded(2), {});
  good &= catches<shutdown<end_not_passed_on>>("mutant: the end is not passed on", bounded(2), {});
  return good;
}

// The fences carry it. The orders of the read-modify-writes do not: weaker ones would do as well.
bool mutants_of_parking() {
  using namespace model;
  using enum protocol;
  bool good = catches<own_queue<as_written>>(
      "mutant: no fences", bounded(3), {.function = "parking::fence", .kind = operation::fence});
  good &= behaves<own_queue<as_written>>(
      "not needed: orders of read-modify-writes", true, bounded(3),
      {.function = "tailrace::parking::", .kind = operation::read_modify_write});
  return good;
}

}  // namespace
}  // namespace tailrace

int main() {
  using namespace tailrace;
  using namespace tailrace::model;
  using enum protocol;
  bool good = holds_as_written<own_queue<as_written>>("push to the own queue", bounded(4));
  good &= holds_as_written<own_queue_of_three<as_written>>("... with two idle", bounded(1));
  good &= holds_as_written<shared_queue<as_written>>("push to the shared queue", bounded(2));
  good &= holds_as_written<busy_poller<as_written>>("a busy worker polls", bounded(2));
  good &= holds_as_written<shutdown<as_written>>("shutdown", bounded(2));
  good &= mutants_of_the_loop();
  good &= mutants_of_parking();
  return good ? 0 : 1;
}
