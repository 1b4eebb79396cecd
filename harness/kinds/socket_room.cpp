// SPDX-License-Identifier: MIT
// See socket_room.hpp.
#include "harness/kinds/socket_room.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "harness/kinds/task_limit.hpp"
#include "harness/observe/fingerprint.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::kinds {

socket_room room_for_sockets(const std::string& tcp_mem, const std::string& meminfo,
                             const observe::machine_limit& group, std::int64_t page_bytes) {
  constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::max();
  socket_room least{unknown, "", ""};
  const auto consider = [&](std::int64_t bytes, const std::string& limit,
                            const std::string& remedy) {
    if (bytes < least.bytes) least = {bytes, limit, remedy};
  };
  const auto pages = observe::words(tcp_mem);
  const auto low = pages.empty() ? std::nullopt : observe::to_integer(pages.front());
  if (low && *low >= 0 && *low <= unknown / page_bytes)
    consider(*low * page_bytes / 2, "half of net.ipv4.tcp_mem",
             "raise net.ipv4.tcp_mem (sysctl, as root)");
  const auto memory = observe::number_lines(meminfo);
  if (const auto available = memory.find("MemAvailable"); available != memory.end())
    consider(available->second / 4, "a quarter of the memory available", "free memory");
  if (!group.set_by.empty()) {
    consider(group.most / 4, fmt::format("a quarter of what {} leaves", group.set_by),
             "raise the memory limit of the service or the container");
  }
  if (least.bytes == unknown)
    return {0, "neither net.ipv4.tcp_mem nor MemAvailable is known", "mount /proc"};
  return least;
}

std::vector<std::int64_t> within_room(const std::vector<std::int64_t>& counts,
                                      std::int64_t bytes_each, const socket_room& room,
                                      std::string& cause) {
  constexpr std::int64_t connections_min = 16;
  const std::int64_t fitting = room.bytes / bytes_each;
  if (fitting >= std::ranges::max(counts)) return counts;
  cause = fmt::format("{}, {} MiB, is room for {} connections with full sockets", room.limit,
                      room.bytes >> 20, fitting);
  if (fitting < connections_min) throw refusal(cause, room.remedy, refusal::unsupported);
  return scaled_to(counts, fitting);
}

std::int64_t send_buffer_granted(std::int64_t bytes) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  const auto wanted = static_cast<int>(bytes);
  int doubled = 0;  // as the kernel tells it, socket(7)
  socklen_t size = sizeof doubled;
  const bool told = ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted) == 0 &&
                    ::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &doubled, &size) == 0;
  ::close(fd);
  return told ? doubled / 2 : 0;
}

void require_send_buffer(std::int64_t request_bytes, std::int64_t granted) {
  constexpr std::int64_t usual_limit = 212'992;
  const std::int64_t needed = std::min(request_bytes, usual_limit);
  if (granted >= needed) return;
  throw refusal(fmt::format("net.core.wmem_max gives a socket of the client {} bytes, too few for "
                            "a request of {} that the target does not read yet",
                            granted, request_bytes),
                fmt::format("sysctl -w net.core.wmem_max={} (as root), or lower request_bytes of "
                            "the point",
                            usual_limit),
                refusal::unsupported);
}

socket_room room_for_sockets() {
  return room_for_sockets(observe::sysctl_text("net.ipv4.tcp_mem"),
                          observe::read_text("/proc/meminfo").text.value_or(""),
                          observe::group_memory_limit(), ::sysconf(_SC_PAGESIZE));
}

}  // namespace tailrace::kinds
