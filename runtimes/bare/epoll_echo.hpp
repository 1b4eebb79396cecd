// SPDX-License-Identifier: MIT
// The floor that every epoll contestant is a ratio of: one thread's echo loop over epoll, written
// by hand. No tasks, no abstraction over the loop, nothing allocated for a
// connection that is not stuck: its state is one bit (open) and what the kernel holds. One 64 KiB
// receive buffer serves all connections of a worker.
//
// It is not a runtime: it can do nothing but echo. It makes its system calls itself, on purpose, so
// that nothing of ours lies between it and the kernel.
//
// Rules (runtimes/PROTOCOL.md, workload echo): one recv and one send for each readiness, the loop
// repeats by the trigger (see epoll_form); what the peer does not take is copied aside (at most one
// buffer a connection), reading pauses until it is gone; end of stream closes after all was sent;
// for want of descriptors the listener is disarmed until a connection closes or a tenth of a second
// has passed.
//
// Threads: run() on the worker; stop() and counts() from any thread; the rest by the owner.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "runtimes/bare/counts.hpp"

namespace tailrace {

// How connections are registered. A form is a loop of its own, compiled apart: the choice costs a
// message nothing.
// - level: registered once; the next wait reports again what is left.
// - edge: registered once; receives until one comes back short, which proves the socket empty
//   (epoll(7), Q9), or, once the peer has hung up, until its end.
// - oneshot: level, and an event disarms the connection: one more epoll_ctl for each message.
enum class epoll_form : std::uint8_t { level, edge, oneshot };

class bare_epoll_echo {
 public:
  // Takes the non-blocking listening socket. Throws std::system_error where the kernel refuses
  // epoll or an eventfd; the listener is then still closed.
  explicit bare_epoll_echo(int listener, epoll_form form = epoll_form::level);
  ~bare_epoll_echo();
  bare_epoll_echo(const bare_epoll_echo&) = delete;
  bare_epoll_echo& operator=(const bare_epoll_echo&) = delete;

  // Serves until stop(), then closes every connection.
  void run();
  void stop() noexcept;
  // As of the last whole batch of events; exact once run() has returned.
  bare_counts counts() const { return shown_.seen(); }

 private:
  static constexpr std::size_t buffer_bytes = 65536;
  static constexpr int batch_events = 512;

  // What a peer has not taken yet.
  struct spill {
    std::vector<std::byte> bytes;
    std::size_t sent = 0;
  };

  // Of one recv and one send. `more`: there may be more to receive; `part`: all that was there;
  // `empty`: nothing was there; `paused`: until the peer takes what is spilled.
  enum class outcome : std::uint8_t { more, part, empty, paused, closed };

  void watch(int descriptor, std::uint32_t events, int operation);
  void rearm(int connection, std::uint32_t events);
  template <epoll_form Form>
  void serve();
  template <epoll_form Form>
  void serve_batch(const epoll_event* events, int count);
  template <epoll_form Form>
  void serve_connection(int connection);
  void serve_unusual(int descriptor);
  outcome echo_once(int connection);
  void echo_repeatedly(int connection, outcome enough);
  void drain(int connection);
  // Of `size` bytes received, `sent` were taken, or refused where negative.
  outcome send_later(int connection, std::size_t size, long sent);
  void flush(int connection);
  void accept_all();
  void accept_one(int connection);
  void arm_listener(bool armed);
  outcome end_by_error(int connection, int error_number);
  void close_connection(int connection);

  int epoll_ = -1;
  int listener_ = -1;
  int wake_ = -1;
  epoll_form form_;
  bool stopping_ = false;
  bool listener_armed_ = true;
  std::vector<bool> open_;                  // by descriptor
  std::unordered_map<int, spill> spilled_;  // only connections with EPOLLOUT armed
  bare_counts here_;                        // the worker's own
  shown_counts shown_;
  std::array<std::byte, buffer_bytes> buffer_;
};

}  // namespace tailrace
