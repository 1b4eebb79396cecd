// SPDX-License-Identifier: MIT
// The loop; what completions mean is in completions.cpp.
#include "runtimes/uring/runtime.hpp"

#include <algorithm>
#include <string>

namespace tailrace::uring {
namespace {

// While tasks keep each other ready, look for completions after this many of them (Tokio: 61).
constexpr std::size_t ready_per_turn = 61;
// With min_wait_us: a batch that is worth waiting for.
constexpr std::uint32_t wanted_batch = 32;
// Provided buffers that are published at first. The kernel goes round them all, so that each is a
// page that a quiet worker holds, and grows cold; a burst widens the window to what it needs.
constexpr std::uint32_t first_window = 8;
// A message with a connection has its descriptor here.
constexpr std::int32_t wake_word = -1;

std::expected<void, refusal> check_features(const options& chosen) {
  const auto& kernel = probe_kernel();
  if (!kernel) return std::unexpected(kernel.error());
  if (!kernel->buffer_rings) return std::unexpected(too_old("provided-buffer rings", "6.0"));
  if (!kernel->multishot_receive) return std::unexpected(too_old("multishot receives", "6.0"));
  if (chosen.shared_accept && !kernel->msg_ring)
    return std::unexpected(too_old("messages between rings, which accept=shared asks for", "5.18"));
  if (chosen.min_wait_us != 0 && !kernel->min_wait)
    return std::unexpected(too_old("min-wait, which min_wait_us asks for", "6.12"));
  return {};
}

ring open_ring(const options& chosen) {
  if (auto possible = check_features(chosen); !possible) throw unavailable(possible.error());
  ring_wishes wishes;
  wishes.entries = chosen.entries;
  wishes.cq_entries = chosen.cq_entries;
  wishes.completions = chosen.completions;
  wishes.sqpoll = chosen.sqpoll;
  wishes.registered_fd = chosen.registered_ring;
  auto opened = ring::open(wishes);
  if (!opened) throw unavailable(opened.error());
  return std::move(*opened);
}

buffer_ring make_buffers(ring& owner, const options& chosen) {
  buffer_ring_shape shape;
  shape.buffers = chosen.buffers;
  shape.buffer_bytes = chosen.buffer_bytes;
  shape.window = first_window;
  auto made = buffer_ring::create(owner, shape);
  if (!made) throw unavailable(made.error());
  return std::move(*made);
}

}  // namespace

std::expected<void, refusal> check_available() {
  return check_features({});
}

runtime::runtime(const options& chosen, accept_group* group)
    : options_(chosen),
      ring_(open_ring(chosen)),
      receive_buffers_(make_buffers(ring_, chosen)),
      wake_(sys::make_eventfd()),
      wakes_by_message_(chosen.wake_by_message && probe_kernel()->sync_message) {
  if (chosen.direct_descriptors) make_file_table();
  if (!chosen.shared_accept) return;
  if (group == nullptr) own_group_ = std::make_unique<accept_group>(1);
  group_ = group != nullptr ? group : own_group_.get();
}

runtime::~runtime() {
  TAILRACE_CHECK(ready_.empty());
  TAILRACE_CHECK_VALUES(timers_.empty(), timers_.size(), 0);
  TAILRACE_CHECK_VALUES(in_flight_ == 0, in_flight_, 0);
  TAILRACE_CHECK(!expects_messages());
}

// On the thread that will use the ring; the constructor may have been called on another.
void runtime::enable() {
  if (std::exchange(enabled_, true)) return;
  if (const int refused = ring_.enable(); refused != 0) throw unavailable(explain(refused));
}

std::vector<std::pair<std::string, std::string>> runtime::granted() const {
  const auto joined = [](const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
      text += (text.empty() ? "" : " ") + word;
    return text;
  };
  std::vector<std::pair<std::string, std::string>> told = {
      {"ring", joined(ring_.granted())},
      {"ring_missing", joined(ring_.missing())},
      {"wake", wakes_by_message_ ? "msg_ring" : "eventfd"}};
  if (files_opened_) {
    told.emplace_back("fixed_files", places_ != 0 ? "on" : "off");
    told.emplace_back("registered_buffers", registered_.empty() ? "off" : "on");
  }
  return told;
}

void runtime::run(task<void> main) {
  enable();
  scope<runtime> main_scope(*this);
  main_scope_ = &main_scope;
  begin_cpu_time();
  main_scope.spawn(std::move(main));
  arm_wake();
  while (main_scope.live() != 0)
    turn();
  drain();
  counters_.timers_armed.set(timers_.size());
  counters_.busy_ns.set(busy_ns());
  cpu_clock_.store(0, std::memory_order_release);  // release: pairs with busy_ns()
  main_scope_ = nullptr;
  main_scope.rethrow_first_failure();
}

void runtime::begin_cpu_time() noexcept {
  const int clock = sys::own_cpu_clock();
  cpu_began_ = sys::cpu_time_ns(clock).value_or(0);
  cpu_clock_.store(clock, std::memory_order_release);  // release: pairs with busy_ns()
}

std::uint64_t runtime::busy_ns() const noexcept {
  // acquire: pairs with the release stores of begin_cpu_time() and run().
  const int clock = cpu_clock_.load(std::memory_order_acquire);
  const auto used = clock != 0 ? sys::cpu_time_ns(clock) : std::nullopt;
  return used ? *used - cpu_began_ : counters_.busy_ns.get();
}

void runtime::request_stop() noexcept {
  // release: pairs with the acquire load in look_for_stop().
  stop_requested_.store(true, std::memory_order_release);
  // Refused also as long as the ring is not enabled.
  const bool sent =
      wakes_by_message_ && post_message(ring_.descriptor(), wake_word, data_of(rare::message)) == 0;
  if (!sent) sys::signal_eventfd(wake_.get());
}

runtime_metrics runtime::metrics() const {
  runtime_metrics metrics;
  metrics.workers.push_back({{"busy_ns", busy_ns()},
                             {"polls", counters_.polls.get()},
                             {"parks", counters_.parks.get()},
                             {"forced_yields", counters_.forced_yields.get()},
                             {"accepted_per_worker", counters_.accepted.get()},
                             {"handed_over", counters_.handed_over.get()},
                             {"enters", counters_.enters.get()},
                             {"submissions", counters_.submissions.get()},
                             {"completions", counters_.completions.get()},
                             {"overflows", counters_.overflows.get()},
                             {"starved", counters_.starved.get()},
                             {"rearmed", counters_.rearmed.get()}});
  counters_.tasks.append_to(metrics.whole);
  metrics.whole.push_back({"open_descriptors", counters_.open_descriptors.get()});
  metrics.whole.push_back({"timers_armed", counters_.timers_armed.get()});
  return metrics;
}

void runtime::cancel(task_node& node) noexcept {
  if (node.waiting == nullptr) return;
  operation& op = *static_cast<operation*>(node.waiting);
  node.waiting = nullptr;
  if (op.kind->abandon(op)) ready_.push(op);
}

void runtime::turn() {
  run_ready();
  if (main_scope_->live() == 0) return;
  feed_starved();
  receive_buffers_.provided().publish();
  counters_.timers_armed.set(timers_.size());
  if (ready_.empty() && retries_ == nullptr) {
    counters_.parks.add(1);
    const bool batches = options_.min_wait_us != 0;
    // No slack: the kernel applies none to the waits of a ring.
    const timer_window window{.length = std::chrono::microseconds(options_.timer_window_us)};
    ring_.submit_and_wait(batches ? wanted_batch : 1, timers_.wake_time(window),
                          options_.min_wait_us);
  } else if (ring_.queued() != 0 || ring_.has_work()) {
    ring_.submit_and_wait(0);
  }
  take_completions();
  expire_timers();
  run_retries();
  recycle_closed();
}

void runtime::run_ready() {
  std::size_t ran = 0;
  for (; ran < ready_per_turn && !ready_.empty(); ++ran) {
    budget_ = coop_budget;
    ready_.pop().handle.resume();
  }
  counters_.polls.add(ran);
}

void runtime::expire_timers() noexcept {
  if (timers_.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  // Bounded: tasks that go back to sleep on a past deadline must not keep the loop here.
  for (std::size_t armed = timers_.size(); armed > 0; --armed) {
    timer_node* const expired = timers_.take_expired(now);
    if (expired == nullptr) return;
    counters_.polls.add(1);
    resume(static_cast<sleep_awaiter&>(*expired));
  }
}

void runtime::arm_wake() noexcept {
  io_uring_sqe& entry = ring_.entry();
  ::io_uring_prep_poll_multishot(&entry, wake_.get(), poll_input);
  entry.user_data = data_of(rare::wake);
  ++in_flight_;
}

void runtime::woken(const io_uring_cqe& done) noexcept {
  const bool more = (done.flags & IORING_CQE_F_MORE) != 0;
  if (!more) --in_flight_;
  if (draining_) return;
  sys::drain_eventfd(wake_.get());
  look_for_stop();
  if (!more) arm_wake();
}

void runtime::look_for_stop() noexcept {
  // acquire: pairs with the release store in request_stop().
  if (!draining_ && stop_requested_.load(std::memory_order_acquire)) main_scope_->request_stop();
}

// No task lives; what still stands in the kernel are armed requests. Until it has let go of the
// last of them, neither buffers nor slots may vanish.
void runtime::drain() noexcept {
  draining_ = true;
  leave_group();
  for (bool ask = true; in_flight_ != 0 || expects_messages();) {
    if (ask) {
      io_uring_sqe& entry = ring_.entry();
      ::io_uring_prep_cancel64(&entry, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
      entry.user_data = data_of(rare::ignored);
    }
    // Asked again after a while: what was on its way from one state to the next may be missed.
    const auto before = counters_.completions.get();
    ring_.submit_and_wait(1, std::chrono::steady_clock::now() + std::chrono::milliseconds(10));
    take_completions();
    ask = counters_.completions.get() == before;
  }
  feed_starved();
  run_retries();
  recycle_closed();
}

const operation_kind sleep_awaiter::sleep_kind{.abandon = &sleep_awaiter::abandon};

bool sleep_awaiter::begin(task_node& sleeper) {
  if (sleeper.owner->stop_requested()) {
    cancelled_ = true;
    return false;
  }
  runtime_.timers().arm(*this, deadline_);  // May throw; then the task does not wait.
  runtime::sleep_in(*this, sleeper);
  return true;
}

bool sleep_awaiter::abandon(operation& op) noexcept {
  auto& sleeper = static_cast<sleep_awaiter&>(op);
  sleeper.runtime_.timers().cancel(sleeper);
  sleeper.cancelled_ = true;
  return true;
}

}  // namespace tailrace::uring
