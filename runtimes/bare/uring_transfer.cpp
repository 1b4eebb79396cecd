// SPDX-License-Identifier: MIT
// See uring_echo.hpp. Here: receives and sends through the ring, the path of every message.
#include <cerrno>

#include "runtimes/bare/raw_call.hpp"
#include "runtimes/bare/uring_echo.hpp"

namespace tailrace {
namespace {

constexpr std::uint16_t poll_first = IORING_RECVSEND_POLL_FIRST;

}  // namespace

void bare_uring_echo::received(std::uint32_t index, int result, std::uint32_t flags) {
  connection& on = connections_[index];
  const bool more = (flags & IORING_CQE_F_MORE) != 0;
  if (!more) on.receiving = on.cancelling = false;
  if (result <= 0) [[unlikely]] {
    if ((flags & IORING_CQE_F_BUFFER) != 0) {  // a buffer that nothing came into
      buffers_.taken();
      buffers_.give_back(static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT));
    }
    return receive_ended(index, on, result);
  }
  const auto size = static_cast<std::uint32_t>(result);
  here_.received_bytes += size;
  if (form_.own_buffers) {
    on.size = size;
    on.taken = 0;
  } else {
    const auto id = static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT);
    if (size > buffers_.buffer_bytes()) [[unlikely]]
      append_bundle(on, id, size);
    else
      append(on, id, size);
    const bool left_more =
        size >= buffers_.buffer_bytes() && (flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
    if (left_more && form_.large_direct && !on.large) [[unlikely]] {
      on.large = true;
      ++events_.large;
      if (more) cancel_receive(index, on);
    }
  }
  if (on.failed) [[unlikely]]
    return close_if_over(index, on);
  if (!on.sending) send_first(index, on);
  if (more && on.queued < chain_limit()) [[likely]]
    return;
  if (more) return cancel_receive(index, on);
  if (form_.multishot) ++events_.receives_ended;
  receive_again(index, on);
}

void bare_uring_echo::receive_ended(std::uint32_t index, connection& on, int result) {
  switch (-result) {
    case 0:
      on.ended = true;
      return close_if_over(index, on);
    case ENOBUFS:
      ++events_.out_of_buffers;
      buffers_.widen();
      if (on.ended) return close_if_over(index, on);
      on.starved = true;
      starved_.push_back(index);
      return;
    case ECANCELED:
    case EINTR:
    case EAGAIN:
      if (on.ended) return close_if_over(index, on);
      return receive_again(index, on);
    default:
      return fail(index, on, -result);
  }
}

inline void bare_uring_echo::append(connection& to, std::uint16_t id, std::uint32_t size) {
  buffers_.taken();
  held_[id] = {size, none};
  (to.first == none ? to.first : held_[to.last].next) = id;
  to.last = id;
  ++to.queued;
}

// The buffers follow each other as they were published; all but the last are full.
void bare_uring_echo::append_bundle(connection& to, std::uint16_t id, std::uint32_t size) {
  while (size > buffers_.buffer_bytes()) {
    append(to, id, buffers_.buffer_bytes());
    size -= buffers_.buffer_bytes();
    id = buffers_.after(id);
  }
  append(to, id, size);
}

// Where there is no receive in flight: makes one, unless it has to wait until something is sent;
// then it is called again.
void bare_uring_echo::receive_again(std::uint32_t index, connection& on) {
  if (on.receiving || on.ended || stopping_) return;
  const bool idle = !on.sending && on.first == none;
  if (on.large) {
    if (idle) queue_poll(index, on);
  } else if (form_.own_buffers ? idle : on.queued < chain_limit()) {
    queue_receive(index, on);
  }
}

void bare_uring_echo::queue_receive(std::uint32_t index, connection& on) {
  io_uring_sqe& made = entry(kind::receive, index);
  const int descriptor = static_cast<int>(index);
  if (form_.own_buffers) {
    ::io_uring_prep_recv(&made, descriptor, own_ + std::size_t{index} * warm_bytes, warm_bytes, 0);
  } else if (form_.multishot) {
    ::io_uring_prep_recv_multishot(&made, descriptor, nullptr, 0, 0);
    if (form_.bundle) made.ioprio |= uring::recvsend_bundle;
  } else {
    ::io_uring_prep_recv(&made, descriptor, nullptr, buffers_.buffer_bytes(), 0);
  }
  if (!form_.own_buffers) made.flags |= IOSQE_BUFFER_SELECT;  // of the only group, 0
  if (form_.direct_descriptors) made.flags |= IOSQE_FIXED_FILE;
  if (form_.poll_first) made.ioprio |= poll_first;
  on.receiving = true;
  on.starved = false;
}

void bare_uring_echo::cancel_receive(std::uint32_t index, connection& on) {
  if (on.cancelling) return;
  on.cancelling = true;
  if (!on.failed && !on.large) ++events_.pauses;
  // What is in flight of a large connection is a receive until that has ended, then a poll.
  io_uring_sqe& made = entry(kind::cancel, index);
  ::io_uring_prep_cancel64(&made, tag(on.polling ? kind::poll : kind::receive, index), 0);
}

// Receives that ENOBUFS ended, as many as there are buffers now.
void bare_uring_echo::revive_starved() {
  for (std::uint32_t left = buffers_.published(); left > 0 && !starved_.empty(); --left) {
    const std::uint32_t index = starved_.back();
    starved_.pop_back();
    connection& on = connections_[index];
    if (on.open && on.starved) receive_again(index, on);
  }
}

inline void bare_uring_echo::send_first(std::uint32_t index, connection& on) {
  if (form_.own_buffers)
    return queue_send(index, on, own_ + std::size_t{index} * warm_bytes + on.taken,
                      on.size - on.taken);
  if (form_.direct_send && send_at_once(index, on)) return;
  const held& first = held_[on.first];
  if (first.next != none && !form_.zero_copy && queue_gathered(index, on)) return;
  queue_send(index, on, buffers_.at(on.first) + on.taken, first.size - on.taken);
}

// True: all is sent, or the connection has failed; else the peer takes no more, and the ring waits.
bool bare_uring_echo::send_at_once(std::uint32_t index, connection& on) {
  while (on.first != none) {
    const std::uint32_t size = held_[on.first].size - on.taken;
    const long result =
        raw_call(SYS_sendto, index, reinterpret_cast<long>(buffers_.at(on.first) + on.taken), size,
                 MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0);
    if (result == -EAGAIN || result == -EINTR) return false;
    if (result < 0) {
      fail(index, on, static_cast<int>(-result));
      return true;
    }
    here_.sent_bytes += static_cast<std::uint32_t>(result);
    take_from_chain(on, static_cast<std::uint32_t>(result));
    if (result < size) return false;
  }
  return true;
}

// All of the chain, or its beginning, by one request. False: no room for its description.
bool bare_uring_echo::queue_gathered(std::uint32_t index, connection& on) {
  if (gathered_count_ == gathered_.size()) return false;
  gathered& all = gathered_[gathered_count_++];
  std::size_t count = 0;
  std::uint32_t skip = on.taken;
  for (std::uint16_t id = on.first; id != none && count < all.parts.size(); id = held_[id].next) {
    all.parts[count++] = {buffers_.at(id) + skip, held_[id].size - skip};
    skip = 0;
  }
  all.header = msghdr{};
  all.header.msg_iov = all.parts.data();
  all.header.msg_iovlen = count;
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i)
    size += all.parts[i].iov_len;
  io_uring_sqe& made = entry(kind::send, index);
  ::io_uring_prep_sendmsg(&made, static_cast<int>(index), &all.header, MSG_NOSIGNAL | MSG_WAITALL);
  if (form_.direct_descriptors) made.flags |= IOSQE_FIXED_FILE;
  make_quiet(made, index, on, size, count);
  on.sending = true;
  return true;
}

// MSG_WAITALL: the kernel itself goes on where the peer takes a part (Linux 5.19).
void bare_uring_echo::queue_send(std::uint32_t index, connection& on, const std::byte* from,
                                 std::uint32_t size) {
  io_uring_sqe& made = entry(kind::send, index);
  const int descriptor = static_cast<int>(index);
  if (form_.zero_copy)
    ::io_uring_prep_send_zc(&made, descriptor, from, size, MSG_NOSIGNAL | MSG_WAITALL, 0);
  else
    ::io_uring_prep_send(&made, descriptor, from, size, MSG_NOSIGNAL | MSG_WAITALL);
  if (form_.direct_descriptors) made.flags |= IOSQE_FIXED_FILE;
  make_quiet(made, index, on, size, on.first == none ? 0 : 1);
  on.sending = true;
}

// MSG_DONTWAIT: done or refused within the call that submits it. A send that was to wait for all
// (MSG_WAITALL) and did less counts as failed, and so leaves a completion.
inline void bare_uring_echo::make_quiet(io_uring_sqe& made, std::uint32_t index,
                                        const connection& on, std::size_t size,
                                        std::size_t buffers) {
  if (!form_.quiet_sends || on.stuck) return;
  made.user_data = tag(kind::quiet, index);
  made.flags |= IOSQE_CQE_SKIP_SUCCESS;
  made.msg_flags |= MSG_DONTWAIT;
  quiet_.push_back({index, static_cast<std::uint32_t>(size), static_cast<std::uint32_t>(buffers)});
}

// Nothing tells of their success: where something has to follow it, the call must not wait.
bool bare_uring_echo::quiet_sends_hold_back() const {
  for (const quiet_send& each : quiet_) {
    const connection& on = connections_[each.index];
    if (!on.receiving || on.queued > each.buffers) return true;
  }
  return false;
}

// After the completions were served, so that all refusals are known.
void bare_uring_echo::settle() {
  for (const quiet_send& each : settling_) {
    connection& on = connections_[each.index];
    const int result = on.refused ? on.notified : static_cast<int>(each.size);
    on.refused = false;
    sent(each.index, result, 0);
  }
  settling_.clear();
}

void bare_uring_echo::sent(std::uint32_t index, int result, std::uint32_t flags) {
  connection& on = connections_[index];
  bool counted = false;
  if (form_.zero_copy) {
    if ((flags & IORING_CQE_F_MORE) != 0) {  // the buffer is the kernel's until the notification
      on.notified = result;
      on.notifying = true;
      if (result > 0) here_.sent_bytes += static_cast<std::uint32_t>(result);
      if (stopping_) forget_notification(index, on);
      return;
    }
    if ((flags & IORING_CQE_F_NOTIF) != 0) {
      if (!on.notifying) return;  // forgotten
      on.notifying = false;
      counted = true;
      result = on.notified;
    }
  }
  on.sending = false;
  on.stuck = result == -EAGAIN;
  if (on.stuck) result = 0;
  if (result < 0) [[unlikely]]
    return fail(index, on, -result);
  const auto size = static_cast<std::uint32_t>(result);
  if (!counted) here_.sent_bytes += size;
  if (on.large && on.first == none && !form_.own_buffers) [[unlikely]]
    return spill_sent(index, on, size);
  bool left = false;
  if (form_.own_buffers) {
    on.taken += size;
    left = on.taken < on.size;
  } else {
    take_from_chain(on, size);
    left = on.first != none;
  }
  if (on.failed) [[unlikely]]
    return close_if_over(index, on);
  if (left) send_first(index, on);
  if (!on.sending && !on.receiving) {
    receive_again(index, on);
    close_if_over(index, on);
  }
}

void bare_uring_echo::take_from_chain(connection& of, std::uint32_t size) {
  while (of.first != none) {
    const std::uint16_t id = of.first;
    const std::uint32_t left = held_[id].size - of.taken;
    if (size < left) {
      of.taken += size;
      if (size != 0) ++events_.short_sends;
      return;
    }
    size -= left;
    of.taken = 0;
    of.first = held_[id].next;
    --of.queued;
    buffers_.give_back(id);
  }
}

void bare_uring_echo::drop_chain(connection& of) {
  for (; of.first != none; --of.queued) {
    buffers_.give_back(of.first);
    of.first = held_[of.first].next;
  }
}

}  // namespace tailrace
