// SPDX-License-Identifier: MIT
// See tuning.hpp.
#include "harness/campaign/tuning.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "harness/observe/cpu_child.hpp"
#include "harness/observe/topology.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

constexpr const char* latency_device = "/dev/cpu_dma_latency";
constexpr double beyond_busy_s = 10;
// sched(7): real-time threads that never pause have 0.95 s of each second.
constexpr double slice_s_max = 0.8;

void wait(const void*) {
  for (;;)
    ::pause();
}

refusal not_permitted(const std::string& cause) {
  return refusal("--tune is not permitted here: " + cause, "or run without --tune");
}

std::string tried_fifo() {
  const observe::cpu_child tried("tailrace-tune", observe::usable_cores().front().front(),
                                 SCHED_OTHER, wait);
  if (!tried.cause().empty()) return tried.cause();
  return observe::into_fifo(tried.pid(), std::chrono::seconds(1));
}

}  // namespace

tuning::tuning() {
  if (!no_fifo_cause().empty()) throw not_permitted(no_fifo_cause());
  if (::access(latency_device, F_OK) != 0) {
    latency_cause_ = fmt::format("there is no {}", latency_device);
    return;
  }
  latency_ = std::make_unique<observe::cpu_latency_request>(latency_device);
  if (!latency_->cause().empty()) throw not_permitted(latency_->cause());
}

nlohmann::json tuning::json() const {
  return {{"scheduling", "fifo"},
          {"cpu_latency_request", latency_cause_.empty() ? "held" : latency_cause_}};
}

const std::string& no_fifo_cause() {
  static const std::string cause = tried_fifo();
  return cause;
}

std::string why_no_fifo(const slice_plan& slices, const observe::cpu_partition& cpus) {
  if (!no_fifo_cause().empty()) return no_fifo_cause();
  if (!cpus.disjoint)
    return "SCHED_FIFO: client and target share a CPU, where one would wait for the other";
  if (slices.settle_s + slices.slice_s <= slice_s_max) return "";
  return fmt::format(
      "SCHED_FIFO: the kernel would stop slices above {} s, since it leaves a part of each second "
      "to others (make slice_s and settle_s shorter)",
      slice_s_max);
}

void put_into_fifo(int pid, double busy_s) {
  const auto most_ms = static_cast<std::int64_t>((busy_s + beyond_busy_s) * 1000);
  const std::string refused = observe::into_fifo(pid, std::chrono::milliseconds(most_ms));
  if (!refused.empty()) throw refusal(refused);
}

fifo_turn::fifo_turn(bool wanted, int pid, double busy_s) {
  if (!wanted) return;
  put_into_fifo(pid, busy_s);
  pid_ = pid;
}

// A process that has ended has nothing to return to.
fifo_turn::~fifo_turn() {
  if (pid_ != 0) observe::out_of_fifo(pid_);
}

}  // namespace tailrace::campaign
