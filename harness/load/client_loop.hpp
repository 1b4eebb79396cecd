// SPDX-License-Identifier: MIT
// The event loop of one load thread: sends by plan (open loop) or on each answer (closed loop),
// compares what comes back, times and counts it. It is not a runtime under test and shares no code
// with one.
//
// How it stays cheap: edge-triggered epoll registered once, large batches, one shared receive
// buffer (a short read means drained, so no second recv), the next request goes out at once, one
// clock read per received batch (the receive time is also the send time of the request that
// follows; for requests of 4 KiB and more it is read again), no allocation once the rings and
// histograms are warm.
//
// Connections belong to classes (load_class.hpp), one as a rule. Each class has its own schedule,
// live connections and tally; requests of a class go to its connections by chance.
//
// Open loop: a request that finds its connection full (outstanding_max) or the socket blocked waits
// in the queue with its plan kept. After a connection is lost, what was on the wire counts as
// errors, what was queued as never sent, and later plans go to the connections left of its
// class, or are never sent. Used by one
// thread; the stop flag may be set by any thread or a signal handler.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "harness/load/arrivals.hpp"
#include "harness/load/connection.hpp"
#include "harness/load/message.hpp"
#include "harness/load/random.hpp"
#include "harness/load/tally.hpp"

struct epoll_event;

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
  };

  // What the loop is given of a class. The schedule is null in the closed loop.
  struct class_plan {
    arrivals* schedule = nullptr;
    tally* into = nullptr;
  };

  // By connection::load_class, at least one; the tally of the first also gets what belongs to the
  // thread (CPU time, end). All arguments outlive the loop.
  client_loop(int epoll_fd, std::vector<connection>& connections, const plan& wanted,
              const std::vector<class_plan>& classes);

  // Runs warm-up, measured phase and drain. Connections are left open.
  void run();
  // When the measured phase ended: plan.end_ns, or earlier after a stop request.
  [[nodiscard]] std::int64_t end_ns() const noexcept { return end_ns_; }

 private:
  enum class phase { warmup, measured, drain };

  struct lane {  // a class as it goes
    arrivals* schedule = nullptr;
    tally* counted = nullptr;
    std::int64_t next_due_ns = arrivals::none;
    std::vector<std::uint32_t> alive = {};
    std::size_t expiry_cursor = 0;
  };

  // The turn (client_loop.cpp).
  void turn();
  [[nodiscard]] bool finished() const noexcept;
  [[nodiscard]] int wait_for_events(epoll_event* events);
  void watch_phase();
  void note_cpu_time(std::int64_t sign) noexcept;

  // Sending and receiving (client_loop_exchange.cpp).
  void prime();
  void send_due();
  [[nodiscard]] lane& next_due() noexcept;
  void advance(lane& of) noexcept;
  void plan_one(lane& of, std::int64_t planned_ns);
  void flush(connection& to);
  [[nodiscard]] std::size_t fill(const connection& to, std::uint64_t until) noexcept;
  void note_written(connection& to, std::size_t bytes) noexcept;
  void note_started(connection& to) noexcept;
  void handle(connection& from, std::uint32_t events);
  void receive(connection& from, bool ending);
  void consume(connection& from, const char* in, std::size_t count);
  void complete(connection& from);

  // What goes wrong, and the end (client_loop_losses.cpp).
  void lose(connection& lost, const std::string& cause);
  void expire_some();
  void expire(connection& slow);
  void stop_early();
  void drop_queue(connection& from) noexcept;
  void abandon_schedule(lane& of);
  void settle();
  void look_for_extra_bytes();

  [[nodiscard]] tally& counted(const connection& of) noexcept {
    return *lanes_[of.load_class].counted;
  }
  [[nodiscard]] bool all_lost() const noexcept;
  [[nodiscard]] bool measured(std::int64_t planned_ns) const noexcept {
    return planned_ns >= plan_.start_ns;
  }

  int epoll_fd_;
  std::vector<connection>& connections_;
  plan plan_;
  std::vector<lane> lanes_;
  tally& tally_;  // of the first class, and of the thread
  random_source random_;
  std::unique_ptr<char[]> receive_buffer_;
  std::unique_ptr<char[]> send_buffer_;
  std::int64_t next_due_ns_ = arrivals::none;  // the earliest of all lanes
  std::int64_t end_ns_;
  std::int64_t last_clock_ns_ = 0;
  std::uint64_t open_requests_ = 0;  // planned, not yet answered or given up
  std::int64_t next_expiry_ns_ = 0;
  bool idle_turn_ = false;
  phase phase_ = phase::warmup;
};

}  // namespace tailrace::load
