// SPDX-License-Identifier: MIT
// The event loop of one load thread: sends by plan (open loop) or on each answer (closed loop),
// compares what comes back, times and counts it. It is not a runtime under test and shares no loop
// with one. This is all of it but the kernel's part: an engine (epoll_loop, uring_loop) waits,
// receives and sends.
//
// How it stays cheap: the next request goes out at once, one clock read per received batch (the
// receive time is also the send time of the request that follows; for requests of 4 KiB and more
// it is read again), no allocation once the rings and histograms are warm.
//
// Connections belong to classes (load_class.hpp), one as a rule. Each class has its own schedule,
// live connections and tally; requests of a class go to its connections by chance.
//
// Open loop: a request that finds its connection full (outstanding_max) or the socket blocked waits
// in the queue with its plan kept. After a connection is lost, what was on the wire counts as
// errors, what was queued as never sent, and later plans go to the connections left of its
// class, or are never sent.
//
// HTTP connections that the server ends are made again, to the same address; meanwhile requests
// wait in the queue (README.md says when).
//
// What was due and got no answer stands in the response histogram too, once, at its age from the
// planned time at the end of the drain. A request that was timed out and answered later stands
// there with the time that it took: the time limit is no part of any quantile. Used by one thread;
// the stop flag may be set by any thread or a signal handler.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "harness/load/arrivals.hpp"
#include "harness/load/connection.hpp"
#include "harness/load/endpoint.hpp"
#include "harness/load/http_answer.hpp"
#include "harness/load/message.hpp"
#include "harness/load/random.hpp"
#include "harness/load/tally.hpp"

namespace tailrace::load {

class client_loop {
 public:
  struct plan {
    const message_format* format = nullptr;
    bool open = false;
    bool spin = false;
    std::uint32_t outstanding_max = 1;  // depth, in the closed loop
    std::int64_t start_ns = 0;          // absolute, of the measured phase
    std::int64_t end_ns = 0;
    std::int64_t drain_ns = 0;
    std::int64_t timeout_ns = 0;
    std::int64_t skip_late_ns = 0;  // 0 = never
    std::uint64_t seed = 1;
    const std::atomic<bool>* stop = nullptr;
    // For connections that are made again: needed with HTTP, and not looked at with echo.
    const std::vector<endpoint>* endpoints = nullptr;
    std::uint32_t source_addresses = 1;
    std::int64_t connect_timeout_ns = 0;
  };

  // What the loop is given of a class. The schedule is null in the closed loop.
  struct class_plan {
    arrivals* schedule = nullptr;
    tally* into = nullptr;
  };

  // By connection::load_class, at least one; the tally of the first also gets what belongs to the
  // thread (CPU time, end). All arguments outlive the loop.
  client_loop(std::vector<connection>& connections, const plan& wanted,
              const std::vector<class_plan>& classes);
  virtual ~client_loop() = default;
  client_loop(const client_loop&) = delete;
  client_loop& operator=(const client_loop&) = delete;

  // Runs warm-up, measured phase and drain. Connections are left open.
  void run();
  // When the measured phase ended: plan.end_ns, or earlier after a stop request.
  [[nodiscard]] std::int64_t end_ns() const noexcept { return end_ns_; }

 protected:
  // What an engine does. `wait` returns how many events there are once there is one, the time is
  // over or a signal came, 0 without waiting where wait_ns is not positive; `handle` handles just
  // those: it gives what came to consume() or lose(), then calls flush(), and send_due() whenever
  // something is due.
  virtual int wait(std::int64_t wait_ns) = 0;
  virtual void handle(int events) = 0;
  // Sends what may_send() allows, as far as the kernel takes it, and tells note_written().
  virtual void flush(connection& to) = 0;
  // What was planned has been given to flush(): an engine that collects sends lets them go.
  virtual void release() {}
  // Its descriptor is closed after this.
  virtual void forget(connection& which) = 0;
  // A connection is being made: finish_connecting() once its socket can be written to. 0 or errno.
  [[nodiscard]] virtual int await_connected(connection& which) = 0;
  // The end: nothing is consumed any more. Then, by connection, the bytes that nobody had asked
  // for.
  virtual void stop_receiving() {}
  [[nodiscard]] virtual std::size_t unread(connection& from) = 0;

  // What an engine calls (client_loop_exchange.cpp, client_loop_losses.cpp,
  // client_loop_reconnect.cpp). After each the connection may not be open() any more, or have
  // another descriptor.
  // The number below which messages may be sent now; nothing to send where it is not above
  // whole_sent.
  [[nodiscard]] std::uint64_t may_send(const connection& to) const noexcept;
  // Writes the next bytes to send, up to message `until` and `room` bytes; returns how many.
  [[nodiscard]] std::size_t fill(const connection& to, std::uint64_t until, char* out,
                                 std::size_t room) noexcept;
  void note_written(connection& to, std::size_t bytes) noexcept;
  void consume(connection& from, const char* in, std::size_t count);
  void lose(connection& lost, const std::string& cause);
  // The peer, or the kernel, ended it.
  void handle_end(connection& which, const std::string& cause);
  // True: it is open now. False: not yet, or lost.
  [[nodiscard]] bool finish_connecting(connection& which);
  // The cause of an end of stream. send_error: of a send before it that failed, else 0; a reset is
  // told once only, and EPIPE says no more than that the peer has closed.
  static std::string end_after(int send_error);
  void read_clock() noexcept;
  void send_due();
  [[nodiscard]] bool something_due() const noexcept { return last_clock_ns_ >= next_due_ns_; }
  [[nodiscard]] std::vector<connection>& connections() noexcept { return connections_; }
  [[nodiscard]] const plan& wanted() const noexcept { return plan_; }

 private:
  enum class phase { warmup, measured, drain };

  struct lane {  // a class as it goes
    arrivals* schedule = nullptr;
    tally* counted = nullptr;
    std::int64_t next_due_ns = arrivals::none;
    std::vector<std::uint32_t> alive = {};
    std::size_t expiry_cursor = 0;
    std::vector<request_times> unanswered = {};  // given up; sent_ns is 0 where it was not sent
  };

  // The turn (client_loop.cpp).
  void look_for_ends();
  void turn();
  [[nodiscard]] bool finished() const noexcept;
  [[nodiscard]] std::int64_t time_to_wait() const noexcept;
  void watch_phase();
  void note_cpu_time(std::int64_t sign) noexcept;

  // Sending and receiving (client_loop_exchange.cpp).
  void prime();
  [[nodiscard]] lane& next_due() noexcept;
  void advance(lane& of) noexcept;
  void plan_one(lane& of, std::int64_t planned_ns);
  void note_started(connection& to) noexcept;
  void complete(connection& from);
  void consume_http(connection& from, const char* in, std::size_t count);
  void send_queued(connection& to);

  // Connections made again (client_loop_reconnect.cpp).
  [[nodiscard]] bool reconnects() const noexcept { return !plan_.format->is_echo(); }
  void begin_again(connection& which);
  void fill_depth(connection& which);
  void connect_again(connection& which);
  void begin_connecting(connection& which);
  void connect_those_in_line();
  void hang_up(connection& which);

  // What goes wrong, and the end (client_loop_losses.cpp).
  void expire_some();
  void expire(connection& slow);
  void stop_early();
  void fail_requests(connection& of, const std::string& cause);
  void drop_queue(connection& from);
  void leave_schedule(lane& of) noexcept;
  void abandon_schedule(lane& of);
  void settle();
  void settle_connection(connection& one);
  void look_for_extra_bytes();

  [[nodiscard]] tally& counted(const connection& of) noexcept {
    return *lanes_[of.load_class].counted;
  }
  [[nodiscard]] bool all_lost() const noexcept;
  [[nodiscard]] bool measured(std::int64_t planned_ns) const noexcept {
    return planned_ns >= plan_.start_ns;
  }

  std::vector<connection>& connections_;
  plan plan_;
  std::vector<lane> lanes_;
  tally& tally_;  // of the first class, and of the thread
  random_source random_;
  http_reader answers_;
  std::int64_t next_due_ns_ = arrivals::none;  // the earliest of all lanes, once it runs
  std::int64_t end_ns_;
  std::int64_t last_clock_ns_ = 0;
  std::uint64_t open_requests_ = 0;  // planned, not yet answered or given up
  std::uint64_t late_requests_ = 0;  // timed out, may still be answered
  std::int64_t next_expiry_ns_ = 0;
  std::size_t connecting_ = 0;
  std::deque<std::uint32_t> line_;  // who is to be made again once fewer are connecting
  bool idle_turn_ = false;
  phase phase_ = phase::warmup;
};

}  // namespace tailrace::load
