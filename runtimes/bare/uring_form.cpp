// SPDX-License-Identifier: MIT
// See uring_form.hpp.
#include "runtimes/bare/uring_form.hpp"

namespace tailrace {

std::string objection_to(const uring_form& form) {
  if (form.own_buffers && form.multishot) {
    return "receive=multishot takes its buffers from a ring: with buffers=own set receive=single";
  }
  if (form.own_buffers && form.large_direct) {
    return "large=direct relieves the ring's buffers: with buffers=own set large=ring";
  }
  if (form.sqpoll && form.taskrun != uring::taskrun::none) {
    return "sqpoll=on leaves nothing to defer: set taskrun=none with it";
  }
  if (form.direct_descriptors && form.direct_send) {
    return "send=direct is a system call, and direct_descriptors=on leaves no descriptor for it: "
           "leave one of the two out";
  }
  if (form.direct_descriptors && form.large_direct) {
    return "large=direct makes system calls, and direct_descriptors=on leaves no descriptor for "
           "them: set large=ring with it";
  }
  if (form.zero_copy && form.direct_send) {
    return "zero_copy=on is a request to the ring: leave send=direct out";
  }
  if (form.zero_copy && form.quiet_sends) {
    return "zero_copy=on tells when a buffer is free again: set quiet_sends=off with it";
  }
  if (form.sqpoll && form.quiet_sends) {
    return "quiet_sends=on takes a send for done when the call returns, and sqpoll=on submits "
           "later: set quiet_sends=off with it";
  }
  if (form.bundle && !form.multishot) {
    return "bundle=on spans buffers of a multishot receive: leave receive=single out";
  }
  if (form.bundle && (form.zero_copy || form.direct_send)) {
    return "bundle=on sends what it spans by one request: leave zero_copy and send=direct out";
  }
  return "";
}

std::string missing_for(const uring_form& form, const uring::kernel_features& kernel) {
  struct demand {
    bool asked;
    bool there;
    const char* name;
  };
  const demand demands[] = {
      {true, kernel.multishot_accept, "multishot accept (Linux 5.19)"},
      {!form.own_buffers, kernel.buffer_rings, "buffers=ring (Linux 5.19)"},
      {form.multishot, kernel.multishot_receive, "receive=multishot (Linux 6.0)"},
      {form.zero_copy, kernel.send_zero_copy, "zero_copy=on (Linux 6.0)"},
      {form.bundle, kernel.bundles, "bundle=on (Linux 6.10)"},
      {form.min_wait_us != 0, kernel.min_wait, "min_wait_us (Linux 6.12)"},
  };
  for (const demand& each : demands)
    if (each.asked && !each.there) return each.name;
  return "";
}

}  // namespace tailrace
