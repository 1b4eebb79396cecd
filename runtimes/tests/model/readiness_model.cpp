// SPDX-License-Identifier: MIT
// base/readiness.hpp itself, between a task that receives, a poller, a cancel and a close. What the
// task does is that of steal/socket_awaiter.hpp, in short; the kernel's socket is a counter under
// the kernel's lock.
//
// Held: an event that comes at whatever moment brings the task to the data; a waiter is woken by
// exactly one of event, cancel and close; the descriptor is closed once, never during a call, and
// its data is freed by whoever lets go last.
#include <cstdint>

#include "runtimes/base/readiness.hpp"
#include "runtimes/tests/model/model_runner.hpp"

namespace tailrace {
namespace {

using model::operation;

enum class protocol {
  as_written,
  forgets_after_would_block,
  close_ignores_owner,
};

// Stands for a task; `turns` counts the threads that it runs on at once.
struct alignas(16) waiter {
  guarded<int> turns{0};
  guarded<int> operation{0};  // what it waits for; written just before it publishes itself
  guarded<int> woken{0};
};

class kernel_socket {
 public:
  void deliver() {
    mutex_.lock($);
    readable_($) = 1;
    mutex_.unlock($);
  }
  bool receive() {
    RL_ASSERT(is_open_($) == 1);
    mutex_.lock($);
    const bool got = readable_($) == 1;
    readable_($) = 0;
    mutex_.unlock($);
    return got;
  }
  void close() {
    RL_ASSERT(is_open_($) == 1);
    is_open_($) = 0;
  }
  bool is_open() { return is_open_($) == 1; }

 private:
  rl::var<int> is_open_{1};
  rl::var<int> readable_{0};
  rl::mutex mutex_;
};

template <protocol Protocol>
struct one_direction {
  readiness<waiter> state;
  kernel_socket socket;
  waiter task;
  atomic<std::uint8_t> holders{2};  // the stream, and the direction's owner
  atomic<int> cancelled{0};
  rl::var<int> received{0};
  rl::var<int> gave_up{0};

  void receive() {
    task.turns.set(1);
    attempt_start start = state.begin();
    if (start == attempt_start::must_wait) {
      task.operation.set(1);
      start = state.wait(task);
    }
    if (start == attempt_start::owned) return attempt();
    if (start == attempt_start::closed) gave_up($) = 1;
  }

  // By the owner of the direction, on whatever thread.
  void attempt() {
    task.turns.set(task.turns.get() + 1);  // a race, if two threads run the task
    for (;;) {
      if (cancelled.load(std::memory_order_acquire) == 1 || state.looks_closed()) return give_up();
      if (socket.receive()) {
        received($) = 1;
        if (!state.finish(false)) unref();
        return;
      }
      if (Protocol == protocol::forgets_after_would_block) state.open(false);
      task.operation.set(task.operation.get() + 1);
      const attempt_start start = state.block(task);
      if (start == attempt_start::must_wait) return;
      if (start == attempt_start::closed) return give_up();
    }
  }
  void event() {
    socket.deliver();
    wake(state.signal());
  }
  void cancel() {
    cancelled.store(1, std::memory_order_release);
    if (state.signal_only(task)) wake(&task);
  }
  void close() {
    const auto closing = state.close();
    if (closing.waiter != nullptr) wake(closing.waiter);
    if (!closing.owned || Protocol == protocol::close_ignores_owner) unref();
    unref();
  }
  void wake(waiter* woken) {
    if (woken == nullptr) return;
    RL_ASSERT(woken == &task && task.operation.get() > 0);
    woken->woken.set(woken->woken.get() + 1);
    attempt();
  }

 private:
  void give_up() {
    gave_up($) = 1;
    if (!state.finish(true)) unref();
  }
  void unref() {
    if (holders.fetch_sub(1, std::memory_order_acq_rel) == 1) socket.close();
  }
};

// The task finds nothing, is about to wait, and the only event comes.
template <protocol Protocol>
struct event_against_wait : rl::test_suite<event_against_wait<Protocol>, 2>,
                            one_direction<Protocol> {
  void before() { this->state.open(true); }
  void thread(unsigned index) { index == 0 ? this->receive() : this->event(); }
  void after() {
    RL_ASSERT(this->received($) == 1);
    RL_ASSERT(this->task.woken.get() <= 1);
  }
};

// The same from a state in which nothing is known, so that the task waits without an attempt.
template <protocol Protocol>
struct event_against_first_wait : event_against_wait<Protocol> {
  void before() { this->state.open(false); }
};

// The task waits already, and both come for it.
template <protocol Protocol>
struct woken_once : rl::test_suite<woken_once<Protocol>, 2>, one_direction<Protocol> {
  void before() {
    this->state.open(true);
    this->receive();
  }
  void thread(unsigned index) { index == 0 ? this->cancel() : this->event(); }
  void after() {
    RL_ASSERT(this->task.woken.get() == 1);
    RL_ASSERT(this->received($) + this->gave_up($) == 1);
  }
};

template <protocol Protocol>
struct cancel_against_event : rl::test_suite<cancel_against_event<Protocol>, 3>,
                              one_direction<Protocol> {
  void before() { this->state.open(true); }
  void thread(unsigned index) {
    if (index == 0) this->receive();
    if (index == 1) this->event();
    if (index == 2) this->cancel();
  }
  void after() {
    RL_ASSERT(this->received($) + this->gave_up($) == 1);
    RL_ASSERT(this->socket.is_open());
  }
};

template <protocol Protocol>
struct close_against_event : rl::test_suite<close_against_event<Protocol>, 3>,
                             one_direction<Protocol> {
  void before() { this->state.open(true); }
  void thread(unsigned index) {
    if (index == 0) this->receive();
    if (index == 1) this->event();
    if (index == 2) this->close();
  }
  void after() {
    RL_ASSERT(!this->socket.is_open());
    RL_ASSERT(this->received($) + this->gave_up($) == 1);
  }
};

bool mutants() {
  using namespace model;
  using enum protocol;
  bool good = catches<event_against_wait<forgets_after_would_block>>(
      "mutant: ready is forgotten after a call that would block", full, {});
  good &= catches<close_against_event<close_ignores_owner>>(
      "mutant: close does not wait for a call under way", bounded(2), {});
  good &= catches<event_against_wait<as_written>>(
      "mutant: changes of hands relaxed", full,
      {.function = "::change(", .kind = operation::read_modify_write});
  good &= catches<close_against_event<as_written>>(
      "mutant: close relaxed", bounded(2),
      {.function = "::close(", .kind = operation::read_modify_write});
  good &= behaves<event_against_wait<as_written>>(
      "not needed: begin's acquire", true, full, {.function = "::begin(", .kind = operation::load});
  return good;
}

}  // namespace
}  // namespace tailrace

int main() {
  using namespace tailrace;
  using namespace tailrace::model;
  using enum protocol;
  bool good = holds_as_written<event_against_wait<as_written>>("event against wait", full);
  good &= holds_as_written<event_against_first_wait<as_written>>("... before any attempt", full);
  good &= holds_as_written<woken_once<as_written>>("woken once by event or cancel", full);
  good &= holds_as_written<cancel_against_event<as_written>>("cancel against event", bounded(3));
  good &= holds_as_written<close_against_event<as_written>>("close against event", bounded(3));
  good &= mutants();
  return good ? 0 : 1;
}
