// SPDX-License-Identifier: MIT
// See uring_echo.hpp. Here: connections with large messages. A ring's buffers are filled for a
// whole batch of connections before the first is sent, so that a batch of large messages falls out
// of the cache in between. These connections wait by a poll through the ring and move their bytes
// as bare-epoll does: one recv and one send for each readiness, by the same buffer.
#include <poll.h>

#include <cerrno>

#include "runtimes/bare/raw_call.hpp"
#include "runtimes/bare/uring_echo.hpp"

namespace tailrace {

// Not multishot: that tells of edges, this looks at the socket when it is made.
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
  spill& rest = spilled_[index];
  rest.bytes.assign(warm_.data() + sent, warm_.data() + received);
  rest.sent = 0;
  queue_send(index, on, rest.bytes.data(), static_cast<std::uint32_t>(rest.bytes.size()));
}

void bare_uring_echo::spill_sent(std::uint32_t index, connection& on, std::uint32_t size) {
  spill& rest = spilled_.at(index);
  rest.sent += size;
  const std::size_t left = rest.bytes.size() - rest.sent;
  if (on.failed) return close_if_over(index, on);
  if (left != 0) {
    ++events_.short_sends;
    return queue_send(index, on, rest.bytes.data() + rest.sent, static_cast<std::uint32_t>(left));
  }
  spilled_.erase(index);
  receive_again(index, on);
  close_if_over(index, on);
}

}  // namespace tailrace
