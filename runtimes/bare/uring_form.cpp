// SPDX-License-Identifier: MIT
// See uring_form.hpp.
#include "runtimes/bare/uring_form.hpp"

namespace tailrace {

std::string objection_to(const uring_form& form) {
  if (form.own_buffers && form.multishot)
    return "receive=multishot needs buffers that a ring lends: with buffers=own set receive=single";
  if (form.own_buffers && form.large_direct)
    return "large=direct relieves the ring's buffers: with buffers=own set large=ring";
  return "";
}

std::string missing_for(const uring_form& form, const uring::kernel_features& kernel) {
  if (!kernel.multishot_accept) return "multishot accept (Linux 5.19)";
  if (!form.own_buffers && !kernel.buffer_rings) return "buffers=ring (Linux 5.19)";
  if (form.multishot && !kernel.multishot_receive) return "receive=multishot (Linux 6.0)";
  if (form.min_wait_us != 0 && !kernel.min_wait) return "min_wait_us (Linux 6.12)";
  return "";
}

}  // namespace tailrace
