// SPDX-License-Identifier: MIT
// See kernel_objects.hpp.
#include "harness/observe/kernel_objects.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

// SENDMSG, RECVMSG, SEND, RECV of <linux/io_uring.h>.
constexpr std::int64_t message_codes[] = {9, 10, 26, 27};
constexpr std::size_t list_bytes_max = std::size_t{64} << 20;  // a list of a million lines

// Calls `each` with every line below `list_bytes_max`; false where the file cannot be read or is
// longer. Such lists are longer than read_text() goes.
template <class Each>
bool each_line_of(const std::string& path, const Each& each) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  std::string rest;
  std::vector<char> piece(65536);
  std::size_t total = 0;
  ssize_t count = 0;
  while (total < list_bytes_max && (count = ::read(fd, piece.data(), piece.size())) > 0) {
    total += static_cast<std::size_t>(count);
    rest.append(piece.data(), static_cast<std::size_t>(count));
    std::size_t from = 0;
    for (std::size_t end = 0; (end = rest.find('\n', from)) != std::string::npos; from = end + 1)
      each(std::string_view(rest).substr(from, end - from));
    rest.erase(0, from);
  }
  ::close(fd);
  return count == 0;
}

// What "PollList:" and its lines look like, line by line.
struct ring_lines {
  bool inside = false;
  bool found = false;
  ring_requests armed;
  void take(std::string_view line) {
    if (line == "PollList:") {
      inside = found = true;
    } else if (inside && line.starts_with("  op=")) {
      line.remove_prefix(5);
      const auto code = to_integer(line.substr(0, line.find(',')));
      ++armed.all;
      if (code && std::ranges::find(message_codes, *code) != std::end(message_codes))
        ++armed.messages;
    } else {
      inside = false;
    }
  }
};

template <class Take>
void each_line_in(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// The number in "socket:[123]".
std::optional<std::uint32_t> socket_inode(std::string_view link) {
  if (!link.starts_with("socket:[") || !link.ends_with("]")) return std::nullopt;
  const auto value = to_integer(link.substr(8, link.size() - 9));
  if (!value || *value < 0 || *value > 0xFFFFFFFFLL) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

// What is held apart from the file itself is the same however many connections there are, or
// counted on its own; other kinds are not known.
bool is_plain(std::string_view link) {
  if (link.starts_with("/") || link.starts_with("pipe:")) return true;
  return link == "anon_inode:[eventfd]" || link == "anon_inode:[timerfd]" ||
         link == "anon_inode:[signalfd]" || link == "anon_inode:[pidfd]" ||
         link.starts_with("pidfd:");
}

// Calls `each` with number and link of every descriptor.
template <class Each>
void each_descriptor_of(int pid, const Each& each) {
  const std::string folder = fmt::format("/proc/{}/fd", pid);
  for (const int fd : numeric_entries(folder)) {
    char link[128];
    const ssize_t length = ::readlink(fmt::format("{}/{}", folder, fd).c_str(), link, sizeof link);
    if (length < 0) continue;  // closed meanwhile
    each(fd, std::string_view(link, static_cast<std::size_t>(length)));
  }
}

std::string no_descriptors(int pid) {
  if (::access(fmt::format("/proc/{}/fd", pid).c_str(), R_OK) == 0) return "";
  return fmt::format("its descriptors cannot be counted: {}", std::strerror(errno));
}

void take_descriptor(int pid, int fd, std::string_view link, kernel_objects& into,
                     inode_set& sockets) {
  const std::string info = fmt::format("/proc/{}/fdinfo/{}", pid, fd);
  if (const auto inode = socket_inode(link)) {
    sockets.insert(*inode);
  } else if (link == "anon_inode:[eventpoll]") {
    const bool whole = each_line_of(
        info, [&](std::string_view line) { into.epoll_items += line.starts_with("tfd:") ? 1 : 0; });
    if (!whole) into.cause = "epoll items cannot be counted in " + info;
  } else if (link == "anon_inode:[io_uring]") {
    ring_lines seen;
    const bool whole = each_line_of(info, [&](std::string_view line) { seen.take(line); });
    if (!whole || !seen.found) into.cause = "armed io_uring requests cannot be counted in " + info;
    into.ring.all += seen.armed.all;
    into.ring.messages += seen.armed.messages;
  } else if (!is_plain(link)) {
    into.unknown = link.substr(0, 60);
  }
}

}  // namespace

std::int64_t epoll_items_in(std::string_view fdinfo) {
  std::int64_t items = 0;
  each_line_in(fdinfo, [&](std::string_view line) { items += line.starts_with("tfd:") ? 1 : 0; });
  return items;
}

std::optional<ring_requests> ring_requests_in(std::string_view fdinfo) {
  ring_lines seen;
  each_line_in(fdinfo, [&](std::string_view line) { seen.take(line); });
  if (!seen.found) return std::nullopt;
  return seen.armed;
}

std::optional<kernel_objects> count_kernel_objects(int pid) {
  const auto status = read_text(fmt::format("/proc/{}/status", pid));
  if (!status.text) return std::nullopt;
  auto numbers = number_lines(*status.text);
  kernel_objects found;
  found.threads = numbers["Threads"];
  found.table_slots = numbers["FDSize"];
  found.page_table_bytes = numbers["VmPTE"];
  const std::string folder = fmt::format("/proc/{}/", pid);
  if (!each_line_of(folder + "maps", [&](std::string_view) { ++found.areas; }))
    found.cause = "its memory areas cannot be counted in " + folder + "maps";
  if (std::string cause = no_descriptors(pid); !cause.empty()) found.cause = std::move(cause);
  inode_set sockets;
  each_descriptor_of(pid, [&](int fd, std::string_view link) {
    ++found.descriptors;
    take_descriptor(pid, fd, link, found, sockets);
  });
  for (const bool v6 : {false, true}) {
    tcp_totals seen;
    const std::string cause = add_tcp_sockets(v6 ? AF_INET6 : AF_INET, sockets, seen);
    if (!cause.empty()) found.cause = "its sockets cannot be counted: " + cause;
    (v6 ? found.tcp6 : found.tcp) = seen.sockets;
    found.buffer_bytes += seen.buffer_bytes;
  }
  found.other_sockets = static_cast<std::int64_t>(sockets.size()) - found.tcp - found.tcp6;
  return found;
}

std::string add_tcp_sockets_of(int pid, tcp_totals& into) {
  std::string cause = no_descriptors(pid);
  inode_set sockets;
  each_descriptor_of(pid, [&](int, std::string_view link) {
    if (const auto inode = socket_inode(link)) sockets.insert(*inode);
  });
  for (const int family : {AF_INET, AF_INET6})
    if (cause.empty()) cause = add_tcp_sockets(family, sockets, into);
  return cause;
}

}  // namespace tailrace::observe
