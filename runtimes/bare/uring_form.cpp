// SPDX-License-Identifier: MIT
// See uring_form.hpp.
#include "runtimes/bare/uring_form.hpp"

#include <charconv>

namespace tailrace {
namespace {

bool choose(bool& into, const std::string& value, std::string_view yes, std::string_view no) {
  if (value != yes && value != no) return false;
  into = value == yes;
  return true;
}

bool choose(uring::taskrun& into, const std::string& value) {
  if (value == "defer")
    into = uring::taskrun::defer;
  else if (value == "coop")
    into = uring::taskrun::coop;
  else if (value == "none")
    into = uring::taskrun::none;
  else
    return false;
  return true;
}

bool number(std::uint32_t& into, const std::string& value) {
  const char* const last = value.data() + value.size();
  const auto [end, error] = std::from_chars(value.data(), last, into);
  return error == std::errc{} && end == last;
}

}  // namespace

bool set_switch(uring_form& form, std::string_view name, const std::string& value) {
  if (name == "receive") return choose(form.multishot, value, "multishot", "single");
  if (name == "buffers") return choose(form.own_buffers, value, "own", "ring");
  if (name == "large") return choose(form.large_direct, value, "direct", "ring");
  if (name == "buffer_bytes") return number(form.buffer_bytes, value);
  if (name == "direct_descriptors") return choose(form.direct_descriptors, value, "on", "off");
  if (name == "registered_ring") return choose(form.registered_ring, value, "on", "off");
  if (name == "taskrun") return choose(form.taskrun, value);
  if (name == "sqpoll") return choose(form.sqpoll, value, "on", "off");
  if (name == "poll_first") return choose(form.poll_first, value, "on", "off");
  if (name == "min_wait_us") return number(form.min_wait_us, value);
  if (name == "send") return choose(form.direct_send, value, "direct", "ring");
  if (name == "quiet_sends") return choose(form.quiet_sends, value, "on", "off");
  if (name == "zero_copy") return choose(form.zero_copy, value, "on", "off");
  if (name == "entries") return number(form.entries, value);
  if (name == "cq_entries") return number(form.cq_entries, value);
  if (name == "bundle") return choose(form.bundle, value, "on", "off");
  return false;
}

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
