// SPDX-License-Identifier: MIT
// The smallest runtime that conforms: one thread, one epoll. Copy this folder to begin another, and
// put what is new in place of poller. What it shares with the other loops of one thread is in
// runtimes/single (tasks, sleeping, yielding) and runtimes/base (system calls, buffers, timers).
//
// An operation makes its system call at once and sleeps only where that would block. Its descriptor
// is then armed for one event (EPOLLONESHOT), upon which the call is made again. No task runs while
// events are looked at, so that no event can name a socket that is gone.
//
// Threads: everything belongs to the thread that calls run(), except request_stop() and metrics().
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <utility>

#include "runtimes/base/buffer_pool.hpp"
#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/base/metrics.hpp"
#include "runtimes/base/sys.hpp"
#include "runtimes/base/timer_heap.hpp"
#include "runtimes/basic_stream.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/single/loop.hpp"
#include "runtimes/single/operation.hpp"
#include "runtimes/task.hpp"

namespace tailrace::skeleton {

class poller;

enum direction : std::uint8_t { receiving, sending };  // accepting is receiving

// A registered descriptor, and the calls that wait for it.
struct socket {
  struct call {
    single::task_operation* operation = nullptr;
    bool (*attempt)(single::task_operation&) = nullptr;  // false: it would block
  };

  poller* owner;
  int fd;
  call waiting[2] = {};

  void close() noexcept;
  std::uint16_t port() const noexcept { return sys::local_port(fd); }
};

class poller : public single::loop {
 public:
  // Takes the descriptor; where it cannot be watched, closes it and says why.
  std::expected<socket*, int> register_socket(int fd);
  void close_socket(socket& closed) noexcept;
  // Asks for one event, of whatever the socket's calls wait for.
  void arm(socket& armed) noexcept;
  buffer_pool& buffers() noexcept { return buffers_; }

 protected:
  poller();
  // Makes the calls that events allow, after a wait where no task is ready, and ends sleeps.
  void poll();
  // Any thread.
  void wake() noexcept { sys::signal_eventfd(wake_.get()); }

  timer_heap timers_;

 private:
  sys::descriptor epoll_;
  sys::descriptor wake_;  // eventfd: a stop from another thread
  buffer_pool buffers_;
};

// What receiving, sending and accepting share. Call is the derived awaiter; its attempt() makes the
// system call.
template <class Call, direction Way>
class socket_awaiter : public single::awaitable<Call, single::task_operation> {
 public:
  bool begin(task_node& task) {
    if (static_cast<Call&>(*this).attempt()) return owner_.takes_turns(task);
    socket_.waiting[Way] = {
        this, [](single::task_operation& op) { return static_cast<Call&>(op).attempt(); }};
    this->sleep(task);
    owner_.arm(socket_);
    return true;
  }
  bool leave() noexcept {
    socket_.waiting[Way] = {};
    return true;
  }

 protected:
  explicit socket_awaiter(socket& on) noexcept : owner_(*on.owner), socket_(on) {}
  ~socket_awaiter() = default;

  poller& owner_;
  socket& socket_;  // may be gone when a complete call's task runs: another has closed it
};

class receive_awaiter final : public socket_awaiter<receive_awaiter, receiving> {
 public:
  explicit receive_awaiter(socket& from) noexcept : socket_awaiter(from) {}
  buffer_lease await_resume() noexcept {
    if (status_.count() == 0) return buffer_lease(status_);
    return {buffer_, status_, {&owner_.buffers()}};
  }
  bool attempt() {
    buffer_ = owner_.buffers().take();
    status_ = sys::receive(socket_.fd, {buffer_, buffer_pool::buffer_bytes});
    if (status_.count() == 0) owner_.buffers().give_back(buffer_);
    return status_.error() != EAGAIN;
  }
  void set_cancelled() noexcept { status_ = io_result::of_error(ECANCELED); }

 private:
  std::byte* buffer_ = nullptr;  // lent where status_ counts bytes
  io_result status_;
};

class send_awaiter final : public socket_awaiter<send_awaiter, sending> {
 public:
  send_awaiter(socket& to, std::span<const std::byte> bytes) noexcept
      : socket_awaiter(to), unsent_(bytes), result_(io_result::of_count(bytes.size())) {}
  io_result await_resume() const noexcept { return result_; }
  bool attempt() noexcept {
    while (!unsent_.empty()) {
      const io_result sent = sys::send(socket_.fd, unsent_);
      if (sent.error() == EAGAIN) return false;
      if (!sent.ok()) {
        result_ = sent;
        break;
      }
      unsent_ = unsent_.subspan(sent.count());
    }
    return true;
  }
  void set_cancelled() noexcept { result_ = io_result::of_error(ECANCELED); }

 private:
  std::span<const std::byte> unsent_;
  io_result result_;  // that of a complete send, until it fails
};

using stream = basic_stream<socket_owner<socket>, receive_awaiter, send_awaiter>;

class accept_awaiter final : public socket_awaiter<accept_awaiter, receiving> {
 public:
  explicit accept_awaiter(socket& on) noexcept : socket_awaiter(on) {}
  std::expected<stream, int> await_resume() {
    if (!accepted_) return std::unexpected(accepted_.error());
    const auto made = owner_.register_socket(*accepted_);
    if (!made) return std::unexpected(made.error());
    return stream(**made);
  }
  bool attempt() noexcept {
    accepted_ = sys::accept_stream(socket_.fd, false);
    return accepted_ || accepted_.error() != EAGAIN;
  }
  void set_cancelled() noexcept { accepted_ = std::unexpected(ECANCELED); }

 private:
  std::expected<int, int> accepted_ = -1;
};

using listener = basic_listener<socket_owner<socket>, accept_awaiter>;

class runtime final : public poller {
 public:
  static constexpr std::string_view id = "skeleton";

  using stream = skeleton::stream;
  using listener = skeleton::listener;

  std::expected<listener, start_error> listen(const endpoint& where);
  single::sleep_awaiter sleep_until(const timer_heap::time& deadline) noexcept {
    return {timers_, deadline};
  }
  single::yield_awaiter yield() noexcept { return single::yield_awaiter(ready_); }
  void run(task<void> main);
  void request_stop() noexcept {
    ask_to_stop();
    wake();
  }
  runtime_metrics metrics() const { return counters_.read(); }
};

}  // namespace tailrace::skeleton
