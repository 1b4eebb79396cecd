// SPDX-License-Identifier: MIT
// See target_main.hpp.
#include "harness/targets/target_main.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <expected>

#include "harness/targets/command_reader.hpp"
#include "harness/targets/target_command_line.hpp"
#include "harness/targets/target_events.hpp"
#include "workloads/run_refused.hpp"

namespace tailrace {
namespace {

constexpr int exit_bad_usage = 2;
constexpr int exit_unsupported = 3;
constexpr int exit_orphaned = 1;
constexpr int exit_failed = 1;

void obey(const std::string& command, served_target& target) {
  if (command.empty()) return;
  if (command == "start") return target.begin();
  if (command == "sample") return print_sample(target.sample());
  if (command == "stop") return target.stop();
  print_error("unknown command '" + command.substr(0, 80) + "'",
              "send start, sample or stop, one a line");
}

// Reads what is there and obeys it. End of input, or an input that cannot be read: leaves at once
// without destructors, because workers that still run must not delay it.
void read_commands(command_reader& reader, served_target& target) {
  std::array<char, 4096> buffer;
  const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (count <= 0) {
    std::fputs("standard input was closed: exiting at once\n", stderr);
    ::_exit(exit_orphaned);
  }
  reader.feed({buffer.data(), static_cast<std::size_t>(count)});
  while (auto command = reader.next())
    obey(*command, target);
}

// Until the target's work has ended.
void control_loop(served_target& target, const finish_signal& finished) {
  command_reader reader;
  std::array<pollfd, 2> watched{{{STDIN_FILENO, POLLIN, 0}, {finished.descriptor(), POLLIN, 0}}};
  for (;;) {
    const int ready = ::poll(watched.data(), watched.size(), -1);
    if (ready < 0) {
      if (errno == EINTR) continue;
      std::perror("tailrace: poll");
      std::abort();
    }
    if (watched[1].revents != 0) return;
    if (watched[0].revents != 0) read_commands(reader, target);
  }
}

// Without destructors: workers that were started before the failure may still run.
[[noreturn]] void leave_by_error(const char* message, const std::string& remedy, int exit_code) {
  print_error(message, remedy);
  std::fprintf(stderr, "%s: %s\n", message, remedy.c_str());
  ::_exit(exit_code);
}

int run_target(const run_request& request, const make_target& make) {
  finish_signal finished;  // outlives the target, whose workers raise it
  const std::unique_ptr<served_target> target = make(request);
  try {
    print_ready(target->start(request, finished), request);
    control_loop(*target, finished);
    print_result(target->finish());
  } catch (const run_refused& refused) {
    leave_by_error(refused.what(), refused.remedy(), refused.exit_code());
  } catch (const std::exception& error) {
    leave_by_error(error.what(), "look at standard error for what came before", exit_failed);
  }
  return 0;
}

}  // namespace

int target_main(int argc, const char* const* argv, target_description description,
                const make_target& make) {
  // A harness or peer that goes away is a value (EPIPE), not a death.
  std::signal(SIGPIPE, SIG_IGN);
  std::expected<command_line, std::string> parsed = parse_command_line(argc, argv, description);
  if (!parsed) {
    std::fprintf(stderr, "tailrace-target-%s: %s\n", description.id.c_str(),
                 parsed.error().c_str());
    return exit_bad_usage;
  }
  if (parsed->what == command_line::verb::help)
    return std::fputs(usage_text(description).c_str(), stdout) < 0 ? exit_failed : 0;
  if (description.examine_machine) description.examine_machine(description);
  if (parsed->what == command_line::verb::describe) {
    print_description(description);
    return 0;
  }
  if (!description.available) {
    print_error(description.cause, description.remedy);
    return exit_unsupported;
  }
  parsed->request.cpus = inherited_cpus();
  return run_target(parsed->request, make);
}

}  // namespace tailrace
