// SPDX-License-Identifier: MIT
// See live_cell.hpp.
#include "harness/campaign/live_cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/campaign/tuning.hpp"
#include "harness/campaign/warmup.hpp"
#include "harness/load/random.hpp"
#include "harness/observe/clock.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/record/json_fields.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

constexpr double warmup_slice_s = 0.05;
// 53 bits: exact in every JSON reader.
constexpr int seed_shift = 11;

// The same for all subjects of a point: each round has its own plan of requests.
std::uint64_t seed_of(std::uint64_t cell_seed, int round) {
  return load::scramble(cell_seed + static_cast<std::uint64_t>(round) + 1) >> seed_shift;
}

std::vector<std::string> arguments_of(const cell_context& what, const sliced_work& work,
                                      const std::string& address) {
  const observe::cpu_partition& cpus = what.setting.cpus;
  std::vector<std::string> arguments = {"--connect", address, "--seed",
                                        std::to_string(what.cell.seed)};
  // Where client and target share CPUs, the client may neither pin its threads nor poll.
  if (!cpus.client.empty() && !cpus.shared) {
    arguments.emplace_back("--cpus");
    arguments.push_back(observe::cpus_text(cpus.client));
  }
  for (std::string& more : work.load_arguments(!cpus.shared))
    arguments.push_back(std::move(more));
  return arguments;
}

void require_fifo(const cell_context& what) {
  const std::string cause = why_no_fifo(what.at.work->sliced()->slices(), what.setting.cpus);
  if (!cause.empty()) throw refusal(cause, "", refusal::unsupported);
}

}  // namespace

live_cell::live_cell(const cell_context& what, load_process& load, edge_reader& edges,
                     surroundings& around)
    : what_(what), load_(load), edges_(edges), around_(around), begin_ns_(observe::monotonic_ns()) {
  record_ = new_record(what);
  attempt([&] {
    require_workload(what.program, what.at.workload);
    require_room_for_connections(what);
    if (wants_fifo()) require_fifo(what);
  });
}

void live_cell::end_by(const refusal& refused) {
  note_refusal(record_, refused);
  alive_ = false;
}

bool live_cell::wants_keep_awake() const {
  const std::string& asked = what_.setting.keep_awake;
  return asked == "on" || (asked == "auto" && work().slices().keep_awake);
}

void live_cell::keep_awake() {
  keep_awake_ = true;
  record_["keep_awake"] = true;
}

void live_cell::go_without_keep_awake(const std::string& cause) {
  keep_awake_ = false;
  record_["keep_awake"] = nullptr;
  record_["keep_awake_cause"] = cause;
}

void live_cell::open(live_target& target) {
  target_ = &target;
  note_.emplace(target.session(), record_);
  record_["target"]["ready"] = json_of(target.ready());
  session::require_room(target.ready().connections_at_once, "connections",
                        what_.at.work->connections());
  if (wants_fifo()) record_["scheduling"] = "fifo";
  target.hold(what_.at.work->connections());
  load_.open(what_.cell.id, arguments_of(what_, work(), target.session().address()));
  open_ = true;
}

slice_reading live_cell::slice(double settle_s, double duration_s, std::uint64_t seed) {
  session::target_session& session = target_->session();
  target_->begin_turn();
  slice_reading reading;
  session.require_alive("before a slice");
  if (wants_fifo()) around_.rest_before_fifo(settle_s + duration_s);
  // The client as well: beside a busy neighbour it would come too late to its requests.
  const fifo_turn fifo(wants_fifo(), session.pid(), settle_s + duration_s);
  const fifo_turn client_fifo(wants_fifo(), load_.pid(), settle_s + duration_s);
  const surroundings::turn turn(around_, keep_awake_, work().slices().planted);
  const slice_processes processes = {session.pid(), load_.pid(), turn.own_pids(),
                                     turn.neighbour_pid()};
  const auto begin = edges_.read(target_->clock(), processes);
  reading.client = load_.slice(what_.cell.id, settle_s, duration_s, seed);
  const auto end = edges_.read(target_->clock(), processes);
  target_->end_turn();
  session.require_alive("under load");
  if (reading.client.server_died) throw refusal("the target died under load");
  if (reading.client.all_connections_lost)
    throw refusal("the target ended every connection under load");
  if (!begin || !end) throw refusal("what the target used could not be read");
  reading.use = use_between(*begin, *end, what_.setting.cpus.target);
  return reading;
}

void live_cell::warm_up() {
  const slice_plan plan = work().slices();
  const std::int64_t begin_ns = observe::monotonic_ns();
  const std::int64_t deadline_ns = observe::from_now(plan.warmup_s);
  std::vector<slice_reading> seen;
  do {
    seen.push_back(slice(0, warmup_slice_s, seed_of(what_.cell.seed, -2)));
    load_.count(what_.cell.id, "warmup");
  } while (!is_flat(seen) && observe::monotonic_ns() < deadline_ns);
  warmup_ = {{"slices", seen.size()},
             {"steady", is_flat(seen)},
             {"wall_s", static_cast<double>(observe::monotonic_ns() - begin_ns) / 1e9}};
}

void live_cell::run_slice(int round, double at_s) {
  const slice_plan plan = work().slices();
  slices_.push_back(slice(plan.settle_s, plan.slice_s, seed_of(what_.cell.seed, round)));
  slices_.back().round = round;
  slices_.back().at_s = at_s;
  slices_.back().client_late = work().client_late(slices_.back().client);
}

void live_cell::count_slice(bool kept) {
  slices_.back().kept = kept;
  load_.count(what_.cell.id, kept ? "kept" : "disturbed");
}

double live_cell::disturbance() const {
  return slices_.back().use.disturbance(what_.setting.cpus.target.size());
}

void live_cell::finish_load() {
  result_ = load_.result(what_.cell.id);
}

void live_cell::close_load() noexcept {
  if (!std::exchange(open_, false) || !load_.usable()) return;
  try {
    load_.close(what_.cell.id);
  } catch (const refusal&) {  // the load process is then no more used
  }
}

std::int64_t live_cell::verified_bytes() const {
  const json* const load = record::member_of(result_, "load");
  const json* const counts = load == nullptr ? nullptr : record::member_of(*load, "counts");
  if (counts == nullptr) return 0;
  return record::integer_at(*counts, "ok").value_or(0) *
         record::integer_at(*load, "message_bytes").value_or(0);
}

std::int64_t live_cell::opened_connections() const {
  const json* const load = record::member_of(result_, "load");
  return load == nullptr ? 0 : record::integer_at(*load, "connections_opened").value_or(0);
}

void live_cell::conclude(const session::result_event& result, const session::count_map& counts) {
  record_["target"]["result"] = json_of(result);
  const json& load = record_["load"] = std::move(result_["load"]);
  const bool all_kept = std::ranges::all_of(slices_, &slice_reading::kept);
  if (!all_kept) {
    const json& lived = result_["as_lived"];
    record_["as_lived"] = {{"latency_ns", lived.value("latency_ns", json())},
                           {"counts", lived.value("counts", json())},
                           {"histograms", json::object()}};
    const json histograms = lived.value("histograms", json::object());
    if (const json* const response = record::member_of(histograms, "response"))
      record_["as_lived"]["histograms"]["as_lived.response"] = *response;
  }
  kept_numbers numbers = numbers_of(slices_, what_.setting.cpus.target.size());
  record_["cost"] = std::move(numbers.cost);
  record_["noise"] = std::move(numbers.noise);
  record_["slices"] = slices_json(slices_);
  if (keep_awake_ && !around_.spinners_alive())
    go_without_keep_awake("a spinner was ended by somebody");
  record_["warmup"] = warmup_;
  record_["idle"] = idle_json(target_->idle());
  std::vector<validity_check> checks = work().checks(load, numbers.used);
  const observe::cpu_partition& cpus = what_.setting.cpus;
  checks.push_back(disjoint_check(cpus.disjoint || cpus.shared));
  judge(record_, work().faults(load, counts), checks);
}

json live_cell::take_record() {
  note_.reset();
  record_["wall_s"] = static_cast<double>(observe::monotonic_ns() - begin_ns_) / 1e9;
  return std::move(record_);
}

}  // namespace tailrace::campaign
