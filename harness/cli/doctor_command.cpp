// SPDX-License-Identifier: MIT
// `tailrace doctor`: what on this machine would spoil a measurement, each line ok, warn or bad with
// what to do. Changes nothing. Takes about a second (it watches for busy neighbours), with --deep
// a minute more. See commands.hpp.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>

#include "harness/campaign/contestants.hpp"
#include "harness/campaign/profile.hpp"
#include "harness/campaign/tuning.hpp"
#include "harness/campaign/validity.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/doctor_checks.hpp"
#include "harness/cost/syscall_tracer.hpp"
#include "harness/kinds/registry.hpp"
#include "harness/observe/cpu_use.hpp"
#include "harness/observe/fingerprint.hpp"
#include "harness/observe/keep_awake.hpp"
#include "harness/observe/memory_use.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/topology.hpp"
#include "harness/observe/tune.hpp"
#include "harness/record/refusal.hpp"
#include "harness/selftest/run_selftest.hpp"
#include "harness/session/child_output.hpp"
#include "harness/session/child_process.hpp"
#include "harness/session/target_environment.hpp"

namespace tailrace::cli {
namespace {

namespace fs = std::filesystem;

void check_cores(findings& say) {
  const auto cores = observe::usable_cores();
  const auto parts = observe::partition_cpus(cores, 1);
  if (!parts.disjoint) {
    say.bad("one core only: client and target cannot be separated, every cell is invalid",
            "use a machine, or a container with a cpuset, of two cores or more");
  } else {
    say.ok(fmt::format("cores: {}; target on CPU {}, client on CPU {}", cores.size(),
                       observe::cpus_text(parts.target), observe::cpus_text(parts.client)));
  }
  const bool siblings =
      std::ranges::any_of(cores, [](const auto& core) { return core.size() > 1; });
  if (siblings) {
    say.warn(
        "SMT: cores have sibling threads; both siblings always go to the same side, but a "
        "neighbour on a sibling slows a core down",
        "for the quietest figures: echo off > /sys/devices/system/cpu/smt/control (as root)");
  } else {
    say.ok("SMT: no sibling threads in use");
  }
}

void check_environment(findings& say) {
  const auto names = session::variables_kept_from_targets();
  if (names.empty()) {
    say.ok("environment: nothing in it that would tune what is measured");
  } else {
    say.ok(fmt::format("environment: {} not handed to what is measured", fmt::join(names, ", ")));
  }
}

void check_frequency(findings& say) {
  const auto governor =
      observe::read_text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").text;
  if (!governor) {
    say.ok("governor: this machine does not let the system choose the CPU frequency");
  } else if (observe::trimmed(*governor) == "performance") {
    say.ok("governor: performance");
  } else {
    say.warn(
        fmt::format("governor: {}; the frequency follows the load", observe::trimmed(*governor)),
        "cpupower frequency-set -g performance (as root)");
  }
  const auto no_turbo = observe::read_text("/sys/devices/system/cpu/intel_pstate/no_turbo").text;
  const auto boost = observe::read_text("/sys/devices/system/cpu/cpufreq/boost").text;
  const bool turbo = (no_turbo && observe::trimmed(*no_turbo) == "0") ||
                     (boost && observe::trimmed(*boost) == "1");
  if (turbo) {
    say.warn("turbo: on; the frequency depends on heat and on the other cores",
             no_turbo ? "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo (as root)"
                      : "echo 0 > /sys/devices/system/cpu/cpufreq/boost (as root)");
  } else {
    say.ok(no_turbo || boost ? "turbo: off" : "turbo: not visible from here");
  }
}

void check_machine(findings& say) {
  const std::string kind = observe::virtualization();
  if (kind == "none found") {
    say.ok("virtual machine: none found");
  } else {
    say.warn(fmt::format("runs in a {}: an idle CPU is halted and slow to wake, so latency at few "
                         "connections is the hypervisor's",
                         kind),
             "compare contestants with each other on this machine, never with another machine");
  }
}

std::string uring_refusal() {
  io_uring_params parameters{};
  const long fd = ::syscall(SYS_io_uring_setup, 8, &parameters);
  if (fd >= 0) {
    ::close(static_cast<int>(fd));
    return "";
  }
  switch (errno) {
    case ENOSYS:
      return "the kernel has no io_uring (older than 5.1, or built without it), or a "
             "seccomp filter hides it";
    case EPERM: {
      const std::string disabled = observe::sysctl_text("kernel.io_uring_disabled");
      if (disabled == "1" || disabled == "2") {
        return "the sysctl kernel.io_uring_disabled is " + disabled;
      }
      return "a seccomp filter (container runtime) forbids it";
    }
    case ENOMEM:
      return "the limit of locked memory is too low (ulimit -l)";
    default:
      return std::string("io_uring_setup: ") + std::strerror(errno);
  }
}

void check_uring(findings& say) {
  const std::string refused = uring_refusal();
  if (refused.empty()) {
    say.ok("io_uring: available");
    return;
  }
  say.warn("io_uring: refused: " + refused,
           "contestants on io_uring will be skipped; allow it with sysctl "
           "kernel.io_uring_disabled=0, a newer kernel, or the container's seccomp profile");
}

void check_neighbours(findings& say) {
  const auto before = observe::read_machine_use();
  const auto own_before = observe::read_process_use(::getpid());
  ::usleep(1'000'000);
  const auto after = observe::read_machine_use();
  const auto own_after = observe::read_process_use(::getpid());
  if (!before || !after || !own_before || !own_after) {
    say.warn("busy neighbours: /proc/stat cannot be read", "mount /proc");
    return;
  }
  const auto noise = observe::noise_between(*before, *after, own_after->cpu_ns - own_before->cpu_ns,
                                            static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)));
  if (noise.foreign_cpu_share > campaign::foreign_cores_max) {
    say.bad(fmt::format("busy neighbours: other processes use {:.2f} of a core now; cells with "
                        "more than {:.2f} are invalid",
                        noise.foreign_cpu_share, campaign::foreign_cores_max),
            "stop them (top shows which), or measure when the machine is quiet");
  } else {
    say.ok(fmt::format("busy neighbours: other processes use {:.2f} of a core",
                       noise.foreign_cpu_share));
  }
  const std::string steal =
      fmt::format("steal: the hypervisor takes {:.1f} % of the CPU time", noise.steal_share * 100);
  if (noise.steal_share >= 0.01) {
    say.warn(steal, "use a machine with dedicated CPUs");
  } else {
    say.ok(steal);
  }
}

void check_sources(findings& say) {
  observe::memory_meter meter;
  const std::string text = fmt::format("kernel memory per connection: from {}",
                                       observe::memory_source_name(meter.source()));
  if (meter.source() == observe::memory_source::computed) {
    const auto own = meter.read(::getpid());
    const std::string lack = own ? own->kernel_cause : "this process cannot be read";
    say.warn(fmt::format("{}, counted objects times their sizes ({}; {})", text,
                         lack.empty() ? "sizes: " + meter.size_source() : "no number: " + lack,
                         meter.cause()),
             "to have it measured run as root, or in a cgroup of your own: systemd-run --user "
             "--scope COMMAND");
  } else {
    say.ok(text);
  }
  const std::string refused = cost::syscall_tracer::refusal();
  if (refused.empty()) {
    say.ok("system calls per operation: this process may trace its children");
  } else {
    say.warn("system calls per operation: not counted: " + refused,
             "allow ptrace and seccomp in the container or sandbox");
  }
}

// What a measurement may ask of the scheduler; tried for a moment.
void check_scheduling(findings& say) {
  const int cpus[] = {::sched_getcpu()};
  const observe::keep_awake awake(cpus);
  if (awake.cause().empty()) {
    say.ok("idle CPUs: can be kept awake by SCHED_IDLE spinners");
  } else {
    say.warn("idle CPUs: " + awake.cause(), "allow fork and SCHED_IDLE in the sandbox");
  }
  const std::string& refused = campaign::no_fifo_cause();
  if (refused.empty()) {
    say.ok("SCHED_FIFO for target and client: permitted");
  } else {
    say.warn(refused + "; points that ask for it are left out",
             "allow it for target and client, to have tails of the runtime beside those of the "
             "normal class");
  }
  const observe::cpu_latency_request request;
  if (request.cause().empty()) {
    say.ok("CPU latency request: permitted");
  } else {
    say.warn(request.cause(), "idle CPUs may sleep deeply: run as root, or keep them awake");
  }
}

// Runs a program without output; its exit code, or -1.
int quiet_exit(const std::vector<std::string>& argv) {
  try {
    session::output_pump pump;
    session::child_process child({.argv = argv});
    session::child_output output(pump, child);
    child.close_input();
    const auto status = output.wait_exit(observe::from_now(20));
    return status ? session::exit_code(*status) : -1;
  } catch (const std::exception&) {
    return -1;
  }
}

// What scripts/find-python looks for, among the places where a distribution has it.
void check_python(findings& say) {
  constexpr const char* suits =
      "import sys; from importlib.util import find_spec\n"
      "sys.exit(sys.version_info < (3, 11) or not all(map(find_spec, ('matplotlib', 'numpy'))))";
  std::vector<std::string> places = {"python3", "/usr/bin/python3", "/usr/local/bin/python3"};
  if (const char* const chosen = std::getenv("TAILRACE_PYTHON")) places = {chosen};
  for (const std::string& python : places) {
    if (quiet_exit({"/usr/bin/env", python, "-c", suits}) != 0) continue;
    say.ok(fmt::format("reports: {} is 3.11 or newer and has matplotlib and numpy", python));
    return;
  }
  say.warn(
      fmt::format("reports: {} is no Python 3.11 or newer that has matplotlib and numpy",
                  fmt::join(places, " or ")),
      "apt-get install python3-matplotlib, or set TAILRACE_PYTHON; measuring works without it");
}

// Those of the profiles that a user would miss, and what else is there.
void check_contestants(findings& say, const std::string& targets) {
  const auto folders = campaign::target_folders(targets);
  const auto found = campaign::find_contestants(folders);
  std::map<std::string, campaign::contestant> wanted = found;
  for (const std::string& name : campaign::profile_names()) {
    try {
      for (const std::string& id : campaign::load_profile(name, kinds::all()).contestants)
        wanted.emplace(id, campaign::contestant_or_missing(found, id, folders));
    } catch (const refusal& broken) {
      say.bad(broken.what(), "correct the profile");
    }
  }
  for (const campaign::contestant& who : campaign::in_order(wanted)) {
    if (!who.competes()) continue;
    if (who.about.available) {
      say.ok(fmt::format("contestant {}: available", who.id));
    } else {
      say.warn(fmt::format("contestant {}: {}; it will be skipped", who.id, who.about.cause),
               who.about.remedy.empty() ? "none known" : who.about.remedy);
    }
  }
}

}  // namespace

void findings::ok(const std::string& what) {
  fmt::print("ok    {}\n", what);
}

void findings::say(const char* level, const std::string& what, const std::string& remedy) {
  fmt::print("{}  {}\n      -> {}\n", level, what, remedy);
  ++warnings_;
}

int doctor_command(int argc, char** argv) {
  CLI::App app("Says what on this machine would spoil a measurement.", "tailrace doctor");
  std::string targets;
  add_targets_option(app, targets);
  bool deep = false;
  app.add_flag("--deep", deep,
               "and measures servers of known behaviour (tailrace selftest), a minute");
  if (const auto code = parse(app, argc, argv)) return *code;

  findings say;
  check_cores(say);
  check_neighbours(say);
  check_limits(say);
  check_environment(say);
  check_frequency(say);
  check_machine(say);
  check_uring(say);
  check_scheduling(say);
  check_sources(say);
  check_contestants(say, targets);
  check_python(say);
  fmt::print("\n{}\n", say.warnings() == 0
                           ? "nothing here would spoil a measurement"
                           : fmt::format("{} things to know or to correct", say.warnings()));
  if (!deep) return 0;
  fmt::print("\n");
  return selftest::run_selftest({.kinds = kinds::all()});
}

}  // namespace tailrace::cli
