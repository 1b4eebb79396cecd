// SPDX-License-Identifier: MIT
// The workload `hog` as a script of the scripted server, right or wrong in one way: for the tests
// of the checks. Written apart from workloads/hog.hpp, so that the checks meet a second reading of
// the contract. One object a worker; burns() from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "harness/tests/scripted_server.hpp"

namespace tailrace::scripted {

class hog_script final : public script {
 public:
  // `fault`: none, hog-never-burns, hog-burns-a-read, hog-burns-for-all, hog-burns-on or
  // hog-waits-for-messages. stopped: set by another thread; ends what is burnt.
  hog_script(const option_values& options, std::string fault, std::atomic<std::uint64_t>& burns,
             const std::atomic<bool>& stopped)
      : every_(static_cast<std::uint64_t>(options.integer("hog_every"))),
        message_bytes_(static_cast<std::uint64_t>(options.integer("message_bytes"))),
        burn_ns_(static_cast<std::uint64_t>(options.integer("burn_us")) * 1000),
        fault_(std::move(fault)),
        burns_(burns),
        stopped_(stopped) {}

  // The server has added these bytes to from.received already.
  void on_data(server& on, connection& from, bytes_view bytes) override {
    const std::uint64_t before = from.received - bytes.size();
    std::vector<std::byte>& start = starts_[from.serial];
    for (std::size_t i = 0; start.size() < 8 && i < bytes.size(); ++i)
      start.push_back(bytes[i]);
    if (is_hog(start)) burn(from.received / message_bytes_ - before / message_bytes_);
    if (fault_ != "hog-waits-for-messages") return on.reply(from, bytes);
    std::vector<std::byte>& held = held_[from.serial];
    held.insert(held.end(), bytes.begin(), bytes.end());
    if (from.received % message_bytes_ != 0) return;
    on.reply(from, held);
    held.clear();
  }

 private:
  bool is_hog(const std::vector<std::byte>& start) const {
    if (fault_ == "hog-burns-for-all") return true;
    if (start.size() < 8 || every_ == 0) return false;
    std::uint64_t number = 0;
    for (std::size_t i = 8; i-- > 0;)
      number = number * 256 + std::to_integer<std::uint64_t>(start[i]);
    return number % every_ == 0;
  }

  bool is_stopped() const {
    // relaxed: pairs with whoever stops the server; orders nothing.
    return stopped_.load(std::memory_order_relaxed) && fault_ != "hog-burns-on";
  }

  void burn(std::uint64_t messages) {
    if (fault_ == "hog-never-burns") return;
    if (fault_ == "hog-burns-a-read" && messages > 1) messages = 1;
    for (; messages > 0; --messages) {
      const std::uint64_t end = server::now_ns() + burn_ns_;
      while (server::now_ns() < end)
        if (is_stopped()) return;
      burns_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
    }
  }

  std::uint64_t every_;
  std::uint64_t message_bytes_;
  std::uint64_t burn_ns_;
  std::string fault_;
  std::atomic<std::uint64_t>& burns_;
  const std::atomic<bool>& stopped_;
  std::unordered_map<std::uint64_t, std::vector<std::byte>> starts_;  // by serial
  std::unordered_map<std::uint64_t, std::vector<std::byte>> held_;
};

}  // namespace tailrace::scripted
