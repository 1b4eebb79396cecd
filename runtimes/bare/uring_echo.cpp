// SPDX-License-Identifier: MIT
// See uring_echo.hpp. Here: the loop, and how connections come and go.
#include "runtimes/bare/uring_echo.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <thread>

#include "runtimes/base/sys.hpp"

namespace tailrace {
namespace {

constexpr std::chrono::milliseconds accept_pause{100};
constexpr std::uint32_t hoped_for = 64;  // completions, with min_wait_us
// Reserved; what is never used at one time is never touched.
constexpr std::uint32_t lent_bytes_most = 1U << 28;
// Buffers a multiple of 4 KiB apart would share one set of the first-level cache.
constexpr std::uint32_t stagger_bytes = 64;

uring::ring open_ring(const uring_form& form) {
  uring::ring_wishes wishes;
  wishes.entries = form.entries;
  wishes.cq_entries = form.cq_entries;
  wishes.completions = form.taskrun;
  wishes.registered_fd = form.registered_ring;
  auto opened = uring::ring::open(wishes);
  if (!opened) throw uring_refused(std::move(opened.error()));
  return std::move(*opened);
}

uring::buffer_ring lend_buffers(uring::ring& from, const uring_form& form) {
  uring::buffer_ring_shape shape;
  shape.buffer_bytes = form.buffer_bytes + stagger_bytes;
  shape.buffers = std::clamp(std::bit_floor(lent_bytes_most / shape.buffer_bytes), 1024U, 16384U);
  // Unless completions are deferred, nothing bounds how many come before the next publication.
  shape.window = form.taskrun == uring::taskrun::defer ? 64 : 512;
  auto lent = uring::buffer_ring::create(from, shape);
  if (!lent) throw uring_refused(std::move(lent.error()));
  return std::move(*lent);
}

bool out_of_resources(int error_number) {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOBUFS ||
         error_number == ENOMEM;
}

}  // namespace

bare_uring_echo::bare_uring_echo(int listener, const uring_form& form)
    : form_(form), listener_(listener), ring_(open_ring(form)) {
  if (!form.own_buffers) {
    buffers_ = lend_buffers(ring_, form);
    held_.resize(buffers_->buffers());
  }
  wake_ = sys::make_eventfd();
  // io_uring waits for readiness itself, but not where O_NONBLOCK forbids it. Accepted sockets
  // inherit TCP_NODELAY (tcp(7)).
  const int on = 1;
  static_cast<void>(::fcntl(listener_.get(), F_SETFL, 0));
  static_cast<void>(::setsockopt(listener_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
}

void bare_uring_echo::run() {
  if (const int refused = ring_.enable(); refused != 0) sys::die("io_uring_register", -1, refused);
  enabled_.count_down();
  queue_accept();
  queue_wake();
  while (!stopping_)
    turn();
  end_all();
  shown_.show(here_);
  turns_.store(all_turns, std::memory_order_release);  // pairs with fresh_counts()
}

void bare_uring_echo::queue_wake() {
  ::io_uring_prep_poll_add(&entry(kind::wake, 0), wake_.get(), POLLIN);
}

void bare_uring_echo::woken() {
  if (stopping_) return;
  sys::drain_eventfd(wake_.get());
  // acquire: pairs with stop().
  stopping_ = stop_requested_.load(std::memory_order_acquire);
  if (!stopping_) queue_wake();
}

void bare_uring_echo::turn() {
  if (buffers_) {
    buffers_->publish();
    if (!starved_.empty()) [[unlikely]]
      revive_starved();
  }
  submit_and_take(form_.min_wait_us != 0 ? hoped_for : 1,
                  accepting_ ? uring::ring::time::max() : accept_at_);
  if (!accepting_ && !stopping_ && std::chrono::steady_clock::now() >= accept_at_) queue_accept();
  shown_.show(here_);
  // relaxed read: only this thread writes. release: pairs with fresh_counts().
  turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void bare_uring_echo::submit_and_take(std::uint32_t want, uring::ring::time deadline) {
  if (quiet_sends_hold_back()) want = 0;
  ring_.submit_and_wait(want, deadline, form_.min_wait_us);
  if (ring_.queued() == 0) [[likely]]
    settling_.swap(quiet_);
  if (ring_.overflown()) [[unlikely]]
    ++events_.overflows;
  events_.completions +=
      ring_.take_completions([this](const io_uring_cqe& completion) { serve(completion); });
  settle();
}

inline void bare_uring_echo::serve(const io_uring_cqe& completion) {
  const kind what{static_cast<std::uint8_t>(completion.user_data)};
  const auto index = static_cast<std::uint32_t>(completion.user_data >> 8);
  if (what == kind::receive) return received(index, completion.res, completion.flags);
  if (what == kind::send) return sent(index, completion.res);
  serve_rare(what, index, completion);
}

void bare_uring_echo::serve_rare(kind what, std::uint32_t index, const io_uring_cqe& completion) {
  switch (what) {
    case kind::quiet:
      connections_[index].refused = true;
      connections_[index].refusal = completion.res;
      return;
    case kind::poll:
      return became_readable(index, completion.res);
    case kind::accept:
      return accepted(completion.res, completion.flags);
    case kind::wake:
      return woken();
    default:  // a cancel: what it was for has a completion itself
      return;
  }
}

void bare_uring_echo::queue_accept() {
  io_uring_sqe& made = entry(kind::accept, 0);
  ::io_uring_prep_multishot_accept(&made, listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
  accepting_ = true;
}

void bare_uring_echo::accepted(int result, std::uint32_t flags) {
  const bool ended = (flags & IORING_CQE_F_MORE) == 0;
  if (ended) accepting_ = false;
  if (result < 0) {
    if (stopping_ || result == -ECANCELED) return;
    ++here_.accept_errors;
    if (out_of_resources(-result))
      accept_at_ = std::chrono::steady_clock::now() + accept_pause;
    else if (ended)
      queue_accept();
    return;
  }
  const auto index = static_cast<std::uint32_t>(result);
  if (connections_.size() <= index) {
    connections_.resize(index + 1 + index / 2);
    private_.resize(connections_.size());
  }
  connections_[index] = connection{};
  connections_[index].open = true;
  ++open_;
  ++here_.accepted;
  if (stopping_) return close_connection(index, connections_[index]);
  if (ended) queue_accept();
  receive_again(index, connections_[index]);
}

void bare_uring_echo::fail(std::uint32_t index, connection& failed, int error_number) {
  if (!failed.failed && !stopping_) {
    const bool reset = error_number == ECONNRESET || error_number == EPIPE;
    ++(reset ? here_.resets : here_.errors);
  }
  failed.failed = true;
  failed.ended = true;
  if (failed.receiving) cancel_receive(index, failed);
  close_if_over(index, failed);
}

void bare_uring_echo::close_if_over(std::uint32_t index, connection& over) {
  if (!over.open || over.receiving || over.sending) return;
  if (over.failed) drop_unsent(over);
  if (over.ended && !over.has_unsent()) close_connection(index, over);
}

void bare_uring_echo::close_connection(std::uint32_t index, connection& closing) {
  closing.open = false;
  closing.starved = false;
  private_[index].reset();
  sys::close(static_cast<int>(index));
  --open_;
  ++here_.closed;
  if (!accepting_ && !stopping_) queue_accept();
}

// Every request is cancelled, and its last completion awaited: until then buffers are the kernel's.
void bare_uring_echo::end_all() {
  stopping_ = true;
  for (std::uint32_t index = 0; index < connections_.size(); ++index) {
    connection& each = connections_[index];
    if (!each.open) continue;
    each.failed = true;
    each.ended = true;
    close_if_over(index, each);
  }
  while (open_ != 0 || accepting_) {
    io_uring_sqe& cancel = entry(kind::cancel, 0);
    ::io_uring_prep_cancel64(&cancel, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    submit_and_take(1, std::chrono::steady_clock::now() + accept_pause);
  }
  ring_.submit();
}

void bare_uring_echo::stop() noexcept {
  stop_requested_.store(true, std::memory_order_release);  // pairs with woken()
  sys::signal_eventfd(wake_.get());
}

// The turn under way may have queued sends; the next one submits them, and counts them: so it is
// woken twice.
bare_counts bare_uring_echo::fresh_counts() const {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (int round = 0; round < 2; ++round) {
    // acquire: pairs with turn(), here and below.
    const std::uint64_t before = turns_.load(std::memory_order_acquire);
    if (before == all_turns) break;
    sys::signal_eventfd(wake_.get());
    while (turns_.load(std::memory_order_acquire) == before &&
           std::chrono::steady_clock::now() < patience)
      std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  return counts();
}

}  // namespace tailrace
