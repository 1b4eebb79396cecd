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
  if (name == "registered_ring") return choose(form.registered_ring, value, "on", "off");
  if (name == "taskrun") return choose(form.taskrun, value);
  if (name == "min_wait_us") return number(form.min_wait_us, value);
  if (name == "quiet_sends") return choose(form.quiet_sends, value, "on", "off");
  return false;
}

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
