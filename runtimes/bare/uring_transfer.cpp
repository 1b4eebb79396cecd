// SPDX-License-Identifier: MIT
// See uring_echo.hpp. Here: what happens for each message.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "runtimes/bare/raw_call.hpp"
#include "runtimes/bare/uring_echo.hpp"

namespace tailrace {

void bare_uring_echo::received(std::uint32_t index, int result, std::uint32_t flags) {
  connection& on = connections_[index];
  const bool more = (flags & IORING_CQE_F_MORE) != 0;
  const auto id = static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT);
  if (!more) on.receiving = on.cancelling = false;
  if (result <= 0) [[unlikely]] {
    if ((flags & IORING_CQE_F_BUFFER) != 0) {  // a buffer that nothing came into
      buffers_->taken();
      buffers_->recycle(id);
    }
    return receive_ended(index, on, result);
  }
  const auto size = static_cast<std::uint32_t>(result);
  here_.received_bytes += size;
  if (form_.own_buffers) {
    on.size = size;
  } else {
    append(on, id, size);
    const bool left_more =
        size >= buffers_->buffer_bytes() && (flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
    if (left_more && form_.large_direct && !on.large) [[unlikely]] {
      on.large = true;
      ++events_.large;
      if (more) cancel_receive(index, on);
    }
  }
  if (on.failed) [[unlikely]]
    return close_if_over(index, on);
  if (!on.sending) send_unsent(index, on);
  if (more && on.queued < chain_limit()) [[likely]]
    return;
  if (more) return cancel_receive(index, on);
  receive_again(index, on);
}

void bare_uring_echo::receive_ended(std::uint32_t index, connection& on, int result) {
  switch (-result) {
    case 0:
      on.ended = true;
      return close_if_over(index, on);
    case ENOBUFS:
      ++events_.out_of_buffers;
      buffers_->widen();
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
  buffers_->taken();
  held_[id] = {size, none};
  (to.first == none ? to.first : held_[to.last].next) = id;
  to.last = id;
  ++to.queued;
}

// Where there is no receive in flight: makes one, unless it has to wait until something is sent;
// then it is called again.
void bare_uring_echo::receive_again(std::uint32_t index, connection& on) {
  if (on.receiving || on.ended || stopping_) return;
  const bool idle = !on.sending && !on.has_unsent();
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
    auto& own = private_[index];
    if (own == nullptr) own = std::make_unique_for_overwrite<std::byte[]>(warm_bytes);
    ::io_uring_prep_recv(&made, descriptor, own.get(), warm_bytes, 0);
  } else {
    if (form_.multishot)
      ::io_uring_prep_recv_multishot(&made, descriptor, nullptr, 0, 0);
    else
      ::io_uring_prep_recv(&made, descriptor, nullptr, buffers_->buffer_bytes(), 0);
    made.flags |= IOSQE_BUFFER_SELECT;  // of the only group, 0
  }
  on.receiving = true;
  on.starved = false;
}

void bare_uring_echo::cancel_receive(std::uint32_t index, connection& on) {
  if (on.cancelling) return;
  on.cancelling = true;
  // What is in flight of a large connection is a receive until that has ended, then a poll.
  io_uring_sqe& made = entry(kind::cancel, index);
  ::io_uring_prep_cancel64(&made, tag(on.polling ? kind::poll : kind::receive, index), 0);
}

// Receives that ENOBUFS ended, as many as there are buffers now.
void bare_uring_echo::revive_starved() {
  for (std::uint32_t left = buffers_->published(); left > 0 && !starved_.empty(); --left) {
    const std::uint32_t index = starved_.back();
    starved_.pop_back();
    connection& on = connections_[index];
    if (on.open && on.starved) receive_again(index, on);
  }
}

// Large messages. The ring's buffers are filled for a whole batch of connections before the first
// is sent, so that a batch of large messages falls out of the cache in between. These connections
// move their bytes as bare-epoll does: one recv and one send for each readiness, by one buffer.
// Not multishot: that reports edges, this looks at the socket when it is made.
void bare_uring_echo::queue_poll(std::uint32_t index, connection& on) {
  ::io_uring_prep_poll_add(&entry(kind::poll, index), static_cast<int>(index), POLLIN | POLLRDHUP);
  on.receiving = true;
  on.polling = true;
}

void bare_uring_echo::became_readable(std::uint32_t index, int result) {
  connection& on = connections_[index];
  on.receiving = on.polling = on.cancelling = false;
  if (on.ended) return close_if_over(index, on);
  if (result == -ECANCELED) return receive_again(index, on);
  const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  const long received =
      raw_call(SYS_recvfrom, index, reinterpret_cast<long>(warm_.data()), warm_bytes, flags, 0, 0);
  if (received == 0) {
    on.ended = true;
    return close_if_over(index, on);
  }
  if (received == -EAGAIN || received == -EINTR) return receive_again(index, on);
  if (received < 0) return fail(index, on, static_cast<int>(-received));
  here_.received_bytes += static_cast<std::size_t>(received);
  long sent =
      raw_call(SYS_sendto, index, reinterpret_cast<long>(warm_.data()), received, flags, 0, 0);
  if (sent == -EAGAIN || sent == -EINTR) sent = 0;
  if (sent < 0) return fail(index, on, static_cast<int>(-sent));
  here_.sent_bytes += static_cast<std::size_t>(sent);
  if (sent == received) return receive_again(index, on);
  on.size = static_cast<std::uint32_t>(received - sent);
  private_[index] = std::make_unique_for_overwrite<std::byte[]>(on.size);
  std::copy_n(warm_.data() + sent, on.size, private_[index].get());
  send_unsent(index, on);
}

inline std::span<const std::byte> bare_uring_echo::unsent(std::uint32_t index,
                                                          const connection& on) const {
  if (on.first == none) return std::span(private_[index].get(), on.size).subspan(on.sent);
  return std::span(buffers_->address(on.first), held_[on.first].size).subspan(on.sent);
}

// The first buffer of the chain, or the private one. MSG_WAITALL: the kernel itself goes on where
// the peer takes a part (Linux 5.19). A quiet send has MSG_DONTWAIT, too: it is done or refused
// within the call that submits it; and one that was to wait for all and did less counts as failed,
// and so leaves a completion.
void bare_uring_echo::send_unsent(std::uint32_t index, connection& on) {
  const auto bytes = unsent(index, on);
  io_uring_sqe& made = entry(kind::send, index);
  ::io_uring_prep_send(&made, static_cast<int>(index), bytes.data(), bytes.size(),
                       MSG_NOSIGNAL | MSG_WAITALL);
  on.sending = true;
  if (!form_.quiet_sends || on.stuck) return;
  made.user_data = tag(kind::quiet, index);
  made.flags |= IOSQE_CQE_SKIP_SUCCESS;
  made.msg_flags |= MSG_DONTWAIT;
  quiet_.push_back({index, static_cast<std::uint32_t>(bytes.size())});
}

// No completion reports their success: where something has to follow it, the call must not wait.
bool bare_uring_echo::quiet_sends_hold_back() const {
  return std::ranges::any_of(quiet_, [this](const quiet_send& each) {
    const connection& on = connections_[each.index];
    return !on.receiving || on.queued > 1;
  });
}

// After the completions were served, so that all refusals are known.
void bare_uring_echo::settle() {
  for (const quiet_send& each : settling_) {
    connection& on = connections_[each.index];
    const int result = on.refused ? on.refusal : static_cast<int>(each.size);
    on.refused = false;
    sent(each.index, result);
  }
  settling_.clear();
}

void bare_uring_echo::sent(std::uint32_t index, int result) {
  connection& on = connections_[index];
  on.sending = false;
  on.stuck = result == -EAGAIN;
  if (on.stuck) result = 0;
  if (result < 0) [[unlikely]]
    return fail(index, on, -result);
  const auto size = static_cast<std::uint32_t>(result);
  here_.sent_bytes += size;
  forget_sent(index, on, size);
  if (on.failed) [[unlikely]]
    return close_if_over(index, on);
  if (on.has_unsent()) return send_unsent(index, on);
  if (!on.receiving) {
    receive_again(index, on);
    close_if_over(index, on);
  }
}

void bare_uring_echo::forget_sent(std::uint32_t index, connection& of, std::uint32_t size) {
  of.sent += size;
  if (of.sent < (of.first != none ? held_[of.first].size : of.size)) return;
  of.sent = 0;
  if (of.first == none) {
    of.size = 0;
    if (!form_.own_buffers) private_[index].reset();
    return;
  }
  buffers_->recycle(of.first);
  of.first = held_[of.first].next;
  --of.queued;
}

void bare_uring_echo::drop_unsent(connection& of) {
  for (; of.first != none; --of.queued) {
    buffers_->recycle(of.first);
    of.first = held_[of.first].next;
  }
  of.size = 0;
}

}  // namespace tailrace
