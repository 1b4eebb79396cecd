// SPDX-License-Identifier: MIT
// What a target says of itself (`describe`) and what it is asked to do (`run`), as plain data.
// Not the parsing (target_command_line.hpp) and not the printing (target_events.hpp).
// The contract is runtimes/README.md, "The target protocol". Values only: any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tailrace {

// One option that `--set name=value` may give: a choice out of `values`, or, where `values` is
// empty, an integer from `low` to `high`, or any text. Make one with choice_option(),
// integer_option() or text_option().
struct option_spec {
  std::string name;
  std::string default_value;
  std::vector<std::string> values;
  std::int64_t low = 0;
  std::int64_t high = 0;
  bool any_text = false;
  std::string help;
  std::vector<std::string> workloads;  // those it belongs to; empty: all
};

option_spec choice_option(std::string name, std::string default_value,
                          std::vector<std::string> values, std::string help);
option_spec integer_option(std::string name, std::int64_t default_value, std::int64_t low,
                           std::int64_t high, std::string help);
option_spec text_option(std::string name, std::string default_value, std::string help);
// Options of workloads, spelt the same for every target. `tasks` belongs to `idle` and to those of
// the in-process workloads that the target has.
option_spec tasks_option(std::vector<std::string> workloads = {"idle"},
                         std::int64_t most = 10'000'000);
// The options of the workload `timer` beside `tasks`: mode, spread_ms, lead_ms, at_once, seed,
// timer_slack_ns.
std::vector<option_spec> timer_options();
// The option `timer_window_us` of the runtimes whose timers are our own.
option_spec timer_window_option(std::int64_t default_us);
// The options of the workload `file-read`: file, cache, block_bytes, concurrency, reads,
// duration_ms, seed, stamp_seed.
std::vector<option_spec> file_read_options();
// Where files are read, by a contestant over epoll: `files` with its default first, and
// `file_threads`, the most threads of its pool.
std::vector<option_spec> file_pool_options(std::vector<std::string> places, std::int64_t threads);
// The options of the workload `hog`: burn_us, hog_every, message_bytes.
std::vector<option_spec> hog_options();

using string_map = std::map<std::string, std::string>;

class option_values;

struct target_description {
  std::string id;
  std::string family;  // in-house, library, os, floor or peer
  std::string language = "C++23";
  std::string summary;
  string_map versions;  // libraries; compiler, flags, libc and tailrace are added
  std::string backend;
  std::vector<std::string> workloads;
  std::vector<option_spec> options;
  // What is wrong with options that are allowed one by one, as one sentence; empty: nothing.
  std::function<std::string(const option_values&)> objection;
  std::map<std::string, string_map> forms;  // `best` and `default` are added where absent
  string_map needs;
  // Sets what follows, where this machine may refuse the target. Called for `describe`, and by
  // `run` once the process keeps to its CPUs: it may need a thread. Null: nothing can be refused.
  std::function<void(target_description&)> examine_machine;
  bool available = true;
  std::string cause;   // why it is not available here
  std::string remedy;  // and what to do about it

  void refuse(std::string why, std::string what_to_do) {
    available = false;
    cause = std::move(why);
    remedy = std::move(what_to_do);
  }
};

// Options in force: every option of the workload that runs, the given ones and the defaults,
// already validated. Asking for a name that the description does not have is a bug: aborts.
class option_values {
 public:
  option_values() = default;
  explicit option_values(string_map values) : values_(std::move(values)) {}
  std::int64_t integer(const std::string& name) const;
  const std::string& text(const std::string& name) const;
  bool has(const std::string& name) const { return values_.contains(name); }
  const string_map& all() const { return values_; }

 private:
  string_map values_;
};

// Adds the workload `file-read` with its options, and what it objects to.
void add_file_read(target_description& description);

struct run_request {
  std::string workload;
  int workers = 1;
  std::vector<int> cpus;  // empty: not confined
  std::string host = "0.0.0.0";
  std::uint16_t port = 0;
  option_values options;
};

// An ordered JSON object of scalars and integer lists: enough for counts, metrics and flags.
using event_value =
    std::variant<bool, std::int64_t, std::uint64_t, double, std::string, std::vector<std::int64_t>>;
using event_fields = std::vector<std::pair<std::string, event_value>>;

struct ready_info {
  std::vector<std::string> addresses;  // "127.0.0.1:4242"; empty for in-process work
  std::string backend;                 // the one obtained, not the one hoped for
  int workers = 1;
  event_fields granted;  // flags and options in force; the request's options are added
};

// Counts of a served workload. `open` is derived, so that accepted = closed + open always holds:
// whoever fills this from other threads reads `closed` before `accepted`.
struct served_counts {
  std::uint64_t accepted = 0;
  std::uint64_t closed = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t errors = 0;
  std::uint64_t resets = 0;
  std::uint64_t accept_errors = 0;
};

// Adds the counts of one server to those of all; also of a type that has the same members.
template <class Counts>
void add_counts(served_counts& sum, const Counts& part) {
  sum.accepted += part.accepted;
  sum.closed += part.closed;
  sum.received_bytes += part.received_bytes;
  sum.sent_bytes += part.sent_bytes;
  sum.errors += part.errors;
  sum.resets += part.resets;
  sum.accept_errors += part.accept_errors;
}

event_fields fields_of(const served_counts& counts);
// The same with the two levels that `idle` adds.
event_fields fields_of(const served_counts& counts, std::uint64_t sleeping,
                       std::uint64_t woken_early);
// The same with the count that `hog` adds.
event_fields fields_of(const served_counts& counts, std::uint64_t burns);

struct result_info {
  event_fields counts;
  event_fields metrics;
  string_map histograms;  // name -> base64 HDR V2
};

}  // namespace tailrace
