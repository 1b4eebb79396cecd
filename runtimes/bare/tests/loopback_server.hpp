// SPDX-License-Identifier: MIT
// A listening socket on loopback and clients of it, for tests of the floors' loops.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>

namespace tailrace {

class loopback_server : public testing::Test {
 protected:
  loopback_server() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 1024), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }

  // receive_bytes: of the socket's buffer, where not 0.
  int connected(int receive_bytes = 0) const {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{20, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (receive_bytes != 0)
      ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    sockaddr_in address = loopback(port_);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return descriptor;
  }

  // Work that a ring leaves to the thread that opened it interrupts that thread's calls.
  static void send_all(int descriptor, const std::string& text) {
    for (std::size_t sent = 0; sent < text.size();) {
      const ssize_t count =
          ::send(descriptor, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      ASSERT_GT(count, 0) << "after " << sent << " bytes";
      sent += static_cast<std::size_t>(count);
    }
  }

  // Fewer bytes at the end of the stream, and where none come for the patience of the socket.
  static std::string received(int descriptor, std::size_t size) {
    std::string back(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const ssize_t count = ::recv(descriptor, back.data() + got, size - got, 0);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      got += static_cast<std::size_t>(count);
    }
    back.resize(got);
    return back;
  }

  static std::string echoed(int descriptor, const std::string& text) {
    send_all(descriptor, text);
    return received(descriptor, text.size());
  }

  // Bytes that tell every place apart from its neighbours.
  static std::string pattern(std::size_t size, unsigned seed = 0) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
      text[i] = static_cast<char>((i * 31 + (i >> 8) * 7 + seed) & 0xff);
    return text;
  }

  int listener_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace tailrace
