// SPDX-License-Identifier: MIT
#include "runtimes/steal/stall_detector.hpp"

#include <cstdio>

#include "runtimes/base/symbol_name.hpp"
#include "runtimes/steal/worker.hpp"

namespace tailrace::steal {

std::optional<stall_watch::clock::duration> stall_watch::look(const view& seen,
                                                              clock::time_point now) noexcept {
  const bool same_poll = !seen.asleep && !last_.asleep && seen.running != nullptr &&
                         seen.polls == last_.polls && seen.parks == last_.parks;
  if (!same_poll) {
    last_ = seen;
    since_ = now;
    reported_ = false;
    return std::nullopt;
  }
  if (reported_ || now - since_ < threshold_) return std::nullopt;
  reported_ = true;
  return now - since_;
}

stall_detector::stall_detector(std::span<const std::unique_ptr<worker>> workers,
                               std::chrono::nanoseconds threshold)
    : workers_(workers), threshold_(threshold), watches_(workers.size(), stall_watch(threshold)) {}

void stall_detector::start() {
  thread_ = std::thread([this] { work(); });
}

void stall_detector::stop() noexcept {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ends_.notify_one();
  thread_.join();
}

void stall_detector::work() noexcept {
  std::unique_lock lock(mutex_);
  while (!ends_.wait_for(lock, threshold_ / 2, [this] { return ending_; })) {
    lock.unlock();
    look();
    lock.lock();
  }
}

void stall_detector::look() {
  const auto now = stall_watch::clock::now();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    worker& each = *workers_[i];
    const auto held = watches_[i].look({.polls = each.counters().polls.get(),
                                        .parks = each.counters().parks.get(),
                                        .asleep = each.parked(),
                                        .running = each.running()},
                                       now);
    if (!held) continue;
    const auto held_ms = std::chrono::duration_cast<std::chrono::milliseconds>(*held).count();
    std::fprintf(stderr, "steal: worker %zu is held for %lld ms by %s\n", i,
                 static_cast<long long>(held_ms), name_of_code(each.running()).c_str());
    stalls_.add(1);
  }
  looks_.add(1);
}

}  // namespace tailrace::steal
