// SPDX-License-Identifier: MIT
// How the io_uring runtime waits: it submits what operations queued, takes completions and resumes
// their tasks at once. Its parts have headers of their own: submission.hpp (the ring),
// receive_buffers.hpp, registrations.hpp, acceptor.hpp. README.md draws the protocols.
//
// Threads: the loop's; wake(): any; constructor and destructor may be called on another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtimes/base/file_calls.hpp"
#include "runtimes/base/sys.hpp"
#include "runtimes/base/timer_heap.hpp"
#include "runtimes/single/loop.hpp"
#include "runtimes/single/slot_pool.hpp"
#include "runtimes/uring/acceptor.hpp"
#include "runtimes/uring/counters.hpp"
#include "runtimes/uring/options.hpp"
#include "runtimes/uring/receive_buffers.hpp"
#include "runtimes/uring/registrations.hpp"
#include "runtimes/uring/socket_slot.hpp"
#include "runtimes/uring/submission.hpp"

namespace tailrace::uring {

class read_awaiter;

class poller : public single::loop {
 public:
  submission& requests() noexcept { return requests_; }
  receive_buffers& buffers() noexcept { return receive_buffers_; }
  registrations& registered() noexcept { return registrations_; }
  // By a completion of the operation that it sleeps in.
  void resume(task_node& task) noexcept { loop::resume(task); }
  // No task lives any more; what still stands in the kernel is being cancelled.
  bool draining() const noexcept { return draining_; }

  // Sockets.
  socket_slot& adopt(int fd);
  void close_socket(socket_slot& slot) noexcept;
  void close_descriptor(int fd) noexcept;
  // A completion will come once bytes are there.
  void arm(socket_slot& slot) noexcept {
    if (slot.armed == armed_request::none) arm_now(slot);
  }
  // The receiver tries again in the next turn although no completion will come.
  void retry_later(socket_slot& slot) noexcept {
    if (slots_.retry_later(slot)) counters_.forced_yields.add(1);
  }
  // A call received that many bytes: the size decides how the next ones are received.
  void judge_single(socket_slot& slot, std::size_t bytes) noexcept;
  void name_descriptor(io_uring_sqe& entry, const socket_slot& slot) const noexcept {
    entry.fd = slot.fd;
    if (options_.direct_descriptors) entry.flags |= IOSQE_FIXED_FILE;
  }
  bool always_sends_directly() const noexcept { return options_.send == send_mode::direct; }
  bool sends_directly(const socket_slot& slot) const noexcept {
    return slot.single ? options_.send != send_mode::through_ring : always_sends_directly();
  }

  bool reads_by_threads(file_access how) const noexcept {
    return options_.files == file_reads::by_threads ||
           (options_.files == file_reads::adaptive && how.direct);
  }
  // An entry for a read into this memory.
  io_uring_sqe& read_request(std::span<const std::byte> into) noexcept {
    io_uring_sqe& entry = requests_.entry();
    entry.opcode = registrations_.holds(into) ? IORING_OP_READ_FIXED : IORING_OP_READ;
    return entry;
  }

  // For the acceptor.
  void descriptor_opened() noexcept { counters_.open_descriptors.add(1); }
  void descriptor_closed() noexcept { counters_.open_descriptors.subtract(1); }
  void connection_handed_over() noexcept { ring_counters_.handed_over.add(1); }

 protected:
  // Throws unavailable.
  poller(const options& chosen, accept_group* group);
  ~poller() { TAILRACE_CHECK_VALUES(timers_.empty(), timers_.size(), 0); }

  // On the thread of run(), before the first poll().
  void begin() noexcept;
  // Submits and waits, in one system call, and resumes the tasks whose operations have completed.
  void poll();
  // After the last poll(): gets back what the kernel has.
  void drain() noexcept;
  // Any thread.
  void wake() noexcept;
  bool wakes_by_message() const noexcept { return wakes_by_message_; }

  const options options_;
  timer_heap timers_;
  submission requests_;
  registrations registrations_;
  receive_buffers receive_buffers_;  // after requests_: unregistered before the ring goes
  acceptor acceptor_;
  ring_counters ring_counters_;

 private:
  void wait();
  void arm_wake() noexcept;
  void woken(const io_uring_cqe& done) noexcept;

  // completions.cpp: what each completion means.
  void take_completions();
  void dispatch(tag kind, const io_uring_cqe& done) noexcept;
  void dispatch_rare(const io_uring_cqe& done) noexcept;
  void received(socket_slot& slot, const io_uring_cqe& done) noexcept;
  void receive_ended(socket_slot& slot, const io_uring_cqe& done, bool settled) noexcept;
  void polled(socket_slot& slot, const io_uring_cqe& done) noexcept;
  void sent(task_node& task, const io_uring_cqe& done) noexcept;
  void read_ended(read_awaiter& reader, const io_uring_cqe& done) noexcept;
  // Of an armed request: whether it ended, and with it the last claim on a slot that is closed.
  bool ended_request(socket_slot& slot, const io_uring_cqe& done) noexcept {
    if (!requests_.ended(done)) return false;
    slot.armed = armed_request::none;
    slot.stopping = false;
    return slot.closing && slot.sender == nullptr;
  }
  void arm_now(socket_slot& slot) noexcept;
  void attempt_single(socket_slot& slot) noexcept;
  void run_retries() noexcept;
  void stop_armed(socket_slot& slot) noexcept;
  void judge_multishot(socket_slot& slot, std::size_t bytes) noexcept;
  void starve(socket_slot& slot) noexcept;
  void feed_starved() noexcept;
  void settle(socket_slot& slot) noexcept;

  sys::descriptor wake_;  // eventfd
  // Others wake it by a message to its ring; else, or where that is refused, by wake_.
  const bool wakes_by_message_;
  bool draining_ = false;
  single::slot_pool<socket_slot> slots_;
  socket_slot* starved_ = nullptr;  // wait for provided buffers, first come, first served
  socket_slot* last_starved_ = nullptr;
};

}  // namespace tailrace::uring
