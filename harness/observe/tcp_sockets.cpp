// SPDX-License-Identifier: MIT
// See tcp_sockets.hpp.
#include "harness/observe/tcp_sockets.hpp"

#include <fmt/format.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

namespace tailrace::observe {
namespace {

constexpr std::size_t reply_bytes_max = std::size_t{64} << 10;
constexpr const char* cut = "a sock_diag reply ends in the middle";

// What stands at the beginning; nullopt where there is less.
template <class Value>
std::optional<Value> front_of(std::span<const std::byte> bytes) {
  Value value{};
  if (bytes.size() < sizeof value) return std::nullopt;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::span<const std::byte> after(std::span<const std::byte> bytes, std::size_t count) {
  return bytes.subspan(std::min(count, bytes.size()));
}

using socket_memory = std::array<std::uint32_t, SK_MEMINFO_BACKLOG + 1>;

// Of one socket from its attributes; nullopt where it is cut or missing.
std::optional<socket_memory> memory_in(std::span<const std::byte> attributes) {
  while (const auto head = front_of<nlattr>(attributes)) {
    if (head->nla_len < sizeof *head || head->nla_len > attributes.size()) return std::nullopt;
    const auto value = attributes.first(head->nla_len).subspan(sizeof *head);
    if (head->nla_type == INET_DIAG_SKMEMINFO) return front_of<socket_memory>(value);
    attributes = after(attributes, NLA_ALIGN(head->nla_len));
  }
  return std::nullopt;
}

std::int64_t buffer_bytes(const socket_memory& of) {
  std::int64_t bytes = 0;
  for (const int part : {SK_MEMINFO_RMEM_ALLOC, SK_MEMINFO_FWD_ALLOC, SK_MEMINFO_WMEM_QUEUED,
                         SK_MEMINFO_OPTMEM, SK_MEMINFO_BACKLOG})
    bytes += of[static_cast<std::size_t>(part)];
  return bytes;
}

// include/net/sock.h, sk_stream_is_writeable(): a third of the limit has to be free.
bool is_full(const socket_memory& of) {
  const std::int64_t queued = of[SK_MEMINFO_WMEM_QUEUED];
  return std::int64_t{of[SK_MEMINFO_SNDBUF]} - queued < queued / 2;
}

bool ask(int link, int family) {
  struct {
    nlmsghdr head{};
    inet_diag_req_v2 body{};
  } request;
  request.head.nlmsg_len = sizeof request;
  request.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.sdiag_family = static_cast<std::uint8_t>(family);
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_ext = 1U << (INET_DIAG_SKMEMINFO - 1);
  request.body.idiag_states = ~0U;
  return ::send(link, &request, sizeof request, 0) >= 0;
}

std::string read_reply(int link, const inode_set& inodes, tcp_totals& into) {
  std::vector<std::byte> datagram(reply_bytes_max);
  for (;;) {
    const ssize_t count = ::recv(link, datagram.data(), datagram.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fmt::format("sock_diag: {}", std::strerror(errno));
    if (count == 0) return cut;
    const auto part =
        add_tcp_reply(std::span(datagram).first(static_cast<std::size_t>(count)), inodes, into);
    if (part.last || !part.cause.empty()) return part.cause;
  }
}

}  // namespace

reply_part add_tcp_reply(std::span<const std::byte> datagram, const inode_set& inodes,
                         tcp_totals& into) {
  while (!datagram.empty()) {
    const auto head = front_of<nlmsghdr>(datagram);
    if (!head || head->nlmsg_len < sizeof *head || head->nlmsg_len > datagram.size())
      return {false, cut};
    const auto body = datagram.first(head->nlmsg_len).subspan(sizeof *head);
    datagram = after(datagram, NLMSG_ALIGN(head->nlmsg_len));
    if (head->nlmsg_type == NLMSG_DONE) return {true, ""};
    if (head->nlmsg_type == NLMSG_ERROR) {
      const auto error = front_of<int>(body);
      return {false, error ? fmt::format("sock_diag: {}", std::strerror(-*error)) : cut};
    }
    if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY) continue;
    const auto socket = front_of<inet_diag_msg>(body);
    if (!socket) return {false, cut};
    if (!inodes.contains(socket->idiag_inode)) continue;
    const auto memory = memory_in(after(body, sizeof *socket));
    if (!memory) return {false, "a sock_diag reply lacks the memory of a socket"};
    ++into.sockets;
    into.buffer_bytes += buffer_bytes(*memory);
    into.full += is_full(*memory) ? 1 : 0;
  }
  return {false, ""};
}

std::string add_tcp_sockets(int family, const inode_set& inodes, tcp_totals& into) {
  if (inodes.empty()) return "";
  const int link = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (link < 0) return fmt::format("sock_diag: {}", std::strerror(errno));
  const timeval limit{2, 0};
  ::setsockopt(link, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::string cause = ask(link, family) ? read_reply(link, inodes, into)
                                        : fmt::format("sock_diag: {}", std::strerror(errno));
  ::close(link);
  return cause;
}

}  // namespace tailrace::observe
