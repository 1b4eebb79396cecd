// SPDX-License-Identifier: MIT
// See fingerprint.hpp.
#include "harness/observe/fingerprint.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/observe/cpu_quota.hpp"
#include "harness/observe/machine_limits.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/topology.hpp"

namespace tailrace::observe {
namespace {

using nlohmann::json;

void put_text(json& into, const std::string& key, const std::string& path) {
  const file_text read = read_text(path);
  if (read.text) {
    into[key] = trimmed(*read.text);
  } else {
    into[key] = nullptr;
    into[key + "_cause"] = read.cause;
  }
}

// The first "name : value" line of /proc/cpuinfo.
void put_cpuinfo(json& into, const std::string& key, const std::string& name) {
  const file_text read = read_text("/proc/cpuinfo");
  const std::string text = "\n" + read.text.value_or("");
  const auto at = text.find("\n" + name);
  if (at == std::string::npos) {
    into[key] = nullptr;
    into[key + "_cause"] = "/proc/cpuinfo has no line \"" + name + "\"";
    return;
  }
  const auto end = text.find('\n', at + 1);
  const std::string line = text.substr(at, end - at);
  into[key] = trimmed(std::string_view(line).substr(std::min(line.find(':') + 1, line.size())));
}

void put_quota(json& into) {
  const cpu_quota quota = find_cpu_quota();
  into["quota_cores"] = quota.cores ? json(*quota.cores) : json(nullptr);
  if (quota.cores) {
    into["quota_period_us"] = quota.period_us;
  } else {
    into["quota_cores_cause"] = "no CPU quota is seen from here";
  }
}

json cpu_part() {
  json cpu;
  put_cpuinfo(cpu, "model", "model name");
  put_cpuinfo(cpu, "microcode", "microcode");
  cpu["online"] = ::sysconf(_SC_NPROCESSORS_ONLN);
  json cores = json::array();
  for (const auto& core : usable_cores())
    cores.push_back(cpus_text(core));
  cpu["usable_cores"] = cores;
  put_text(cpu, "smt", "/sys/devices/system/cpu/smt/control");
  put_text(cpu, "numa_nodes", "/sys/devices/system/node/online");
  const std::string frequency = "/sys/devices/system/cpu/cpu0/cpufreq/";
  put_text(cpu, "governor", frequency + "scaling_governor");
  put_text(cpu, "driver", frequency + "scaling_driver");
  put_text(cpu, "min_khz", frequency + "scaling_min_freq");
  put_text(cpu, "max_khz", frequency + "scaling_max_freq");
  put_text(cpu, "intel_no_turbo", "/sys/devices/system/cpu/intel_pstate/no_turbo");
  put_text(cpu, "boost", "/sys/devices/system/cpu/cpufreq/boost");
  put_text(cpu, "idle_driver", "/sys/devices/system/cpu/cpuidle/current_driver");
  put_text(cpu, "isolated", "/sys/devices/system/cpu/isolated");
  put_text(cpu, "nohz_full", "/sys/devices/system/cpu/nohz_full");
  put_quota(cpu);
  json mitigations;
  for (const char* name : {"meltdown", "spectre_v1", "spectre_v2", "spec_store_bypass", "mds",
                           "retbleed", "srso", "gather_data_sampling"}) {
    put_text(mitigations, name, fmt::format("/sys/devices/system/cpu/vulnerabilities/{}", name));
  }
  cpu["mitigations"] = mitigations;
  return cpu;
}

json kernel_part() {
  json kernel;
  utsname name{};
  ::uname(&name);
  kernel["release"] = name.release;
  kernel["build"] = name.version;
  kernel["machine"] = name.machine;
  put_text(kernel, "clocksource",
           "/sys/devices/system/clocksource/clocksource0/current_clocksource");
  put_text(kernel, "transparent_hugepages", "/sys/kernel/mm/transparent_hugepage/enabled");
  put_text(kernel, "ksm", "/sys/kernel/mm/ksm/run");
  put_text(kernel, "zswap", "/sys/module/zswap/parameters/enabled");
  kernel["timer_slack_ns"] = ::prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
  // The command line may name disks: only what bears on a measurement is kept.
  json flags = json::array();
  for (const std::string& word : words(read_text("/proc/cmdline").text.value_or(""))) {
    for (const char* prefix :
         {"mitigations=", "isolcpus=", "nohz", "rcu_nocbs=", "idle=", "processor.", "intel_idle.",
          "intel_pstate=", "amd_pstate=", "transparent_hugepage=", "nosmt", "preempt=",
          "slab_nomerge", "slub_", "cgroup", "systemd.unified", "clocksource=", "tsc="}) {
      if (word.starts_with(prefix)) flags.push_back(word);
    }
  }
  kernel["command_line_flags"] = flags;
  return kernel;
}

json sysctl_part() {
  json values;
  for (const char* name : {"kernel.io_uring_disabled",
                           "kernel.perf_event_paranoid",
                           "kernel.pid_max",
                           "kernel.threads-max",
                           "kernel.randomize_va_space",
                           "kernel.sched_autogroup_enabled",
                           "vm.max_map_count",
                           "vm.overcommit_memory",
                           "vm.swappiness",
                           "net.core.somaxconn",
                           "net.core.busy_poll",
                           "net.core.busy_read",
                           "net.core.rmem_default",
                           "net.core.wmem_default",
                           "net.core.netdev_max_backlog",
                           "net.ipv4.tcp_rmem",
                           "net.ipv4.tcp_wmem",
                           "net.ipv4.tcp_mem",
                           "net.ipv4.tcp_congestion_control",
                           "net.ipv4.tcp_max_syn_backlog",
                           "net.ipv4.tcp_syncookies",
                           "net.ipv4.ip_local_port_range",
                           "net.ipv4.tcp_tw_reuse",
                           "net.ipv4.tcp_autocorking",
                           "fs.file-max",
                           "fs.nr_open"}) {
    std::string path = std::string("/proc/sys/") + name;
    std::ranges::replace(path, '.', '/');
    put_text(values, name, path);
  }
  return values;
}

json limit_json(int resource) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return nullptr;
  const auto text = [](rlim_t value) {
    return value == RLIM_INFINITY ? json("unlimited") : json(value);
  };
  return {{"soft", text(limit.rlim_cur)}, {"hard", text(limit.rlim_max)}};
}

void put_pids_max(json& into) {
  const auto most = cgroup_pids_max();
  into["cgroup_pids"] = most ? json(*most) : json(nullptr);
  if (!most) into["cgroup_pids_cause"] = "no pids limit is seen from here";
}

json memory_part() {
  json memory;
  const auto info = number_lines(read_text("/proc/meminfo").text.value_or(""));
  for (const auto& [key, name] : {std::pair{"total_bytes", "MemTotal"},
                                  {"available_bytes", "MemAvailable"},
                                  {"swap_bytes", "SwapTotal"}}) {
    memory[key] = nullptr;
    const auto found = info.find(name);
    if (found != info.end()) {
      memory[key] = found->second;
    } else {
      memory[std::string(key) + "_cause"] = std::string("/proc/meminfo lacks ") + name;
    }
  }
  return memory;
}

}  // namespace

std::string sysctl_text(const std::string& name) {
  std::string path = "/proc/sys/" + name;
  std::ranges::replace(path, '.', '/');
  return trimmed(read_text(path).text.value_or(""));
}

std::string virtualization() {
  std::string found;
  const std::string flags = " " + read_text("/proc/cpuinfo").text.value_or("") + " ";
  if (flags.find(" hypervisor") != std::string::npos) found = "virtual machine";
  const std::string vendor = trimmed(read_text("/sys/class/dmi/id/sys_vendor").text.value_or(""));
  if (!found.empty() && !vendor.empty()) found += " (" + vendor + ")";
  if (::access("/.dockerenv", F_OK) == 0)
    found += (found.empty() ? "" : ", ") + std::string("docker");
  if (::access("/run/.containerenv", F_OK) == 0) {
    found += (found.empty() ? "" : ", ") + std::string("podman");
  }
  return found.empty() ? "none found" : found;
}

json machine_fingerprint() {
  json machine;
  machine["cpu"] = cpu_part();
  machine["kernel"] = kernel_part();
  machine["memory"] = memory_part();
  machine["sysctl"] = sysctl_part();
  machine["limits"] = {{"open_files", limit_json(RLIMIT_NOFILE)},
                       {"processes", limit_json(RLIMIT_NPROC)},
                       {"locked_bytes", limit_json(RLIMIT_MEMLOCK)},
                       {"stack_bytes", limit_json(RLIMIT_STACK)}};
  put_pids_max(machine["limits"]);
  machine["virtualization"] = virtualization();
  json network;
  put_text(network, "loopback_mtu", "/sys/class/net/lo/mtu");
  put_text(network, "loopback_rps_cpus", "/sys/class/net/lo/queues/rx-0/rps_cpus");
  machine["network"] = network;
  const std::string cgroups = read_text("/proc/self/cgroup").text.value_or("");
  machine["cgroup"] = cgroups.find(":memory:") != std::string::npos ? "v1" : "v2";
  const auto uptime = words(read_text("/proc/uptime").text.value_or(""));
  machine["uptime_s"] = uptime.empty() ? json(nullptr) : json(std::stod(uptime[0]));
  if (uptime.empty()) machine["uptime_s_cause"] = "/proc/uptime cannot be read";
  put_text(machine, "load_average", "/proc/loadavg");
  return machine;
}

}  // namespace tailrace::observe
