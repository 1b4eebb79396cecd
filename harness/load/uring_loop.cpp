// SPDX-License-Identifier: MIT
// See uring_loop.hpp.
#include "harness/load/uring_loop.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "harness/load/endpoint.hpp"
#include "harness/observe/clock.hpp"

namespace tailrace::load {
namespace {

// The user data: 3 bits of the act, then 16 of the connection's life, then its index. A connection
// that is made again has another life, so that what completes late of the one before is known.
// proven_send: its answer proves that it went out, and it completes only where it fails.
enum class act : std::uint8_t { receive, send, proven_send, connect, cancel };
constexpr int act_bits = 3;
constexpr int life_bits = 16;

constexpr std::uint64_t tag(act what, std::size_t index, std::uint16_t life) {
  return (std::uint64_t{index} << life_bits | life) << act_bits | static_cast<std::uint64_t>(what);
}

// So many wait at most while others of their batch are being handled.
constexpr std::uint32_t sends_at_once = 64;
// From so many bytes on, to copy them costs more than a system call: sent at once from one buffer,
// which stays in the cache, instead of being kept for each connection.
constexpr std::size_t direct_bytes = 16U << 10;
constexpr std::int64_t stop_ns_max = observe::ns_per_s;
constexpr std::int64_t stop_wait_ns = 20 * observe::ns_per_ms;

uring::ring::time time_point(std::int64_t at_ns) {
  return uring::ring::time(std::chrono::nanoseconds(at_ns));  // both are CLOCK_MONOTONIC
}

}  // namespace

uring_loop::uring_loop(uring_port& port, std::vector<connection>& connections, const plan& wanted,
                       const std::vector<class_plan>& classes)
    : client_loop(connections, wanted, classes), port_(port), slots_(connections.size()) {
  for (std::size_t i = 0; i < connections.size(); ++i)
    if (connections[i].open()) queue_receive(i);
  release();
}

bool uring_loop::anything_to_take() noexcept {
  uring::ring& ring = port_.ring();
  if (!port_.tells() || ring.queued() > 0 || ring.completed() > 0) return true;
  // acquire: pairs with the kernel's release of the flags.
  const unsigned flags = io_uring_smp_load_acquire(ring.native().sq.kflags);
  return (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

int uring_loop::wait(std::int64_t wait_ns) {
  uring::ring& ring = port_.ring();
  port_.buffers().publish();
  if (wait_ns > 0)
    ring.submit_and_wait(1, time_point(observe::monotonic_ns() + wait_ns));
  else if (anything_to_take())
    ring.submit_and_wait(0);
  return static_cast<int>(ring.completed());
}

void uring_loop::handle(int events) {
  if (events == 0) return;
  port_.ring().take_completions([this](const io_uring_cqe& each) {
    completed(each);
    if (something_due()) send_due();
  });
}

void uring_loop::completed(const io_uring_cqe& completion) {
  const auto what = static_cast<act>(completion.user_data & ((1U << act_bits) - 1));
  if (what == act::cancel) return;
  const std::uint64_t whose = completion.user_data >> act_bits;
  const auto index = static_cast<std::size_t>(whose >> life_bits);
  const bool current = slots_[index].life == static_cast<std::uint16_t>(whose);
  if (what != act::proven_send && (completion.flags & IORING_CQE_F_MORE) == 0) --in_flight_;
  if (what == act::receive) return received(index, completion, current);
  if (!current || stopping_) return;
  if (what == act::connect) return connected(index);
  sent(index, completion.res);
}

void uring_loop::received(std::size_t index, const io_uring_cqe& completion, bool current) {
  connection& from = connections()[index];
  slot& at = slots_[index];
  const std::uint16_t life = at.life;
  if (current && (completion.flags & IORING_CQE_F_MORE) == 0) at.receiving = false;
  const bool buffered = (completion.flags & IORING_CQE_F_BUFFER) != 0;
  if (buffered) port_.buffers().taken();
  if (current && completion.res > 0 && stopping_)
    at.unread += static_cast<std::size_t>(completion.res);
  if (current && !stopping_) {
    if (completion.res > 0) {
      read_clock();
      const auto* const bytes = port_.buffers().address(uring::buffer_ring::id_of(completion));
      consume(from, reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(completion.res));
    } else if (completion.res == 0) {
      handle_end(from, end_after(at.send_error));
    } else if (completion.res == -ENOBUFS) {
      port_.note_starved();
    } else if (completion.res != -EINTR && completion.res != -EAGAIN) {
      handle_end(from, errno_name(-completion.res));
    }
  }
  if (buffered) port_.buffers().recycle(uring::buffer_ring::id_of(completion));
  if (!current || at.life != life || stopping_) return;
  if (!at.receiving) queue_receive(index);
  flush(from);
}

void uring_loop::connected(std::size_t index) {
  connection& made = connections()[index];
  if (!finish_connecting(made)) {
    if (made.connecting) queue_connect(index);
    return;
  }
  const int error = port_.replace(index, made.fd);
  if (error != 0) return lose(made, errno_name(error));
  queue_receive(index);
  flush(made);
}

void uring_loop::sent(std::size_t index, int result) {
  connection& to = connections()[index];
  slot& at = slots_[index];
  at.sending = false;
  if (result < 0 && result != -EINTR && result != -EAGAIN) return sending_failed(to, -result);
  at.send_from += static_cast<std::uint32_t>(std::max(result, 0));
  if (at.send_from < at.send_to)
    queue_send(index, false);
  else
    flush(to);
}

void uring_loop::flush(connection& to) {
  const std::size_t index = index_of(to);
  slot& at = slots_[index];
  if (!to.open() || at.sending || at.send_error != 0) return;
  if (port_.chunk_bytes() >= direct_bytes && !send_directly(to)) return;
  const std::uint64_t until = may_send(to);
  if (to.whole_sent >= until) return;
  const std::size_t count = fill(to, until, port_.chunk(index), port_.chunk_bytes());
  note_written(to, count);
  at.send_from = 0;
  at.send_to = static_cast<std::uint32_t>(count);
  // Nothing more goes out before the answer to its last byte, which proves it.
  queue_send(index, wanted().outstanding_max == 1 && to.sent_offset == 0);
  if (port_.ring().queued() >= sends_at_once) release();
}

// True: the socket is full.
bool uring_loop::send_directly(connection& to) {
  for (;;) {
    const std::uint64_t until = may_send(to);
    if (to.whole_sent >= until) return false;
    const std::size_t count = fill(to, until, direct_buffer_.get(), wire_buffer_bytes);
    const ssize_t written = ::send(to.fd, direct_buffer_.get(), count, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written > 0) {
      note_written(to, static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      return true;
    } else if (errno != EINTR) {
      sending_failed(to, errno);
      return false;
    }
  }
}

// Of a peer that is gone, what it had answered before counts: its receive ends after that.
void uring_loop::sending_failed(connection& to, int error) {
  slot& at = slots_[index_of(to)];
  if (!at.receiving || (error != ECONNRESET && error != EPIPE))
    return handle_end(to, errno_name(error));
  at.send_error = error;
}

void uring_loop::release() {
  if (port_.ring().queued() == 0) return;
  port_.buffers().publish();
  port_.ring().submit();
}

void uring_loop::queue_receive(std::size_t index) {
  io_uring_sqe& entry = port_.ring().entry();
  ::io_uring_prep_recv_multishot(&entry, static_cast<int>(index), nullptr, 0, 0);
  entry.flags = IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
  entry.buf_group = port_.buffers().group();
  entry.user_data = tag(act::receive, index, slots_[index].life);
  slots_[index].receiving = true;
  ++in_flight_;
}

void uring_loop::queue_send(std::size_t index, bool proven) {
  slot& at = slots_[index];
  io_uring_sqe& entry = port_.ring().entry();
  ::io_uring_prep_send(&entry, static_cast<int>(index), port_.chunk(index) + at.send_from,
                       at.send_to - at.send_from, MSG_NOSIGNAL | (proven ? MSG_WAITALL : 0));
  entry.flags = static_cast<std::uint8_t>(IOSQE_FIXED_FILE | (proven ? IOSQE_CQE_SKIP_SUCCESS : 0));
  entry.user_data = tag(proven ? act::proven_send : act::send, index, at.life);
  at.sending = !proven;
  if (at.sending) ++in_flight_;
}

void uring_loop::queue_cancel(std::uint64_t of, unsigned flags) {
  io_uring_sqe& entry = port_.ring().entry();
  ::io_uring_prep_cancel64(&entry, of, static_cast<int>(flags));
  entry.user_data = tag(act::cancel, 0, 0);
}

void uring_loop::queue_connect(std::size_t index) {
  io_uring_sqe& entry = port_.ring().entry();
  ::io_uring_prep_poll_add(&entry, connections()[index].fd, POLLOUT);
  entry.user_data = tag(act::connect, index, slots_[index].life);
  ++in_flight_;
}

int uring_loop::await_connected(connection& which) {
  queue_connect(index_of(which));
  return 0;
}

// Requests hold the socket until they have completed, also a send that would tell nobody. They
// have to be found by the kernel before the descriptor is another one's.
void uring_loop::forget(connection& which) {
  const std::size_t index = index_of(which);
  slot& at = slots_[index];
  release();
  port_.release(index);
  for (const act each : {act::receive, act::send, act::proven_send, act::connect})
    queue_cancel(tag(each, index, at.life), 0);
  at = {.life = static_cast<std::uint16_t>(at.life + 1)};
}

void uring_loop::stop_receiving() {
  stopping_ = true;
  queue_cancel(0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
  const std::int64_t deadline_ns = observe::monotonic_ns() + stop_ns_max;
  do {
    handle(wait(stop_wait_ns));
  } while (in_flight_ > 0 && observe::monotonic_ns() < deadline_ns);
  port_.release_all();
}

std::size_t uring_loop::unread(connection& from) {
  return slots_[index_of(from)].unread;
}

}  // namespace tailrace::load
