// SPDX-License-Identifier: MIT
// The hog workload, once for every runtime: the echo server, in which some connections burn CPU
// time before each reply and await nothing meanwhile. What it shows is the price that the others
// pay for it where scheduling is cooperative: a task that does not await keeps its worker.
//
// A connection's first 8 bytes are its number, little-endian. It is a hog if hog_every > 0 and its
// number is a multiple of hog_every. Each time that message_bytes more of it have come in total it
// burns `burn` of CLOCK_MONOTONIC, before the bytes that completed the message go back. All other
// connections are plain echo. With hog_every = 1 and a small burn it is a server with real work.
//
// A stop ends the burn under way and leaves out those that are due: one receive may complete a
// thousand messages, and a task that burns cannot be cancelled.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "runtimes/base/atomic.hpp"
#include "workloads/echo.hpp"

namespace tailrace {

struct hog_rules {
  std::uint64_t hog_every = 10;      // 0: nobody burns
  std::uint64_t message_bytes = 64;  // at least 8, so that the number comes within the first
  std::chrono::nanoseconds burn = std::chrono::milliseconds(5);
};

inline const option_table<hog_rules> hog_options{
    option_table<hog_rules>::integer<std::chrono::microseconds>(
        "burn_us", &hog_rules::burn, 0, 1'000'000, "CPU time that a hog burns for each message"),
    option_table<hog_rules>::integer(
        "hog_every", &hog_rules::hog_every, 0, 1'000'000,
        "connections whose number is a multiple of it are hogs; 0: none is"),
    option_table<hog_rules>::integer("message_bytes", &hog_rules::message_bytes, 8, 65536,
                                     "size of a message")};

// What one connection has received, as far as the rules ask. One task.
class hog_meter {
 public:
  explicit hog_meter(const hog_rules& rules) noexcept : rules_(rules) {}

  // How many messages these bytes complete, if this connection is a hog; 0 if it is not.
  std::uint64_t completed_by(std::span<const std::byte> bytes) noexcept {
    const std::uint64_t before = received_ / rules_.message_bytes;
    for (std::size_t i = 0; received_ + i < number_bytes && i < bytes.size(); ++i)
      number_ |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * (received_ + i));
    received_ += bytes.size();
    if (received_ < number_bytes || rules_.hog_every == 0) return 0;
    if (number_ % rules_.hog_every != 0) return 0;
    return received_ / rules_.message_bytes - before;
  }

 private:
  static constexpr std::uint64_t number_bytes = 8;

  hog_rules rules_;
  std::uint64_t received_ = 0;
  std::uint64_t number_ = 0;
};

// Set by whoever stops the workload, read by every burn. relaxed: a burn only ends sooner; nothing
// is handed over with it.
using stop_flag = atomic<bool>;

// Keeps the calling thread busy for that long and awaits nothing. False: cut short by a stop. A
// runtime with a clock of its own (the simulator) says itself how busy time passes.
template <Runtime R>
bool burn_cpu(R& runtime, std::chrono::nanoseconds amount, const stop_flag& stopped) {
  const auto cut_short = [&] {
    return stopped.load(std::memory_order_relaxed);  // relaxed: pairs with hog_workload::stop()
  };
  if constexpr (requires { runtime.pass_busy_time(amount); }) {
    runtime.pass_busy_time(amount);
  } else {
    const steady_time end = std::chrono::steady_clock::now() + amount;
    while (!cut_short() && std::chrono::steady_clock::now() < end) {
    }
  }
  return !cut_short();
}

// The work of one session (echo.hpp). Runtime, counts and flag outlive it.
template <Runtime R>
class hog_work {
 public:
  hog_work(R& runtime, counts_of<R>& counts, const hog_rules& rules,
           const stop_flag& stopped) noexcept
      : runtime_(&runtime),
        counts_(&counts),
        stopped_(&stopped),
        meter_(rules),
        burn_(rules.burn) {}

  void before_reply(std::span<const std::byte> received) {
    for (std::uint64_t due = meter_.completed_by(received); due > 0; --due) {
      if (!burn_cpu(*runtime_, burn_, *stopped_)) return;
      counts_->burns.add(1);
    }
  }

 private:
  R* runtime_;
  counts_of<R>* counts_;
  const stop_flag* stopped_;
  hog_meter meter_;
  std::chrono::nanoseconds burn_;
};

// Accepts until stopped. runtime, listener, counts and flag outlive it.
template <Runtime R>
task<void> serve_hog(R& runtime, typename R::listener& listener, hog_rules rules,
                     counts_of<R>& counts, const stop_flag& stopped) {
  hog_work<R> work(runtime, counts, rules, stopped);
  co_await serve_echo<R>(runtime, listener, counts, work);
}

template <Runtime R>
class hog_workload final : public served_workload<R> {
 public:
  static constexpr const char* name = "hog";
  static std::vector<option_spec> options() { return hog_options.specs(); }

  hog_workload(const option_values& options, std::size_t runtimes)
      : served_workload<R>(runtimes), rules_(hog_options.rules_of(options)) {}

  task<void> serve(R& runtime, typename R::listener& listener, std::size_t index) override {
    return serve_hog<R>(runtime, listener, rules_, this->counts_[index], stopped_);
  }
  void stop() noexcept override {
    stopped_.store(true, std::memory_order_relaxed);  // relaxed: pairs with burn_cpu()
  }
  named_counts counts() const override {
    named_counts all = served_workload<R>::counts();
    all.emplace_back("burns", this->sum_of(&counts_of<R>::burns));
    return all;
  }

 private:
  hog_rules rules_;
  stop_flag stopped_{false};
};

}  // namespace tailrace
