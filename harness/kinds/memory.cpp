// SPDX-License-Identifier: MIT
// Kind `memory`: bytes a connection in each of its states.
#include <nlohmann/json.hpp>

#include "harness/kinds/connection_levels.hpp"
#include "harness/kinds/registry.hpp"
#include "harness/session/stopped_process.hpp"

namespace tailrace::kinds {
namespace {

constexpr std::int64_t held_message_bytes_max = 65536;  // of `tailrace load --hold`

class connection_memory : public work_over_connections {
 public:
  connection_memory(level_keys keys, std::int64_t message_bytes)
      : work_over_connections(std::move(keys)), message_bytes_(message_bytes) {}

  std::string derived_id() const override { return "memory-connections"; }
  nlohmann::json json() const override {
    nlohmann::json object = work_over_connections::json();
    object["message_bytes"] = message_bytes_;
    return object;
  }

 private:
  int states() const override { return 4; }

  std::string client_half(const level_readings& read) const override {
    using enum observe::memory_source;
    if (read.source == computed) return "excluded: only the target's objects are counted";
    if (read.source == none) return "excluded: there is no kernel memory";
    return "excluded: the client runs in another cgroup and the slopes are of the target's own";
  }

  void measure(const campaign::cell_context& cell, std::int64_t n, nlohmann::json& record,
               level_readings& into) const override {
    memory_level level(cell, cell.setting.limits, {}, keys().settle_s, record, into);
    load_hold hold(level.pump(), cell, level.target().address(), message_bytes_);
    open_connections(level, hold, n);
    const observe::reading_context open = {hold.pid(), n};
    level.read("idle", n, open);
    hold.echo();
    level.read("after_echo", n, open);
    {
      // An echo is answered before it could be seen: so the target is stopped before it is asked.
      const session::stopped_process stopped(level.target().pid());
      hold.active();
      level.read("unread", n, open);
    }
    close_connections(level, hold);
    level.read("retained", n, {hold.pid(), 0});
    hold.quit();
    level.finish();
  }

  std::int64_t message_bytes_;
};

std::shared_ptr<const campaign::point_work> read_memory(const campaign::table_reader& in) {
  return std::make_shared<connection_memory>(
      read_level_keys(in), in.integer("message_bytes", 64, 1, held_message_bytes_max));
}

}  // namespace

const campaign::kind memory = {"memory", "echo", read_memory};

}  // namespace tailrace::kinds
