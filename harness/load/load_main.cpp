// SPDX-License-Identifier: MIT
// See load_main.hpp.
#include "harness/load/load_main.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include "harness/load/command_line.hpp"
#include "harness/load/endpoint.hpp"
#include "harness/load/hold.hpp"
#include "harness/load/load_json.hpp"
#include "harness/load/load_service.hpp"
#include "harness/load/load_session.hpp"
#include "harness/load/load_table.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::load {
namespace {

constexpr int finished_with_failures = 4;

std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // so that a signal handler may store to it

void request_stop(int) {
  // relaxed: pairs with the loads in client_loop, connector and hold; only the flag itself is
  // communicated.
  stop_requested.store(true, std::memory_order_relaxed);
}

void catch_signals() {
  struct sigaction action{};
  action.sa_handler = request_stop;
  // Not SA_RESTART: hold mode must leave its read. Signals are caught once: the second kills.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

// A result file, opened before the run so that a refusal costs nothing, and moved in place whole.
class result_file {
 public:
  explicit result_file(const std::string& path) : path_(path), partial_(path + ".partial") {
    file_ = std::fopen(partial_.c_str(), "w");
    if (file_ == nullptr)
      throw refusal("cannot write " + partial_ + ": " + errno_name(errno),
                    "give --json a file in a folder that exists and is writable");
  }
  ~result_file() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    std::remove(partial_.c_str());
  }
  result_file(const result_file&) = delete;
  result_file& operator=(const result_file&) = delete;

  [[nodiscard]] bool write(const std::string& object) {
    const bool written = std::fputs(object.c_str(), file_) >= 0 && std::fputc('\n', file_) >= 0;
    const bool closed = std::fclose(file_) == 0;
    file_ = nullptr;
    return written && closed && std::rename(partial_.c_str(), path_.c_str()) == 0;
  }

 private:
  std::string path_;
  std::string partial_;
  std::FILE* file_ = nullptr;
};

// False when standard output is gone or full.
bool print_line(const std::string& text) {
  return std::fputs(text.c_str(), stdout) >= 0 && std::fputc('\n', stdout) >= 0 &&
         std::fflush(stdout) == 0;
}

int run_and_print(const load_options& options) {
  std::optional<result_file> file;
  const bool to_stdout = options.json_file == "-";
  if (!to_stdout && !options.json_file.empty()) file.emplace(options.json_file);
  const load_result result = run_load(options, stop_requested);
  bool printed = true;
  if (to_stdout) printed = print_line(load_object(result));
  if (!to_stdout) printed = print_line(load_table(result));
  if (file && !file->write(load_object(result))) {
    fmt::print(stderr, "tailrace load: cannot write {}: {}; the result goes to standard output\n",
               options.json_file, errno_name(errno));
    print_line(load_object(result));
    return refusal::failed;
  }
  if (!printed) {
    fmt::print(stderr, "tailrace load: cannot write to standard output: {}\n", errno_name(errno));
    return refusal::failed;
  }
  fmt::print(stderr, "{}", load_complaints(result));
  return result.clean() ? 0 : finished_with_failures;
}

}  // namespace

int load_main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--serve") {
    catch_signals();
    return run_service(stdin, stdout, stop_requested);
  }
  const parsed_command_line parsed = parse_command_line(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  catch_signals();
  try {
    if (parsed.options.hold) return run_hold(parsed.options, stdin, stdout, stop_requested);
    return run_and_print(parsed.options);
  } catch (const refusal& failure) {
    fmt::print(stderr, "tailrace load: {}\n", failure.sentence());
    return failure.exit_code();
  }
}

}  // namespace tailrace::load
