// SPDX-License-Identifier: MIT
// User instructions per operation: the target under valgrind's callgrind, once with few rounds and
// once with more; the slope between the two totals leaves out start-up and shutdown.
//
// valgrind runs one thread of a program at a time, and does not know that one which waits in
// io_uring_enter could let another run. So a target that is not soon `ready` is kept awake by
// connections that come and go, on a port that we chose for it, and one that does not soon answer
// `stop` by more rounds; those are counted as operations, too. See passes.hpp.
//
// How many such visitors it takes is valgrind's affair: mostly as many as use up one of its time
// slices, a thousand, now and then next to none or half as many again. Each is a connection to
// accept and to end, so that only runs with about as many visitors have the same start-up in them.
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "harness/cost/passes.hpp"
#include "harness/observe/cpu_use.hpp"
#include "harness/record/refusal.hpp"
#include "harness/record/scratch_folder.hpp"

namespace tailrace::cost {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t few_rounds = 100;
constexpr std::int64_t more_rounds = 1500;
constexpr int repairs_max = 4;  // runs made again to get two with about as many visitors
constexpr std::int64_t patience_ns = 1'000'000'000;
constexpr double slower = 3;  // what valgrind may need more than the limit of a step

std::string find_program(const char* name) {
  const char* const path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/bin:/bin";
  while (!rest.empty()) {
    const auto end = std::min(rest.find(':'), rest.size());
    const fs::path candidate = fs::path(rest.substr(0, end)) / name;
    std::error_code error;
    if (fs::is_regular_file(candidate, error)) return candidate.string();
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return "";
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

// One that nobody listens on just now.
int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  const bool found = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(fd);
  if (!found) throw refusal("there is no free port on 127.0.0.1");
  return ntohs(address.sin_port);
}

// Some connections, each ended at once by a reset. What the target makes of them is its affair.
// Returns how many.
int come_and_go(int port) {
  constexpr int connections = 2;
  const sockaddr_in address = loopback(port);
  for (int i = 0; i < connections; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const linger reset = {1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    static_cast<void>(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    ::close(fd);
  }
  return connections;
}

// "==123== Collected : 4567"
std::optional<std::int64_t> collected(const fs::path& log) {
  std::ifstream file(log);
  std::string line;
  std::optional<std::int64_t> found;
  while (std::getline(file, line)) {
    const auto at = line.find("Collected : ");
    if (at != std::string::npos) found = std::strtoll(line.c_str() + at + 12, nullptr, 10);
  }
  return found;
}

struct total {
  std::int64_t instructions = 0;
  std::int64_t operations = 0;
  std::int64_t visitors = 0;
};

// Whether the slope between them leaves both start-ups out.
bool alike(const total& one, const total& other) {
  const auto [fewer, more] = std::minmax(one.visitors, other.visitors);
  return more - fewer <= more / 100 + 10;
}

total run_under(const std::string& valgrind, const measured_target& target, std::int64_t rounds) {
  const scratch_folder scratch("cost");
  session::target_request request = target.request();
  request.wrapper = {valgrind, "--tool=callgrind",
                     "--fair-sched=yes",  // the thread that waits for its turn gets it
                     "--callgrind-out-file=" + (scratch.path() / "out").string(),
                     "--log-file=" + (scratch.path() / "log").string()};
  request.port = free_port();
  session::target_limits limits = target.limits();
  limits.ready_s = limits.stop_s = slower * target.options.step_limit_s;
  total found;
  serving_target serving(target, request, limits,
                         [&, from_ns = observe::monotonic_ns() + patience_ns] {
                           if (observe::monotonic_ns() > from_ns)
                             found.visitors += come_and_go(request.port);
                         });
  echo_rounds& load = serving.load;
  load.open(target.options.connections);
  load.rounds(rounds);
  bool serves = true;
  serving.session.while_waiting([&, from_ns = observe::monotonic_ns() + patience_ns] {
    if (!serves || observe::monotonic_ns() < from_ns) return;
    try {
      load.round();
    } catch (const refusal&) {
      serves = false;  // it has stopped in the middle of a round
    }
  });
  serving.session.stop();
  const auto instructions = collected(scratch.path() / "log");
  if (!instructions) throw refusal("callgrind printed no total");
  found.instructions = *instructions;
  found.operations = load.operations();
  return found;
}

// With few rounds and with more; each again in turn while their visitors differ.
std::pair<total, total> two_runs(const std::string& valgrind, const measured_target& target) {
  total few = run_under(valgrind, target, few_rounds);
  total more = run_under(valgrind, target, more_rounds);
  for (int repair = 0; repair < repairs_max && !alike(few, more); ++repair) {
    if (repair % 2 == 0) {
      few = run_under(valgrind, target, few_rounds);
    } else {
      more = run_under(valgrind, target, more_rounds);
    }
  }
  return {few, more};
}

}  // namespace

void count_instructions(const measured_target& target, int repeat, cost_sheet& sheet) {
  const std::string valgrind = find_program("valgrind");
  if (valgrind.empty()) return sheet.add_absent("instructions", "valgrind not found");
  try {
    const auto [few, more] = two_runs(valgrind, target);
    const std::int64_t operations = more.operations - few.operations;
    sheet.add(repeat, {"instructions", "instructions/op", metric_kind::banded, {}, operations},
              static_cast<double>(more.instructions - few.instructions) /
                  static_cast<double>(operations));
    sheet.set_source("instructions", "callgrind");
  } catch (const refusal& why) {
    sheet.add_absent("instructions", "under valgrind: " + why.sentence());
  }
}

}  // namespace tailrace::cost
