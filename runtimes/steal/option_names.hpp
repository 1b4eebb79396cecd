// SPDX-License-Identifier: MIT
// The options by the names that the target and the tests use.
#pragma once

#include <charconv>
#include <string_view>

#include "runtimes/steal/options.hpp"

namespace tailrace::steal {

template <class Number>
bool set_number(Number& into, std::string_view text) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

// False: no such option, or no such value.
inline bool set_option(options& chosen, std::string_view name, std::string_view value) {
  if (name == "workers") return set_number(chosen.workers, value) && chosen.workers > 0;
  if (name == "coop") return set_number(chosen.coop, value) && chosen.coop > 0;
  if (name == "event_interval") return set_number(chosen.event_interval, value);
  if (name == "timer_window_us") {
    std::uint32_t microseconds = 0;
    if (!set_number(microseconds, value)) return false;
    chosen.window = std::chrono::microseconds(microseconds);
    return true;
  }
  if (name == "lifo") {
    chosen.lifo = value == "off"  ? lifo_mode::off
                  : value == "on" ? lifo_mode::on
                                  : lifo_mode::stealable;
    return value == "off" || value == "on" || value == "stealable";
  }
  if (name == "reactor") {
    chosen.reactor = value == "shared" ? reactor_mode::shared : reactor_mode::per_worker;
    return value == "shared" || value == "per-worker";
  }
  if (name == "io") {
    chosen.io = value == "deferred" ? io_mode::deferred
                : value == "inline" ? io_mode::inlined
                                    : io_mode::automatic;
    return value == "deferred" || value == "inline" || value == "auto";
  }
  if (name == "files") return choose_file_mode(value, chosen.files);
  if (name == "file_threads") return set_number(chosen.blocking_threads, value);
  if (name == "stall_ms") {
    std::uint32_t milliseconds = 0;
    if (!set_number(milliseconds, value)) return false;
    chosen.stall_threshold = std::chrono::milliseconds(milliseconds);
    return true;
  }
  if (name == "metrics") {
    chosen.measure_tasks = value == "times";
    return value == "counts" || value == "times";
  }
  return false;
}

}  // namespace tailrace::steal
