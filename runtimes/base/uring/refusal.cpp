// SPDX-License-Identifier: MIT
#include "runtimes/base/uring/refusal.hpp"

#include <cerrno>
#include <fstream>
#include <string>

#include "runtimes/base/sys.hpp"

namespace tailrace::uring {
namespace {

refusal explain_not_permitted(const refusal_evidence& evidence) {
  if (evidence.io_uring_disabled == 2)
    return {EPERM, "the sysctl kernel.io_uring_disabled is 2: nobody may use io_uring",
            "set it to 0 as root (sysctl kernel.io_uring_disabled=0)"};
  if (evidence.io_uring_disabled == 1)
    return {EPERM,
            "the sysctl kernel.io_uring_disabled is 1: only the privileged and the group "
            "kernel.io_uring_group may use io_uring",
            "set it to 0 as root, or join that group"};
  if (evidence.filtered)
    return {EPERM, "a seccomp filter forbids io_uring, as those of containers do (EPERM)",
            "allow io_uring_setup, io_uring_enter and io_uring_register in the profile "
            "(docker: --security-opt seccomp=unconfined)"};
  return {EPERM, "a security policy forbids io_uring (EPERM)",
          "allow io_uring in the policy of this machine (SELinux, AppArmor, a BPF LSM)"};
}

refusal explain_not_there(const refusal_evidence& evidence) {
  if (evidence.filtered)
    return {ENOSYS, "a seccomp filter hides io_uring, as those of containers do (ENOSYS)",
            "allow io_uring_setup, io_uring_enter and io_uring_register in the profile "
            "(docker: --security-opt seccomp=unconfined)"};
  return {ENOSYS, "this kernel has no io_uring (ENOSYS)",
          "use Linux 6.1 or newer, built with CONFIG_IO_URING"};
}

}  // namespace

refusal_evidence gather_evidence() {
  refusal_evidence evidence;
  std::ifstream disabled("/proc/sys/kernel/io_uring_disabled");
  if (!(disabled >> evidence.io_uring_disabled)) evidence.io_uring_disabled = -1;
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "Seccomp:") continue;
    int mode = 0;
    evidence.filtered = (status >> mode) && mode == 2;  // SECCOMP_MODE_FILTER
    break;
  }
  return evidence;
}

refusal explain(int error, const refusal_evidence& evidence) {
  switch (error) {
    case EPERM:
    case EACCES:
      return explain_not_permitted(evidence);
    case ENOSYS:
      return explain_not_there(evidence);
    case ENOMEM:
      return {ENOMEM, "no memory for the rings of io_uring: the memory-lock limit is too low",
              "raise it (ulimit -l unlimited), or ask for smaller rings"};
    case EMFILE:
      return {EMFILE, "no descriptor for a ring of io_uring",
              "raise the open-file limit (ulimit -n)"};
    case ENFILE:
      return {ENFILE, "no file for a ring of io_uring", "raise fs.file-max"};
    case EINVAL:
      return {EINVAL, "this kernel refuses every set of flags that was tried for a ring (EINVAL)",
              "use Linux 6.1 or newer"};
    default:
      return {error, "io_uring is refused: " + sys::errno_name(error),
              "look the error up in io_uring_setup(2)"};
  }
}

refusal too_old(const std::string& what, const std::string& release) {
  return {EINVAL, "the io_uring of this kernel has no " + what,
          "use Linux " + release + " or newer"};
}

}  // namespace tailrace::uring
