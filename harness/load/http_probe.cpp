// SPDX-License-Identifier: MIT
// See http_probe.hpp.
#include "harness/load/http_probe.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "harness/load/http_answer.hpp"
#include "harness/observe/clock.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::load {
namespace {

refusal no_http(const endpoint& server, const std::string& why) {
  return {"cannot use " + server.text + " with --http: " + why,
          "the server must answer GET with HTTP/1.1 (or 1.0) 200 and a Content-Length"};
}

struct learnt {
  std::size_t bytes;  // of head and body
  http_shape shape;
};

// What the answer is like, when its head is complete.
std::optional<learnt> learn(const endpoint& server, const std::string& got) {
  const auto end = got.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  const http_head head = read_http_head(std::string_view(got).substr(0, end + 4));
  if (!head.status_line.starts_with("HTTP/1.1 200") &&
      !head.status_line.starts_with("HTTP/1.0 200"))
    throw no_http(server, "its answer is not HTTP/1.1 (or 1.0) 200");
  if (!head.body_bytes) throw no_http(server, "its answer has no Content-Length");
  if (*head.body_bytes > message_format::bytes_max)
    throw no_http(server, "its answer exceeds 1 MiB");
  return learnt{end + 4 + *head.body_bytes, {std::string(head.status_line), *head.body_bytes}};
}

struct socket_owner {
  int fd;
  ~socket_owner() { ::close(fd); }
};

}  // namespace

message_format learn_http_answer(const endpoint& server, const std::string& path,
                                 double timeout_s) {
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + server.text + "\r\n\r\n";
  const int fd = begin_connect(server, 0);
  if (fd < 0)
    throw refusal("cannot connect to " + server.text + ": " + errno_name(-fd),
                  "is the server running there?");
  const socket_owner owner{fd};
  const std::int64_t deadline =
      observe::monotonic_ns() + static_cast<std::int64_t>(timeout_s * 1e9);
  std::string got;
  bool sent = false;
  for (;;) {
    pollfd watched{fd, static_cast<short>(sent ? POLLIN : POLLOUT), 0};
    const std::int64_t left_ms = (deadline - observe::monotonic_ns()) / observe::ns_per_ms;
    if (left_ms <= 0) throw no_http(server, "no complete answer in time");
    if (::poll(&watched, 1, static_cast<int>(left_ms)) <= 0) continue;
    if (!sent) {
      const int error = connect_outcome(fd);
      if (error != 0)
        throw refusal("cannot connect to " + server.text + ": " + errno_name(error),
                      "is the server running there?");
      sent = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(request.size());
      continue;
    }
    char buffer[16384];
    const ssize_t count = ::recv(fd, buffer, sizeof buffer, 0);
    if (count == 0) throw no_http(server, "it closed the connection");
    if (count < 0 && errno != EAGAIN && errno != EINTR) throw no_http(server, errno_name(errno));
    if (count > 0) got.append(buffer, static_cast<std::size_t>(count));
    if (got.size() > 2 * message_format::bytes_max) throw no_http(server, "its head has no end");
    const auto answer = learn(server, got);
    if (!answer || got.size() < answer->bytes) continue;
    if (got.size() > answer->bytes) throw no_http(server, "it sends more than its Content-Length");
    return message_format::http(request, answer->bytes, answer->shape);
  }
}

}  // namespace tailrace::load
