// SPDX-License-Identifier: MIT
#include "runtimes/uring/options.hpp"

#include <charconv>

namespace tailrace::uring {
namespace {

template <class Value>
struct choice {
  std::string_view name;
  Value value;
};

template <class Value, std::size_t Count>
bool choose(const choice<Value> (&choices)[Count], std::string_view name, Value& chosen) {
  for (const choice<Value>& each : choices)
    if (each.name == name) {
      chosen = each.value;
      return true;
    }
  return false;
}

constexpr choice<bool> switches[] = {{"on", true}, {"off", false}};
constexpr choice<bool> file_ways[] = {{"inline", false}, {"async", true}};
constexpr choice<bool> accept_ways[] = {{"reuseport", false}, {"shared", true}};
constexpr choice<bool> wakes[] = {{"msg_ring", true}, {"eventfd", false}};
constexpr choice<taskrun> taskruns[] = {
    {"defer", taskrun::defer}, {"coop", taskrun::coop}, {"none", taskrun::none}};
constexpr choice<receive_mode> receives[] = {{"auto", receive_mode::adaptive},
                                             {"multishot", receive_mode::multishot},
                                             {"single", receive_mode::single}};
constexpr choice<send_mode> sends[] = {{"auto", send_mode::adaptive},
                                       {"ring", send_mode::through_ring},
                                       {"direct", send_mode::direct}};

bool set_number(std::string_view text, std::uint32_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

bool set_option(options& chosen, std::string_view name, std::string_view value) {
  if (name == "taskrun") return choose(taskruns, value, chosen.completions);
  if (name == "receive") return choose(receives, value, chosen.receive);
  if (name == "send") return choose(sends, value, chosen.send);
  if (name == "direct_descriptors") return choose(switches, value, chosen.direct_descriptors);
  if (name == "accept") return choose(accept_ways, value, chosen.shared_accept);
  if (name == "wake") return choose(wakes, value, chosen.wake_by_message);
  if (name == "registered_ring") return choose(switches, value, chosen.registered_ring);
  if (name == "sqpoll") return choose(switches, value, chosen.sqpoll);
  if (name == "files") return choose(file_ways, value, chosen.async_files);
  if (name == "fixed_files") return choose(switches, value, chosen.fixed_files);
  if (name == "registered_buffers") return choose(switches, value, chosen.registered_buffers);
  if (name == "min_wait_us") return set_number(value, chosen.min_wait_us);
  if (name == "timer_window_us") return set_number(value, chosen.timer_window_us);
  if (name == "entries") return set_number(value, chosen.entries);
  if (name == "cq_entries") return set_number(value, chosen.cq_entries);
  if (name == "buffers") return set_number(value, chosen.buffers);
  if (name == "buffer_bytes") return set_number(value, chosen.buffer_bytes);
  if (name == "large_bytes") return set_number(value, chosen.large_bytes);
  return false;
}

std::string conflict_of(const options& chosen) {
  if (chosen.direct_descriptors && chosen.receive == receive_mode::single)
    return "direct descriptors cannot be received from by a call: choose receive=multishot or auto";
  if (chosen.direct_descriptors && chosen.send == send_mode::direct)
    return "direct descriptors cannot be sent to by a call: choose send=ring or auto";
  if (chosen.direct_descriptors && chosen.shared_accept)
    return "direct descriptors belong to one ring and cannot be handed to another: choose "
           "accept=reuseport";
  return {};
}

}  // namespace tailrace::uring
