// SPDX-License-Identifier: MIT
// What each completion means: the protocols between the kernel's requests and a socket's slot.
// README.md in this folder draws them.
#include <cerrno>
#include <utility>

#include "runtimes/uring/file.hpp"
#include "runtimes/uring/poller.hpp"
#include "runtimes/uring/stream.hpp"

namespace tailrace::uring {
namespace {

// A connection of which so many receives wait for their task gets no more of the shared buffers.
constexpr std::uint16_t queue_limit = 4;
// A batch of so many completions is nothing unusual.
constexpr std::uint32_t eager_window = 64;
// Receives in a row that change a connection's way of receiving.
constexpr std::uint8_t large_in_a_row = 2;
constexpr std::uint8_t small_in_a_row = 32;

}  // namespace

[[gnu::always_inline]] inline void poller::received(socket_slot& slot,
                                                    const io_uring_cqe& done) noexcept {
  const bool settled = ended_request(slot, done);
  if (done.res <= 0) [[unlikely]]
    return receive_ended(slot, done, settled);
  const std::uint16_t buffer = buffer_ring::id_of(done);
  const auto length = static_cast<std::uint32_t>(done.res);
  receive_buffers_.provided().taken();
  if (slot.receiver != nullptr) [[likely]] {
    task_node& receiver = *std::exchange(slot.receiver, nullptr);
    single::operation_of<receive_awaiter>(receiver).fill(
        receive_buffers_.provided().address(buffer), length);
    if (length >= options_.large_bytes || slot.evidence != 0) [[unlikely]]
      judge_multishot(slot, length);
    return resume(receiver);
  }
  if (slot.closing) {
    receive_buffers_.provided().recycle(buffer);
    if (settled) settle(slot);
    return;
  }
  receive_buffers_.queue(slot, buffer, length);
  if (slot.waiting_buffers >= queue_limit) stop_armed(slot);
}

void poller::receive_ended(socket_slot& slot, const io_uring_cqe& done, bool settled) noexcept {
  if ((done.flags & IORING_CQE_F_BUFFER) != 0) {  // taken, and nothing came into it
    receive_buffers_.provided().taken();
    receive_buffers_.provided().recycle(buffer_ring::id_of(done));
  }
  if (settled) return settle(slot);
  if (slot.closing || draining_) return;
  const int error = -done.res;
  if (error == ENOBUFS) {
    ring_counters_.starved.add(1);
    if (slot.receiver != nullptr) starve(slot);
    return;
  }
  if (error == 0)
    slot.end = 0;
  else if (error != ECANCELED && error != EINTR && error != EAGAIN)
    slot.end = -sys::refused_transfer("io_uring recv", slot.fd, error).error();
  if (slot.receiver == nullptr) return;
  if (!slot.ended()) {
    ring_counters_.rearmed.add(1);
    return arm(slot);
  }
  task_node& receiver = *std::exchange(slot.receiver, nullptr);
  single::operation_of<receive_awaiter>(receiver).end();
  resume(receiver);
}

void poller::polled(socket_slot& slot, const io_uring_cqe& done) noexcept {
  if (ended_request(slot, done)) return settle(slot);
  if (slot.closing || draining_) return;
  if (done.res != -ECANCELED) {
    // An error of the poll itself is found out by the call.
    slot.readable = true;
    if (done.res < 0 || (done.res & poll_hang_up) != 0) slot.hung_up = true;
  }
  if (slot.receiver == nullptr) return;
  if (slot.single && slot.readable) return attempt_single(slot);
  arm(slot);
}

void poller::attempt_single(socket_slot& slot) noexcept {
  if (!single::operation_of<receive_awaiter>(*slot.receiver).attempt()) return arm(slot);
  resume(*std::exchange(slot.receiver, nullptr));
}

[[gnu::always_inline]] inline void poller::sent(task_node& task,
                                                const io_uring_cqe& done) noexcept {
  auto& sender = single::operation_of<send_awaiter>(task);
  if (!sender.completed(done.res)) return;
  socket_slot& slot = sender.slot();
  slot.sender = nullptr;
  if (slot.closing && !slot.in_flight()) [[unlikely]]
    settle(slot);
  resume(task);
}

inline void poller::read_ended(read_awaiter& reader, const io_uring_cqe& done) noexcept {
  requests_.ended(done);
  if (reader.completed(done.res)) resume(*reader.node);
}

void poller::take_completions() {
  ring& kernel = requests_.kernel();
  if (kernel.overflown()) [[unlikely]]
    ring_counters_.cq_overflows.add(1);
  // The two of each echo are tried first, and all of what they mean is inlined here.
  const std::uint32_t count = kernel.take_completions([this](const io_uring_cqe& done) {
    const tag kind = tag_of(done.user_data);
    if (kind == tag::receive) return received(object_of<socket_slot>(done.user_data), done);
    if (kind == tag::send) return sent(object_of<task_node>(done.user_data), done);
    dispatch(kind, done);
  });
  counters_.polls.add(count);
  ring_counters_.completions.add(count);
  ring_counters_.enters.set(kernel.enters());
  ring_counters_.submissions.set(kernel.submitted());
}

void poller::dispatch(tag kind, const io_uring_cqe& done) noexcept {
  switch (kind) {
    case tag::poll:
      return polled(object_of<socket_slot>(done.user_data), done);
    case tag::read:
      return read_ended(object_of<read_awaiter>(done.user_data), done);
    case tag::accept:
      return acceptor_.accepted(object_of<listener_slot>(done.user_data), done);
    case tag::rare:
      return dispatch_rare(done);
    case tag::receive:
    case tag::send:
      break;
  }
  TAILRACE_CHECK_VALUES(false, done.user_data, done.res);
}

void poller::dispatch_rare(const io_uring_cqe& done) noexcept {
  switch (rare_of(done.user_data)) {
    case rare::wake:
      return woken(done);
    case rare::message:
      return done.res >= 0 ? acceptor_.arrived(done.res) : pass_stop_on();
    case rare::handed_over:
      return acceptor_.handed_over(done);
    case rare::ignored:
      return;
  }
}

void poller::arm_now(socket_slot& slot) noexcept {
  io_uring_sqe& entry = requests_.entry();
  if (slot.single) {
    slot.armed = armed_request::poll;
    ::io_uring_prep_poll_multishot(&entry, 0, poll_input);
    entry.user_data = data_of(&slot, tag::poll);
  } else {
    slot.armed = armed_request::receive;
    ::io_uring_prep_recv_multishot(&entry, 0, nullptr, 0, 0);
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = receive_buffers_.provided().group();
    entry.user_data = data_of(&slot, tag::receive);
  }
  name_descriptor(entry, slot);
}

void poller::stop_armed(socket_slot& slot) noexcept {
  if (slot.armed == armed_request::none || slot.stopping) return;
  slot.stopping = true;
  const tag kind = slot.armed == armed_request::receive ? tag::receive : tag::poll;
  requests_.cancel(data_of(&slot, kind));
}

void poller::judge_multishot(socket_slot& slot, std::size_t bytes) noexcept {
  if (options_.receive != receive_mode::adaptive || options_.direct_descriptors) return;
  slot.evidence = bytes < options_.large_bytes ? 0 : slot.evidence + 1;
  if (slot.evidence < large_in_a_row) return;
  slot.evidence = 0;
  slot.single = true;
  stop_armed(slot);
}

void poller::judge_single(socket_slot& slot, std::size_t bytes) noexcept {
  if (options_.receive != receive_mode::adaptive) return;
  slot.evidence = bytes >= options_.large_bytes / 2 ? 0 : slot.evidence + 1;
  if (slot.evidence < small_in_a_row) return;
  slot.evidence = 0;
  slot.single = false;
  stop_armed(slot);
}

void poller::starve(socket_slot& slot) noexcept {
  if (slot.listed) return;  // its next attempt is on the way
  slot.listed = true;
  slot.next = nullptr;
  (starved_ == nullptr ? starved_ : last_starved_->next) = &slot;
  last_starved_ = &slot;
}

// Before each submission. The window was too small: it doubles, and up to eager_window it grows to
// what is starved. As many as there are buffers begin again, the longest waiting first. The others
// receive by calls into pooled buffers, so that nobody waits for what slow readers hold; where
// calls are not allowed, they wait for buffers that come back.
void poller::feed_starved() noexcept {
  if (starved_ == nullptr) return;
  buffer_ring& provided = receive_buffers_.provided();
  provided.widen();
  provided.publish();
  const bool may_call = options_.receive == receive_mode::adaptive && !options_.direct_descriptors;
  for (std::uint32_t fed = 0; starved_ != nullptr;) {
    if (fed == provided.published() && provided.window() < eager_window && provided.widen())
      provided.publish();
    const bool has_buffer = fed < provided.published();
    if (!has_buffer && !may_call && !draining_) return;
    socket_slot& slot = *std::exchange(starved_, starved_->next);
    if (!slots_.is_open(slot) || slot.receiver == nullptr) continue;
    slot.single = !has_buffer;
    fed += has_buffer ? 1 : 0;
    ring_counters_.rearmed.add(1);
    arm(slot);
  }
}

void poller::run_retries() noexcept {
  slots_.run_retries([this](socket_slot& slot) {
    if (slot.receiver == nullptr) return;
    counters_.polls.add(1);
    attempt_single(slot);
  });
}

socket_slot& poller::adopt(int fd) {
  socket_slot& slot = slots_.take(fd);
  slot.owner = this;
  slot.single = options_.receive == receive_mode::single;
  counters_.open_descriptors.add(1);
  ring_counters_.accepted.add(1);
  return slot;
}

void poller::close_socket(socket_slot& slot) noexcept {
  slot.closing = true;
  if (slot.receiver != nullptr) cancel(*slot.receiver);
  if (slot.sender != nullptr) cancel(*slot.sender);
  receive_buffers_.drop_queued(slot);
  acceptor_.connection_ended();
  descriptor_closed();
  if (!slot.in_flight()) return settle(slot);
  stop_armed(slot);  // A send in flight was cancelled with its operation.
}

// Closed, and the kernel has let go of it.
void poller::settle(socket_slot& slot) noexcept {
  close_descriptor(std::exchange(slot.fd, -1));
  slots_.retire(slot);
}

void poller::close_descriptor(int fd) noexcept {
  if (!options_.direct_descriptors) return sys::close(fd);
  if (!draining_) requests_.close_direct(fd);  // else the table goes with the ring
}

void socket_slot::close() noexcept {
  owner->close_socket(*this);
}

}  // namespace tailrace::uring
