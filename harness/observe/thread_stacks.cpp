// SPDX-License-Identifier: MIT
// See thread_stacks.hpp. Formats: proc(5).
#include "harness/observe/thread_stacks.hpp"

#include <fmt/format.h>

#include <map>

#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

constexpr std::size_t frames_max = 6;
constexpr std::size_t places_max = 8;

// "[<0>] ep_poll+0x3bd/0x410" a line -> "ep_poll < do_epoll_wait"
std::string frames_of(std::string_view stack) {
  std::string frames;
  std::size_t count = 0;
  for (const std::string& word : words(stack)) {
    const std::size_t plus = word.find('+');
    if (plus == std::string::npos || ++count > frames_max) continue;
    frames += (frames.empty() ? "" : " < ") + word.substr(0, plus);
  }
  return frames;
}

std::string place_of(const std::string& folder) {
  const auto text_of = [&folder](const char* file) {
    return trimmed(read_text(folder + file).text.value_or(""));
  };
  const std::string name = text_of("/comm");
  if (name.empty()) return "";
  const std::string frames = frames_of(text_of("/stack"));
  const std::string channel = text_of("/wchan");
  const std::string call = text_of("/syscall");
  std::string place = name;
  if (!frames.empty()) {
    place += " in " + frames;
  } else if (!channel.empty() && channel != "0") {
    place += " in " + channel;
  }
  if (call == "running") return place + ", running";
  const std::size_t blank = call.find(' ');
  if (blank != std::string::npos) place += " (system call " + call.substr(0, blank) + ")";
  return place;
}

}  // namespace

std::string thread_stacks(int pid) {
  const std::string folder = fmt::format("/proc/{}/task", pid);
  std::map<std::string, int> places;
  int threads = 0;
  for (const int thread : numeric_entries(folder)) {
    const std::string place = place_of(fmt::format("{}/{}", folder, thread));
    if (place.empty()) continue;
    ++places[place];
    ++threads;
  }
  if (threads == 0) return "";
  std::string text = fmt::format("{} thread{}: ", threads, threads == 1 ? "" : "s");
  std::size_t shown = 0;
  for (const auto& [place, count] : places) {
    if (shown++ == places_max) return text + "; ...";
    text += (shown > 1 ? "; " : "") + (count > 1 ? fmt::format("{} x ", count) : "") + place;
  }
  return text;
}

std::string with_stacks(const std::string& sentence, int pid) {
  const std::string stacks = thread_stacks(pid);
  return stacks.empty() ? sentence : sentence + "; " + stacks;
}

}  // namespace tailrace::observe
