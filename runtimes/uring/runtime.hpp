// SPDX-License-Identifier: MIT
// The thread-per-core runtime over io_uring: one thread, one ring, no locks and no atomic
// read-modify-write on any path that a task takes. Several of these, each with its own listener on
// a shared port, are the whole of a machine.
//
// A turn of the loop: run what is ready, up to a budget; submit what that queued and wait, in one
// system call; take all completions and resume their tasks at once; expire timers. A task that
// always succeeds at once is sent to the back after coop_budget operations.
//
// The kernel owns what an operation gave it until the operation's final completion, also after a
// cancel: a cancelled send resumes its task only then. Receives give it nothing: bytes come into
// provided buffers, or are fetched by a call once they are there. README.md in this folder has the
// protocols, the traps and the switches.
//
// Threads: everything belongs to the thread that calls run(), except request_stop() and metrics();
// constructor and destructor may be called on another. Cost: an echo is two completions and one
// entry; no allocation.
// Sources: liburing's examples/proxy.c and echo-server.c; Glommio's and monoio's loops; see
// README.md.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/file_calls.hpp"
#include "runtimes/base/metrics.hpp"
#include "runtimes/base/ready_queue.hpp"
#include "runtimes/base/sys.hpp"
#include "runtimes/base/timer_heap.hpp"
#include "runtimes/base/uring/features.hpp"
#include "runtimes/base/uring/ring.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/task.hpp"
#include "runtimes/uring/accept_group.hpp"
#include "runtimes/uring/counters.hpp"
#include "runtimes/uring/options.hpp"
#include "runtimes/uring/receive_buffers.hpp"
#include "runtimes/uring/socket_slot.hpp"

namespace tailrace::uring {

class stream;
class listener;
class event;
class file;
class sleep_awaiter;
class yield_awaiter;

// io_uring is not to be had, or not in the way that was asked for: a failed start.
class unavailable : public std::runtime_error {
 public:
  explicit unavailable(refusal why) : std::runtime_error(why.cause), why_(std::move(why)) {}
  const refusal& why() const noexcept { return why_; }

 private:
  refusal why_;
};

// Why a runtime cannot be had on this machine at all; nothing where it can. Without side effects.
std::expected<void, refusal> check_available();

struct no_mutex {
  void lock() noexcept {}
  void unlock() noexcept {}
};

class runtime {
 public:
  static constexpr std::string_view id = "uring";
  static constexpr bool single_threaded = true;
  static constexpr int coop_budget = 128;  // Tokio's; operations a task may complete in a row

  using stream = uring::stream;
  using listener = uring::listener;
  using event = uring::event;
  using file = uring::file;
  using mutex_type = no_mutex;
  class completion;

  // With options::shared_accept it accepts as one of the group, or as a group of its own. Throws
  // unavailable.
  explicit runtime(const options& chosen = {}, accept_group* group = nullptr);
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
  ~runtime();

  std::expected<listener, start_error> listen(const endpoint& where);
  std::expected<file, start_error> open_file(const std::string& path, file_access how);
  // Registers memory with the kernel, which then need not look it up for each read into it. False:
  // not wanted, or refused (the memory-lock limit: ulimit -l); reads work all the same. One piece;
  // it outlives what reads into it, and must be unregistered before it goes.
  bool register_memory(std::span<std::byte> memory);
  void unregister_memory() noexcept;
  sleep_awaiter sleep_until(std::chrono::steady_clock::time_point deadline) noexcept;
  yield_awaiter yield() noexcept;
  void run(task<void> main);
  void request_stop() noexcept;
  runtime_metrics metrics() const;

  // From the first listen() or run() on: what the kernel gave ("ring"), and the wishes that it did
  // not ("ring_missing"), as words; by what other threads wake it ("wake"); with files open,
  // whether they and their memory are registered.
  std::vector<std::pair<std::string, std::string>> granted() const;

  // For scope<runtime>.
  void start(task_node& node) noexcept {
    counters_.tasks.spawned.add(1);
    ready_.push(node);
  }
  void task_ended(bool failed, bool stopped) noexcept { counters_.tasks.ended(failed, stopped); }
  void cancel(task_node& node) noexcept;

  // For the awaiters of this folder.
  void make_ready(runnable& item) noexcept { ready_.push(item); }
  // True if the running task may complete another operation without going through the loop.
  bool within_budget() noexcept { return --budget_ > 0; }
  static void sleep_in(operation& op, task_node& node) noexcept {
    op.node = &node;
    node.waiting = &op;
  }
  socket_slot& adopt(int fd);
  void close_socket(socket_slot& slot) noexcept;
  void close_listener(listener_slot& slot) noexcept;
  // The kernel tells when bytes are there (or a connection, on a listener).
  void arm(socket_slot& slot) noexcept {
    if (slot.armed == armed_request::none) arm_now(slot);
  }
  void arm_accept(listener_slot& slot) noexcept;
  // The receiver tries again in the next turn although no completion will come.
  void retry_later(socket_slot& slot) noexcept;
  // A call received that many bytes: the size decides how the next ones are received.
  void judge_single(socket_slot& slot, std::size_t bytes) noexcept;
  // An entry for a request whose completion resumes a task: while one lives, nothing is drained.
  io_uring_sqe& entry() noexcept { return ring_.entry(); }
  void cancel_request(std::uint64_t user_data) noexcept;
  // An entry for a read into this memory; its completion is counted.
  io_uring_sqe& read_request(std::span<const std::byte> into) noexcept {
    ++in_flight_;
    io_uring_sqe& entry = ring_.entry();
    const auto start = static_cast<std::size_t>(into.data() - registered_.data());
    const bool inside = start < registered_.size() && into.size() <= registered_.size() - start;
    entry.opcode = inside ? IORING_OP_READ_FIXED : IORING_OP_READ;
    if (options_.async_files) entry.flags |= IOSQE_ASYNC;
    return entry;
  }
  void release_place(int place) noexcept;
  void name_descriptor(io_uring_sqe& entry, const socket_slot& slot) const noexcept {
    entry.fd = slot.fd;
    if (options_.direct_descriptors) entry.flags |= IOSQE_FIXED_FILE;
  }
  bool always_sends_directly() const noexcept { return options_.send == send_mode::direct; }
  bool sends_directly(const socket_slot& slot) const noexcept {
    return slot.single ? options_.send != send_mode::through_ring : always_sends_directly();
  }
  receive_buffers& buffers() noexcept { return receive_buffers_; }
  timer_heap& timers() noexcept { return timers_; }

 private:
  // runtime.cpp: the loop.
  void enable();
  // CPU time, not time outside of the wait: the kernel does its share of the work inside it.
  void begin_cpu_time() noexcept;
  std::uint64_t busy_ns() const noexcept;
  void turn();
  void run_ready();
  [[gnu::always_inline]] void resume(operation& op) noexcept {
    op.node->waiting = nullptr;
    budget_ = coop_budget;
    op.handle.resume();
  }
  void expire_timers() noexcept;
  void run_retries() noexcept;
  void recycle_closed() noexcept;
  void arm_wake() noexcept;
  void woken(const io_uring_cqe& done) noexcept;
  void look_for_stop() noexcept;
  void drain() noexcept;

  // accepting.cpp: how connections come.
  listener_slot& add_listener(int fd);
  void accepted(listener_slot& slot, const io_uring_cqe& done) noexcept;
  void tell_acceptor(listener_slot& slot) noexcept;
  bool hand_over(int fd) noexcept;
  void handed_over(const io_uring_cqe& done) noexcept;
  void arrived(int fd) noexcept;
  void take_over(int fd) noexcept;
  bool expects_messages() const noexcept;
  void leave_group() noexcept;
  void settle_listener(listener_slot& slot) noexcept;

  // completions.cpp: what each completion means.
  void take_completions();
  void dispatch(tag kind, const io_uring_cqe& done) noexcept;
  void dispatch_rare(const io_uring_cqe& done) noexcept;
  void received(socket_slot& slot, const io_uring_cqe& done) noexcept;
  void receive_ended(socket_slot& slot, const io_uring_cqe& done, bool settled) noexcept;
  void polled(socket_slot& slot, const io_uring_cqe& done) noexcept;
  void sent(operation& op, const io_uring_cqe& done) noexcept;
  void read_ended(operation& op, const io_uring_cqe& done) noexcept;
  // Of an armed request: whether it ended, and with it the last claim on a slot that is closed.
  bool ended_request(socket_slot& slot, const io_uring_cqe& done) noexcept {
    if ((done.flags & IORING_CQE_F_MORE) != 0) return false;
    slot.armed = armed_request::none;
    slot.stopping = false;
    --in_flight_;
    return slot.closing && slot.sender == nullptr;
  }
  void arm_now(socket_slot& slot) noexcept;
  void attempt_single(socket_slot& slot) noexcept;
  void stop_armed(socket_slot& slot) noexcept;
  void judge_multishot(socket_slot& slot, std::size_t bytes) noexcept;
  void starve(socket_slot& slot) noexcept;
  void feed_starved() noexcept;
  void settle(socket_slot& slot) noexcept;
  void close_descriptor(int fd) noexcept;
  void make_file_table();
  int take_place(int fd) noexcept;

  options options_;
  ring ring_;
  receive_buffers receive_buffers_;  // after ring_: unregistered before the ring goes
  sys::descriptor wake_;             // eventfd: request_stop() from another thread
  ready_queue ready_;
  timer_heap timers_;
  slot_pool slots_;
  std::vector<std::unique_ptr<listener_slot>> listeners_;  // those that are gone may go
  std::unique_ptr<accept_group> own_group_;                // where none was given
  accept_group* group_ = nullptr;                          // null: accept=reuseport
  accept_group::place* place_ = nullptr;                   // in group_, once it has listened there
  listener_slot* shared_listener_ = nullptr;               // that of the group, while it is open
  std::uint64_t messages_ = 0;                             // connections that arrived
  socket_slot* closed_ = nullptr;                          // closed and settled in this turn
  socket_slot* starved_ = nullptr;  // wait for provided buffers, first come, first served
  socket_slot* last_starved_ = nullptr;
  socket_slot* retries_ = nullptr;   // single receives to try again
  std::uint32_t in_flight_ = 0;      // requests that will complete, but for sends
  std::span<std::byte> registered_;  // memory that the kernel knows; empty: none
  std::uint32_t places_ = 0;         // of open files in the ring's table, a bit each
  bool has_places_ = false;
  bool files_opened_ = false;
  int budget_ = coop_budget;
  bool enabled_ = false;
  bool draining_ = false;
  scope<runtime>* main_scope_ = nullptr;
  // Others wake it by a message to its ring; else, or where that is refused, by wake_.
  bool wakes_by_message_ = false;
  // release by request_stop(), acquire by look_for_stop(). The kernel orders them too; the flag
  // tells a stop from a spurious wake-up.
  atomic<bool> stop_requested_{false};
  counters counters_;
  std::uint64_t cpu_began_ = 0;  // written before cpu_clock_
  // Of the thread of run(), 0 before and after; release by that thread, acquire by metrics().
  atomic<int> cpu_clock_{0};
};

// One-shot event for scope::join.
class runtime::completion {
 public:
  explicit completion(runtime& owner) noexcept : runtime_(owner) {}
  bool wait(task_node&, std::coroutine_handle<> handle) noexcept {
    item_.handle = handle;
    return true;  // set() comes later, from the last child, on this thread
  }
  void set() noexcept { runtime_.make_ready(item_); }

 private:
  runtime& runtime_;
  runnable item_;
};

class sleep_awaiter final : operation, timer_node {
 public:
  sleep_awaiter(runtime& owner, std::chrono::steady_clock::time_point deadline) noexcept
      : operation(sleep_kind), runtime_(owner), deadline_(deadline) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    handle = self;
    return begin(self.promise().node());
  }
  io_result await_resume() const noexcept {
    return cancelled_ ? io_result::of_error(ECANCELED) : io_result();
  }

 private:
  friend class runtime;
  static const operation_kind sleep_kind;
  bool begin(task_node& sleeper);
  static bool abandon(operation& op) noexcept;

  bool cancelled_ = false;
  runtime& runtime_;
  std::chrono::steady_clock::time_point deadline_;
};

class yield_awaiter : runnable {
 public:
  explicit yield_awaiter(runtime& owner) noexcept : runtime_(owner) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) noexcept {
    handle = self;
    runtime_.make_ready(*this);
  }
  void await_resume() const noexcept {}

 private:
  runtime& runtime_;
};

inline sleep_awaiter runtime::sleep_until(std::chrono::steady_clock::time_point deadline) noexcept {
  return {*this, deadline};
}
inline yield_awaiter runtime::yield() noexcept {
  return yield_awaiter(*this);
}

}  // namespace tailrace::uring

#include "runtimes/uring/event.hpp"
#include "runtimes/uring/file.hpp"
#include "runtimes/uring/stream.hpp"
