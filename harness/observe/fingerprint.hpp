// SPDX-License-Identifier: MIT
// What this machine is, as far as it can change a measurement: one JSON object for the manifest.
// Each value is read from /proc, /sys or a system call; what cannot be read is null with a sibling
// `<key>_cause`. Host names, addresses and serial numbers are left out. Any thread; some 5 ms.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace tailrace::observe {

nlohmann::json machine_fingerprint();

// One value of /proc/sys, such as "kernel.io_uring_disabled", or empty.
std::string sysctl_text(const std::string& name);

// Words such as "kvm", "docker", or "none found".
std::string virtualization();

}  // namespace tailrace::observe
