// SPDX-License-Identifier: MIT
// See surroundings.hpp.
#include "harness/campaign/surroundings.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "harness/observe/clock.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {

std::string surroundings::no_keep_awake_for(int target_pid) {
  if (spinners_ == nullptr) {
    spinners_ = std::make_unique<observe::keep_awake>(cpus_.one_of_each_core);
    spinners_->pause();
  }
  if (!spinners_->cause().empty()) return spinners_->cause();
  if (spinners_->idle_beside(target_pid)) return "";
  return "a target is in another scheduler group, where spinners would compete with it as equals";
}

void surroundings::rest_before_fifo(double slice_s) const {
  constexpr double pause_share = 0.1;
  const auto pause_ns = static_cast<std::int64_t>(pause_share * slice_s * 1e9);
  const std::int64_t left_ns = slice_ended_ns_ + pause_ns - observe::monotonic_ns();
  if (left_ns > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(left_ns));
}

observe::planted_neighbour& surroundings::planted(const observe::neighbour_schedule& wanted) {
  const auto found = std::ranges::find(planted_, wanted, &planting::schedule);
  if (found != planted_.end()) {
    if (!found->process->is_alive()) throw refusal("the planted neighbour was ended by somebody");
    return *found->process;
  }
  const int cpu = cpus_.target.empty() ? 0 : cpus_.target.front();
  auto made = std::make_unique<observe::planted_neighbour>(cpu, wanted);
  if (!made->cause().empty()) throw refusal("the planted neighbour cannot run: " + made->cause());
  planted_.push_back({wanted, std::move(made)});
  return *planted_.back().process;
}

surroundings::turn::turn(surroundings& of, bool keep_awake,
                         const observe::neighbour_schedule& planted)
    : of_(of), keep_awake_(keep_awake && of.spinners_ != nullptr) {
  if (planted.is_planted()) planted_ = &of_.planted(planted);
  if (keep_awake_) of_.spinners_->resume();
  if (planted_ != nullptr) planted_->go_on();
}

surroundings::turn::~turn() {
  if (planted_ != nullptr) planted_->stand_still();
  if (keep_awake_) of_.spinners_->pause();
  of_.slice_ended_ns_ = observe::monotonic_ns();
}

std::optional<int> surroundings::turn::neighbour_pid() const {
  return planted_ == nullptr ? std::nullopt : std::optional(planted_->pid());
}

std::vector<int> surroundings::turn::own_pids() const {
  std::vector<int> pids;
  if (of_.spinners_ != nullptr) pids = of_.spinners_->pids();
  for (const planting& each : of_.planted_)
    pids.push_back(each.process->pid());
  return pids;
}

}  // namespace tailrace::campaign
