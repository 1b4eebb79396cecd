// SPDX-License-Identifier: MIT
// See micro_main.hpp.
#include "workloads/micro/micro_main.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/observe/fingerprint.hpp"
#include "workloads/micro/instructions.hpp"

namespace tailrace::micro {
namespace {

constexpr int failed = 1;
constexpr int bad_usage = 2;
constexpr int unsupported = 3;
// Of each row, for callgrind: enough batches that what a runtime does every so often (a look at the
// clock, at the kernel) is spread over many, and that a row takes less than a second.
constexpr benchmark::IterationCount counted_operations = 20'000;

struct options {
  std::string filter;
  double min_time_s = 0.5;
  std::string out;
  bool list = false;
  bool instructions = false;
  std::vector<std::string> settings;
};

// Google Benchmark up to 1.7 says whether there was an error; later it says why a run was skipped,
// which ours are for errors only.
template <class Run>
bool has_failed(const Run& run) {
  if constexpr (requires { run.error_occurred; })
    return run.error_occurred;
  else
    return run.skipped != decltype(run.skipped){};
}

template <class Run>
const std::string& cause_of_failure(const Run& run) {
  if constexpr (requires { run.error_message; })
    return run.error_message;
  else
    return run.skip_message;
}

// A reporter of the library's that shows our names as they are, without what the library appends
// for the clock and the minimal time, and that remembers whether a benchmark failed.
template <class Reporter>
class plain_names : public Reporter {
 public:
  using Run = benchmark::BenchmarkReporter::Run;
  using Reporter::Reporter;

  void ReportRuns(const std::vector<Run>& runs) override {
    std::vector<Run> shown = runs;
    for (Run& each : shown) {
      each.run_name.min_time.clear();
      each.run_name.time_type.clear();
      failures_ += has_failed(each) ? 1 : 0;
    }
    Reporter::ReportRuns(shown);
  }
  int failures() const noexcept { return failures_; }

 private:
  int failures_ = 0;
};

// Tells of each row how many operations it was measured over.
class operations_told final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& each : runs) {
      const nlohmann::json line = {{"row", each.run_name.function_name},
                                   {"operations", each.iterations}};
      if (has_failed(each)) {
        ++failures_;
        std::fprintf(stderr, "%s failed: %s\n", each.run_name.function_name.c_str(),
                     cause_of_failure(each).c_str());
      } else {
        std::puts(line.dump().c_str());
      }
    }
  }
  int failures() const noexcept { return failures_; }

 private:
  int failures_ = 0;
};

int refuse(const std::string& program, int code, const std::string& sentence) {
  std::fprintf(stderr, "%s: %s\n", program.c_str(), sentence.c_str());
  return code;
}

void register_row(const options& chosen, const std::string& name, const micro_benchmark& row,
                  unsigned workers) {
  benchmark::internal::Benchmark* const made = benchmark::RegisterBenchmark(
      name.c_str(), [row, workers, counted = chosen.instructions ? name : std::string()](
                        benchmark::State& state) {
        count_instructions_of(counted);
        row.run(state, workers);
      });
  made->MeasureProcessCPUTime()->UseRealTime();
  if (chosen.instructions)
    made->Iterations(counted_operations);
  else
    made->MinTime(chosen.min_time_s);
}

// The rows that --filter and --instructions leave, registered with the library.
std::vector<std::string> register_rows(const options& chosen, std::string_view id,
                                       const std::vector<unsigned>& workers,
                                       const std::vector<micro_benchmark>& benchmarks) {
  std::vector<std::string> names;
  for (const unsigned count : workers) {
    for (const micro_benchmark& each : benchmarks) {
      std::string name = each.name;
      name.append("/").append(id).append("/workers:").append(std::to_string(count));
      if (name.find(chosen.filter) == std::string::npos) continue;
      if (chosen.instructions && !(each.exact && count == 1)) continue;
      register_row(chosen, name, each, count);
      names.push_back(std::move(name));
    }
  }
  return names;
}

// The id with what was set, such as steal-lifo-off; empty, and `wrong` says which, where a setting
// is none.
std::string configured_id(std::string_view id, const std::vector<std::string>& settings,
                          const set_option& set, std::string& wrong) {
  std::string name(id);
  for (const std::string& each : settings) {
    const std::size_t equals = each.find('=');
    if (equals == std::string::npos || !set ||
        !set(each.substr(0, equals), each.substr(equals + 1))) {
      wrong = each;
      return {};
    }
    name += "-" + each.substr(0, equals) + "-" + each.substr(equals + 1);
  }
  return name;
}

template <class Reporter>
int run_with(Reporter& reporter) {
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return reporter.failures() == 0 ? 0 : failed;
}

int run_into_file(const std::string& program, const std::string& path) {
  std::ofstream file(path);
  plain_names<benchmark::JSONReporter> reporter;
  reporter.SetOutputStream(&file);
  benchmark::AddCustomContext("tailrace_machine", observe::machine_fingerprint().dump());
  const int code = file ? run_with(reporter) : failed;
  file.close();
  if (file) return code;
  return refuse(program, failed, "cannot write '" + path + "'; choose another --out");
}

// The library's table without its preamble, which tells the machine (scripts/micro does) and warns
// of a debug build of the library itself (our batches make that immaterial).
class table final : public plain_names<benchmark::ConsoleReporter> {
 public:
  explicit table(std::size_t name_columns)
      : plain_names(isatty(STDOUT_FILENO) != 0 ? OO_ColorTabular : OO_Tabular) {
    name_field_width_ = name_columns;
  }
  bool ReportContext(const Context&) override { return true; }
};

int run_into_table(const std::vector<std::string>& names) {
  std::size_t longest = 0;
  for (const std::string& name : names)
    longest = std::max(longest, name.size());
  table reporter(longest);
  return run_with(reporter);
}

// Where callgrind does not listen, the same is done and told.
int run_for_callgrind(const std::string& program) {
  if (!speaks_to_callgrind)
    return refuse(program, unsupported,
                  "--instructions needs valgrind/callgrind.h when this is built; install valgrind"
                  " and build again");
  operations_told reporter;
  return run_with(reporter);
}

void add_options(CLI::App& app, options& chosen) {
  app.add_option("--filter", chosen.filter, "only rows whose name contains this");
  CLI::Option* const min_time =
      app.add_option("--min-time-s", chosen.min_time_s, "measure each row for at least this long")
          ->capture_default_str()
          ->check(CLI::Range(1e-6, 3600.0));
  CLI::Option* const out =
      app.add_option("--out", chosen.out, "write JSON to this file instead of a table");
  app.add_option("--set", chosen.settings, "OPTION=VALUE of the runtime; part of the rows' names");
  app.add_flag("--list", chosen.list, "print the names of the rows and exit");
  app.add_flag("--instructions", chosen.instructions,
               "for valgrind --tool=callgrind: exact rows, a profile and a line of JSON each")
      ->excludes(min_time)
      ->excludes(out);
}

}  // namespace

int micro_main(int argc, char** argv, std::string_view id, const std::vector<unsigned>& workers,
               const std::vector<micro_benchmark>& benchmarks, const set_option& set) {
  const std::string program = "tailrace-micro-" + std::string(id);
  options chosen;
  CLI::App app("Micro benchmarks of " + std::string(id) + "; times are per operation.", program);
  add_options(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    const std::string sentence = error.what();
    return refuse(program, bad_usage, sentence.substr(0, sentence.find('\n')));
  }
  std::string wrong;
  const std::string identity = configured_id(id, chosen.settings, set, wrong);
  if (identity.empty())
    return refuse(program, bad_usage, "'" + wrong + "' is no option of " + std::string(id));
  const std::vector<std::string> names = register_rows(chosen, identity, workers, benchmarks);
  if (names.empty())
    return refuse(program, bad_usage,
                  "no " + std::string(chosen.instructions ? "exact " : "") + "benchmark has '" +
                      chosen.filter + "' in its name; --list shows them all");
  if (chosen.list) {
    for (const std::string& name : names)
      std::puts(name.c_str());
    return 0;
  }
  if (chosen.instructions) return run_for_callgrind(program);
  if (!chosen.out.empty()) return run_into_file(program, chosen.out);
  return run_into_table(names);
}

}  // namespace tailrace::micro
