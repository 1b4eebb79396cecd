// SPDX-License-Identifier: MIT
// See syscall_counter.hpp.
#include "harness/observe/syscall_counter.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

// What a server under load does; the rest shows as the difference to all.
constexpr std::array named_calls = {"read",       "write",       "recvfrom",     "sendto",
                                    "recvmsg",    "sendmsg",     "readv",        "writev",
                                    "epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl",
                                    "poll",       "ppoll",       "futex",        "io_uring_enter"};

using event_ids = std::map<std::string, std::int64_t>;  // "" is raw_syscalls:sys_enter

event_ids read_ids(const std::string& tracing) {
  event_ids ids;
  const auto read_id = [&](const std::string& name, const std::string& event) {
    const auto text = read_text(tracing + "/events/" + event + "/id");
    const auto id = to_integer(trimmed(text.text.value_or("")));
    if (id) ids[name] = *id;
  };
  read_id("", "raw_syscalls/sys_enter");
  if (ids.empty()) return ids;
  for (const char* name : named_calls)
    read_id(name, fmt::format("syscalls/sys_enter_{}", name));
  return ids;
}

// In a child with a mount namespace of its own, so that nothing is left mounted.
event_ids read_ids_in_child() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    std::string text;
    if (::unshare(CLONE_NEWNS) == 0 &&
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        ::mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, nullptr) == 0) {
      for (const auto& [name, id] : read_ids("/sys/kernel/tracing")) {
        text += fmt::format("{} {}\n", name.empty() ? "*" : name, id);
      }
    }
    [[maybe_unused]] const ssize_t count = ::write(ends[1], text.data(), text.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char piece[4096];
  for (;;) {
    const ssize_t count = ::read(ends[0], piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(piece, static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  if (child > 0) ::waitpid(child, nullptr, 0);
  event_ids ids;
  for (const auto& [name, id] : number_lines(text))
    ids[name == "*" ? "" : name] = id;
  return ids;
}

const event_ids& tracepoint_ids() {
  static const event_ids ids = [] {
    for (const char* tracing : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
      event_ids found = read_ids(tracing);
      if (!found.empty()) return found;
    }
    return ::geteuid() == 0 ? read_ids_in_child() : event_ids();
  }();
  return ids;
}

int open_counter(std::int64_t id, int thread) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_TRACEPOINT;
  attributes.config = static_cast<std::uint64_t>(id);
  attributes.inherit = 1;
  return static_cast<int>(
      ::syscall(SYS_perf_event_open, &attributes, thread, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

std::string refusal_text(int error) {
  return fmt::format(
      "perf_event_open: {}; system calls are counted as root, or with "
      "kernel.perf_event_paranoid=-1 and a readable tracefs",
      std::strerror(error));
}

}  // namespace

bool syscall_counter::attach(int pid) {
  const event_ids& ids = tracepoint_ids();
  if (ids.empty()) {
    cause_ =
        "the raw_syscalls tracepoint cannot be read: it needs root, and a kernel with "
        "CONFIG_FTRACE_SYSCALLS";
    return false;
  }
  for (const int thread : numeric_entries(fmt::format("/proc/{}/task", pid))) {
    for (const auto& [name, id] : ids) {
      const int fd = open_counter(id, thread);
      if (fd >= 0) {
        counters_.push_back({name, fd});
      } else if (name.empty()) {
        cause_ = refusal_text(errno);
        return false;
      }
    }
  }
  if (counters_.empty()) cause_ = "the process ended at once";
  return !counters_.empty();
}

syscall_counter::~syscall_counter() {
  for (const counter& each : counters_)
    ::close(each.fd);
}

syscall_counter::counts syscall_counter::read() const {
  counts sum;
  for (const counter& each : counters_) {
    std::uint64_t value = 0;
    if (::read(each.fd, &value, sizeof value) != sizeof value) continue;
    if (each.name.empty()) {
      sum.all += static_cast<std::int64_t>(value);
    } else {
      sum.by_name[each.name] += static_cast<std::int64_t>(value);
    }
  }
  return sum;
}

std::string syscall_counter_refusal() {
  syscall_counter probe;
  return probe.attach(::getpid()) ? "" : probe.cause();
}

}  // namespace tailrace::observe
