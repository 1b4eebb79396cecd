// SPDX-License-Identifier: MIT
// The floor that every io_uring contestant is a ratio of: one thread's echo loop over one ring,
// written by hand, without tasks. It does the same work under the same rules as bare-epoll
// (epoll_echo.hpp), and like it can do nothing but echo; uring_form.hpp has its switches, README.md
// how the default was found. The ring and the buffers that it lends are those of base/uring; the
// loop uses nothing else of ours.
//
// A turn: submit what was queued and wait (one system call), take all completions; each queues what
// follows from it. A send is tried without waiting, and leaves a completion only where the peer did
// not take all: what was sent is known when the call returns, and no wait ends because of a send of
// our own. A connection is a record of a few words and what the kernel holds; received buffers form
// a chain until they are sent, one send at a time, so that the order is kept.
//
// What would be unbounded is not: a peer that does not read makes its connection hold a few
// buffers, then its receive is cancelled until they are sent. Where the ring of buffers was empty
// (ENOBUFS), the receive has ended and is made again once there are buffers. A connection is closed
// when no request of it is in flight, so that no completion can mean its successor.
//
// Large messages (large=direct): a receive that filled its buffer and left more behind moves its
// connection from the ring's buffers to a poll through the ring, and recv and send of its own, by
// one buffer that serves all such connections and therefore stays in the cache.
//
// Threads: the constructor on any, run() on the worker; stop(), counts() and fresh_counts() from
// any; the rest by the owner.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "runtimes/bare/counts.hpp"
#include "runtimes/bare/uring_form.hpp"
#include "runtimes/base/sys.hpp"
#include "runtimes/base/uring/buffer_ring.hpp"
#include "runtimes/base/uring/ring.hpp"

namespace tailrace {

// What the loop counted about itself; read after run().
struct uring_events {
  std::uint64_t completions = 0;
  std::uint64_t overflows = 0;       // batches of which a part had no room in the ring
  std::uint64_t out_of_buffers = 0;  // receives that ENOBUFS ended
  std::uint64_t large = 0;           // connections moved to the warm buffer
};

// The kernel refuses the ring or what belongs to it; what() is the cause.
struct uring_refused : std::runtime_error {
  explicit uring_refused(uring::refusal cause)
      : std::runtime_error(cause.cause), why(std::move(cause)) {}
  uring::refusal why;
};

class bare_uring_echo {
 public:
  // Takes the listening socket. Throws uring_refused where the kernel refuses the ring,
  // its buffers or an eventfd; the listener is then still closed.
  bare_uring_echo(int listener, const uring_form& form);
  bare_uring_echo(const bare_uring_echo&) = delete;
  bare_uring_echo& operator=(const bare_uring_echo&) = delete;

  // Serves until stop(), then closes every connection.
  void run();
  // Until run() has enabled the ring: what was granted is known from then on.
  void wait_until_enabled() const { enabled_.wait(); }
  void stop() noexcept;
  // As of the last whole batch of completions; exact once run() has returned.
  bare_counts counts() const { return shown_.seen(); }
  // The loop learns only in its next turn that quiet sends were done: this wakes it and waits, for
  // a second at most, until it has counted what is done by now. Not on the worker.
  bare_counts fresh_counts() const;

  const uring_events& events() const { return events_; }
  const uring::ring& ring() const { return ring_; }
  std::uint32_t window() const { return buffers_ ? buffers_->window() : 0; }

 private:
  static constexpr std::uint16_t none = 0xffff;
  static constexpr std::size_t warm_bytes = 65536;

  // What is not sent yet is in a chain of lent buffers, or, with buffers of its own and for what
  // the peer has not taken of a large message, in its private one.
  struct connection {
    std::uint16_t first = none;  // the chain, in order
    std::uint16_t last = none;
    std::uint16_t queued = 0;  // its length
    bool open : 1 = false;
    bool receiving : 1 = false;   // a receive or poll is in flight
    bool sending : 1 = false;     // a send is in flight
    bool ended : 1 = false;       // nothing more is to be received
    bool starved : 1 = false;     // its receive ended for want of buffers
    bool cancelling : 1 = false;  // of the receive
    bool large : 1 = false;
    bool polling : 1 = false;  // large: what is in flight is a poll
    bool stuck : 1 = false;    // the peer takes no more at the moment: the ring has to wait for it
    bool refused : 1 = false;  // its quiet send has a `refusal`
    bool failed : 1 = false;   // what is unsent is not to be sent
    std::uint32_t size = 0;    // bytes in the private buffer
    std::uint32_t sent = 0;    // bytes that are sent of the first buffer or of the private one
    std::int32_t refusal = 0;  // result of a quiet send that did not do all

    bool has_unsent() const noexcept { return first != none || size != 0; }
  };
  struct held {  // by buffer
    std::uint32_t size = 0;
    std::uint16_t next = none;
  };
  enum class kind : std::uint8_t { receive, send, quiet, poll, accept, wake, cancel };

  static std::uint64_t tag(kind what, std::uint32_t index) {
    return (std::uint64_t{index} << 8) | static_cast<std::uint64_t>(what);
  }
  io_uring_sqe& entry(kind what, std::uint32_t index) {
    io_uring_sqe& made = ring_.entry();
    made.user_data = tag(what, index);
    return made;
  }

  // uring_echo.cpp: the loop, and how connections come and go.
  void turn();
  void submit_and_take(std::uint32_t want, uring::ring::time deadline);
  void serve(const io_uring_cqe& completion);
  void serve_rare(kind what, std::uint32_t index, const io_uring_cqe& completion);
  void queue_wake();
  void woken();
  void queue_accept();
  void accepted(int result, std::uint32_t flags);
  void fail(std::uint32_t index, connection& failed, int error_number);
  void close_if_over(std::uint32_t index, connection& over);
  void close_connection(std::uint32_t index, connection& closing);
  void end_all();

  // uring_transfer.cpp: what happens for each message.
  void received(std::uint32_t index, int result, std::uint32_t flags);
  void receive_ended(std::uint32_t index, connection& on, int result);
  void append(connection& to, std::uint16_t id, std::uint32_t size);
  void receive_again(std::uint32_t index, connection& on);
  void queue_receive(std::uint32_t index, connection& on);
  void cancel_receive(std::uint32_t index, connection& on);
  void revive_starved();
  void queue_poll(std::uint32_t index, connection& on);
  void became_readable(std::uint32_t index, int result);
  std::span<const std::byte> unsent(std::uint32_t index, const connection& on) const;
  void send_unsent(std::uint32_t index, connection& on);
  bool quiet_sends_hold_back() const;
  void settle();
  void sent(std::uint32_t index, int result);
  void forget_sent(std::uint32_t index, connection& of, std::uint32_t size);
  void drop_unsent(connection& of);
  std::uint32_t chain_limit() const { return buffers_->lent() > buffers_->buffers() / 2 ? 1 : 32; }

  uring_form form_;
  sys::descriptor listener_;  // before what may throw: then it is closed
  sys::descriptor wake_;
  uring::ring ring_;
  std::optional<uring::buffer_ring> buffers_;  // lent by the ring; none with buffers=own
  bool accepting_ = false;
  bool stopping_ = false;
  std::uint32_t open_ = 0;
  uring::ring::time accept_at_;                        // where not accepting: when to try again
  std::vector<connection> connections_;                // by descriptor
  std::vector<std::unique_ptr<std::byte[]>> private_;  // buffers, likewise
  std::vector<held> held_;
  std::vector<std::uint32_t> starved_;
  // Quiet sends: they are done, in full unless a completion says otherwise, when the call that
  // submitted them returns.
  struct quiet_send {
    std::uint32_t index;
    std::uint32_t size;
  };
  std::vector<quiet_send> quiet_;     // queued since the last call
  std::vector<quiet_send> settling_;  // submitted by it
  uring_events events_;
  bare_counts here_;
  shown_counts shown_;
  std::latch enabled_{1};
  // release by stop(), acquire by the worker after wake_ woke it.
  std::atomic<bool> stop_requested_{false};
  // Counted up by the worker after each show(), release; acquire by fresh_counts(), so that the
  // counts of that turn are seen. all_turns once the loop has ended.
  std::atomic<std::uint64_t> turns_{0};
  static constexpr std::uint64_t all_turns = ~std::uint64_t{0};
  std::array<std::byte, warm_bytes> warm_;
};

}  // namespace tailrace
