// SPDX-License-Identifier: MIT
// The loop around the ring; what completions mean is in completions.cpp.
#include "runtimes/uring/poller.hpp"

#include <chrono>

namespace tailrace::uring {
namespace {

// With min_wait_us: a batch that is worth waiting for.
constexpr std::uint32_t wanted_batch = 32;
// A message with a connection has its descriptor here.
constexpr std::int32_t wake_word = -1;

}  // namespace

poller::poller(const options& chosen, accept_group* group)
    : options_(chosen),
      requests_(chosen),
      registrations_(requests_.kernel(), chosen),
      receive_buffers_(make_buffers(requests_.kernel(), chosen)),
      acceptor_(*this, chosen, group),
      wake_(sys::make_eventfd()),
      wakes_by_message_(chosen.wake_by_message && probe_kernel()->sync_message) {}

void poller::begin() noexcept {
  arm_wake();
}

void poller::poll() {
  feed_starved();
  receive_buffers_.provided().publish();
  wait();
  take_completions();
  expire(timers_);
  run_retries();
  slots_.recycle_retired();
}

void poller::wait() {
  ring& kernel = requests_.kernel();
  counters_.timers_armed.set(timers_.size());
  if (ready_.empty() && !slots_.has_retries()) {
    counters_.parks.add(1);
    const bool batches = options_.min_wait_us != 0;
    // No slack: the kernel applies none to the waits of a ring.
    const timer_window window{.length = std::chrono::microseconds(options_.timer_window_us)};
    kernel.submit_and_wait(batches ? wanted_batch : 1, timers_.wake_time(window),
                           options_.min_wait_us);
  } else if (kernel.queued() != 0 || kernel.has_work()) {
    kernel.submit_and_wait(0);
  }
}

void poller::wake() noexcept {
  // Refused also as long as the ring is not enabled.
  const bool sent = wakes_by_message_ && post_message(requests_.ring_descriptor(), wake_word,
                                                      data_of(rare::message)) == 0;
  if (!sent) sys::signal_eventfd(wake_.get());
}

void poller::arm_wake() noexcept {
  io_uring_sqe& entry = requests_.entry();
  ::io_uring_prep_poll_multishot(&entry, wake_.get(), poll_input);
  entry.user_data = data_of(rare::wake);
}

void poller::woken(const io_uring_cqe& done) noexcept {
  const bool ended = requests_.ended(done);
  if (draining_) return;
  sys::drain_eventfd(wake_.get());
  pass_stop_on();
  if (ended) arm_wake();
}

// No task lives; what still stands in the kernel are armed requests. Until it has let go of the
// last of them, neither buffers nor slots may vanish.
void poller::drain() noexcept {
  draining_ = true;
  acceptor_.leave_group();
  for (bool ask = true; requests_.in_flight() != 0 || acceptor_.expects_messages();) {
    if (ask) requests_.cancel_all();
    // Asked again after a while: what was on its way from one state to the next may be missed.
    const auto before = ring_counters_.completions.get();
    const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
    requests_.kernel().submit_and_wait(1, soon);
    take_completions();
    ask = ring_counters_.completions.get() == before;
  }
  feed_starved();
  run_retries();
  slots_.recycle_retired();
  counters_.timers_armed.set(timers_.size());
}

}  // namespace tailrace::uring
