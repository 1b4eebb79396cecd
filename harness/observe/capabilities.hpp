// SPDX-License-Identifier: MIT
// What the kernel lets this process do beyond the limits of the machine. To be root says nothing of
// it: a container takes most capabilities from its root, and a file or a service gives single ones
// to others. Any thread; two small files. Sources: capabilities(7), CapEff in /proc/self/status,
// and user_namespaces(7), /proc/self/uid_map.
#pragma once

#include <string>

namespace tailrace::observe {

// The numbers of <linux/capability.h>.
enum class capability { ipc_lock = 14, sys_admin = 21, sys_resource = 24 };

// Whether it is effective for what is the machine's. In a user namespace of its own (a container
// without root) a process has them all, over what belongs to that namespace: then it is not.
// Tests give the root of another file tree.
bool has_capability(capability which, const std::string& root = "");

// Whether the process is in the user namespace of the machine, so that its user 0 is root.
bool in_first_user_namespace(const std::string& root = "");

}  // namespace tailrace::observe
