// SPDX-License-Identifier: MIT
// What `TARGET describe` says (runtimes/PROTOCOL.md), read without trust: lengths and numbers are
// bounded, and whatever breaks the protocol is a refusal with one sentence. Validates options, so
// that no target has to. Values; any thread, but for describe_target().
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::session {

inline constexpr int protocol_version = 2;

using option_map = std::map<std::string, std::string>;  // name -> value

struct option_spec {
  std::string name;
  std::string preset;  // the default
  std::string help;
  std::vector<std::string> choices;  // the allowed values; empty: a range, or any text
  bool any_text = false;
  std::int64_t low = 0;  // of a range, inclusive
  std::int64_t high = 0;
  std::vector<std::string> workloads;  // that have it; empty: all

  bool belongs_to(std::string_view workload) const;
  // One sentence that says what is allowed; empty: the value is.
  std::string objection(std::string_view value) const;
};

// Whether each task of contestants of this family is a thread: not too many of them.
inline bool has_a_thread_per_task(std::string_view family) {
  return family == "os";
}

struct description {
  std::string id;
  std::string family;  // in-house, library, os, floor or peer
  std::int64_t order = 0;
  std::string language;
  std::string summary;
  std::string backend;
  std::optional<std::int64_t> timer_granularity_ns;
  bool own_allocator = false;  // not the C library's
  option_map versions;
  option_map needs;
  std::vector<std::string> workloads;
  std::vector<std::string> in_process;  // those of them that have no client
  std::vector<option_spec> options;
  std::map<std::string, option_map> forms;  // `best` and `default` among them
  bool available = false;
  std::string cause;  // where it is not available; never empty then
  std::string remedy;
  std::string text;  // the JSON as it was printed, on one line

  bool has_workload(std::string_view name) const;
  bool works_in_process(std::string_view workload) const;
  // The option of that name, if the workload has it; or null.
  const option_spec* option(std::string_view workload, std::string_view name) const;
};

// Throws a refusal for what is no description by the protocol.
description read_description(const nlohmann::json& object);

// Every option of the workload: those given, the others with their defaults. Throws a refusal (bad
// usage) for a workload or an option that there is not, and for a value that is not allowed.
option_map options_of(const description& target, const std::string& workload,
                      const option_map& given);

// "name=value" each, as on a command line. Throws a refusal (bad usage) for what is none.
option_map read_settings(const std::vector<std::string>& texts);

// Runs `program describe`, with a limit on time and length. Main thread only; throws refusal, and
// interrupted.
description describe_target(const std::string& program, double limit_s = 10);

}  // namespace tailrace::session
