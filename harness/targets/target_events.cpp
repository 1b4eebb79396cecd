// SPDX-License-Identifier: MIT
// See target_events.hpp.
#include "harness/targets/target_events.hpp"

#include <gnu/libc-version.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

namespace tailrace {
namespace {

using json = nlohmann::ordered_json;

// Writes one line whole. EPIPE and the like are dropped on purpose: see the header.
void print_line(const json& object) {
  std::string line = object.dump(-1, ' ', false, json::error_handler_t::replace);
  line += '\n';
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t count = ::write(STDOUT_FILENO, line.data() + done, line.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    done += static_cast<std::size_t>(count);
  }
}

json json_of(const event_fields& fields) {
  json object = json::object();
  for (const auto& [name, value] : fields) {
    std::visit([&, &key = name](const auto& typed) { object[key] = typed; }, value);
  }
  return object;
}

json json_of(const named_counts& counts) {
  json object = json::object();
  for (const auto& [name, count] : counts)
    object[name] = count;
  return object;
}

json json_of(const option_spec& spec) {
  json object = {{"name", spec.name}, {"default", spec.default_value}};
  if (spec.choices.empty())
    object["values"] = spec.range;
  else
    object["values"] = spec.choices;
  object["help"] = spec.help;
  if (!spec.workloads.empty()) object["workloads"] = spec.workloads;
  return object;
}

json versions_json(const target_description& description) {
  json versions = {{"tailrace", TAILRACE_VERSION},
#ifdef __clang__
                   {"compiler", "clang++ " __clang_version__},
#else
                   {"compiler", "g++ " __VERSION__},
#endif
                   {"flags", TAILRACE_FLAGS},
                   {"libc", std::string("glibc ") + gnu_get_libc_version()}};
  for (const auto& [library, version] : description.versions)
    versions[library] = version;
  return versions;
}

}  // namespace

void print_description(const target_description& description) {
  json object = {{"protocol", target_protocol_version},    {"id", description.id},
                 {"family", description.family},           {"order", description.order},
                 {"language", description.language},       {"summary", description.summary},
                 {"versions", versions_json(description)}, {"backend", description.backend}};
  if (description.timer_granularity_ns)
    object["timer_granularity_ns"] = *description.timer_granularity_ns;
  if (!description.one_worker.empty()) object["one_worker"] = description.one_worker;
  object["workloads"] = description.workloads;
  if (!description.in_process.empty()) object["in_process"] = description.in_process;
  object["options"] = json::array();
  for (const option_spec& spec : description.options)
    object["options"].push_back(json_of(spec));
  object["forms"] = {{"best", json::object()}, {"default", json::object()}};
  for (const auto& [name, options] : description.forms)
    object["forms"][name] = options;
  object["needs"] = description.needs;
  object["available"] = description.available;
  if (!description.available) {
    object["cause"] = description.cause;
    object["remedy"] = description.remedy;
  }
  print_line(object);
}

void print_ready(const ready_info& info, const run_request& request) {
  json granted = json_of(info.granted);
  for (const auto& [name, value] : request.options.all()) {
    if (!granted.contains(name)) granted[name] = value;
  }
  print_line({{"event", "ready"},
              {"pid", ::getpid()},
              {"addresses", info.addresses},
              {"backend", info.backend},
              {"workers", info.workers},
              {"granted", granted}});
}

void print_sample(const named_counts& counts) {
  const std::chrono::nanoseconds now = std::chrono::steady_clock::now().time_since_epoch();
  print_line({{"event", "sample"}, {"t_ns", now.count()}, {"counts", json_of(counts)}});
}

void print_result(const result_info& result) {
  print_line({{"event", "result"},
              {"counts", json_of(result.counts)},
              {"metrics", json_of(result.metrics)},
              {"histograms", result.histograms}});
}

void print_error(std::string_view message, std::string_view remedy) {
  print_line({{"event", "error"}, {"message", message}, {"remedy", remedy}});
}

}  // namespace tailrace
