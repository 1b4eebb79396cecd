// SPDX-License-Identifier: MIT
// Kind `task_memory`: bytes a sleeping task, by the workload `idle` without a client.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/kinds/memory_levels.hpp"
#include "harness/kinds/registry.hpp"
#include "harness/kinds/task_limit.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::kinds {
namespace {

class sleeping_tasks : public work_in_levels {
 public:
  using work_in_levels::work_in_levels;
  std::string derived_id() const override { return "memory-tasks"; }

 private:
  const char* unit() const override { return "task"; }
  int states() const override { return 1; }

  std::vector<std::int64_t> counts_for(const campaign::cell_context& cell,
                                       std::string& cause) const override {
    if (cell.program.about.option(cell.at.workload, "tasks") == nullptr) {
      throw refusal(fmt::format("{} has no tasks that could sleep", cell.who.id), "",
                    refusal::unsupported);
    }
    if (!has_a_thread_per_task(cell.who)) return keys().counts;
    const observe::machine_limit limit = observe::threads_limit();
    std::vector<std::int64_t> counts = scaled_to(keys().counts, threads_for_tasks(limit));
    if (counts != keys().counts) {
      cause = fmt::format("{} threads can be started here ({}), of which half are left to the rest",
                          limit.most, limit.set_by);
    }
    return counts;
  }

  std::string client_half(const level_readings&) const override {
    return "none: there is no client";
  }

  void measure(const campaign::cell_context& cell, std::int64_t n, nlohmann::json& record,
               level_readings& into) const override {
    session::target_limits limits = cell.setting.limits;  // many threads to start and to join
    limits.ready_s = std::max(limits.ready_s, 60.0);
    limits.stop_s = std::max(limits.stop_s, 30.0);
    memory_level level(cell, limits, {{"tasks", std::to_string(n)}}, keys().settle_s, record, into);
    level.read("sleeping", n);
    level.finish();
  }
};

std::shared_ptr<const campaign::point_work> read_task_memory(const campaign::table_reader& in) {
  return std::make_shared<sleeping_tasks>(read_level_keys(in));
}

}  // namespace

const campaign::kind task_memory = {"task_memory", "idle", read_task_memory};

}  // namespace tailrace::kinds
