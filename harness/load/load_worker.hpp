// SPDX-License-Identifier: MIT
// One thread of a load session: its share of the connections, its engine, and what it counts. It
// sleeps until the session's thread tells it to connect or to drive a slice. All functions are for
// the session's thread; results may be read after wait().
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "harness/load/client_loop.hpp"
#include "harness/load/connection.hpp"
#include "harness/load/endpoint.hpp"
#include "harness/load/load_class.hpp"
#include "harness/load/load_options.hpp"
#include "harness/load/message.hpp"
#include "harness/load/tally.hpp"
#include "harness/load/uring_port.hpp"

namespace tailrace::load {

constexpr std::int64_t seconds_ns(double seconds) {
  return static_cast<std::int64_t>(seconds * 1e9);
}

// What the threads of a session share; outlives them, never changes.
struct worker_common {
  const load_options& options;
  const std::atomic<bool>& stop;
  class_split split;
  std::vector<endpoint> endpoints;
  message_format format;
};

struct worker_slice {
  std::int64_t start_ns = 0;  // absolute, of the measured phase
  std::int64_t settle_ns = 0;
  std::int64_t measured_ns = 0;
  std::uint64_t seed = 1;
};

class load_worker {
 public:
  load_worker(const worker_common& common, std::uint32_t index);
  ~load_worker();
  load_worker(const load_worker&) = delete;
  load_worker& operator=(const load_worker&) = delete;

  void begin_connecting() { begin(task::connect); }
  void begin_slice(const worker_slice& wanted);
  // Until what was begun is done.
  void wait();
  void rethrow_failure() const {
    if (failure_ != nullptr) std::rethrow_exception(failure_);
  }

  // Of the last slice, one a class; the first also holds what belongs to the thread.
  [[nodiscard]] const std::vector<std::unique_ptr<tally>>& counted() const { return counted_; }
  [[nodiscard]] std::int64_t end_ns() const { return end_ns_; }  // when its measured phase ended
  [[nodiscard]] std::uint32_t connections() const {
    return static_cast<std::uint32_t>(connections_.size());
  }
  [[nodiscard]] std::uint64_t receives_starved() const { return starved_; }
  [[nodiscard]] const std::vector<std::string>& engine_granted() const { return granted_; }

 private:
  enum class task : std::uint8_t { none, connect, drive, quit };

  void begin(task next);
  void run();
  void carry_out(task what);
  void connect();
  void make_connections();
  void drive();
  [[nodiscard]] client_loop::plan loop_plan() const;

  const worker_common& common_;
  std::uint32_t index_;
  worker_slice slice_;
  int epoll_fd_ = -1;                 // connects; of the engine over epoll
  std::unique_ptr<uring_port> port_;  // of the engine over io_uring; made and ended by the thread
  bool adopted_ = false;              // the port has the connections' descriptors
  std::vector<connection> connections_;
  histogram connect_times_;  // given to the tally of the first slice
  std::vector<std::unique_ptr<tally>> counted_;
  std::int64_t end_ns_ = 0;
  std::uint64_t starved_ = 0;
  std::vector<std::string> granted_;
  std::exception_ptr failure_;

  std::mutex mutex_;
  std::condition_variable changed_;
  task task_ = task::none;  // guarded by mutex_; none: nothing is under way
  std::thread thread_;      // last: it uses all of the above
};

}  // namespace tailrace::load
