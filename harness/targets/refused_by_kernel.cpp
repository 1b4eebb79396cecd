// SPDX-License-Identifier: MIT
// See refused_by_kernel.hpp.
#include "harness/targets/refused_by_kernel.hpp"

#include <cerrno>
#include <cstring>

namespace tailrace {
namespace {

std::string remedy_for(int error_number) {
  switch (error_number) {
    case EADDRINUSE:
      return "choose another --port, or 0 for any free one";
    case EADDRNOTAVAIL:
      return "choose a --host that this machine has, such as 127.0.0.1";
    case EACCES:
      return "choose a --port from 1024 up";
    case EMFILE:
      return "raise the open-file limit (ulimit -n)";
    case ENFILE:
      return "raise fs.file-max, or end what holds so many files open";
    case EAGAIN:
      return "lower --workers or the tasks asked for, or raise the process limit";
    case ENOMEM:
      return "lower the load asked for, or free memory";
    default:
      return "look the error up in the manual page of the call";
  }
}

}  // namespace

run_refused refused_by_kernel(const std::string& what, int error_number) {
  const char* const name = ::strerrorname_np(error_number);
  return {what + ": " + ::strerrordesc_np(error_number) + " (" + (name ? name : "?") + ")",
          remedy_for(error_number)};
}

}  // namespace tailrace
