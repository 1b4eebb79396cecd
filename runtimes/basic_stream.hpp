// SPDX-License-Identifier: MIT
// The shape of a stream and of a listener, once for all runtimes. What differs is theirs:
// - the socket: what a runtime knows of a descriptor. It stays where it is; awaiters refer to it.
// - the handle: owns a socket, returns it by socket(), closes it by close() and when destroyed.
// - the awaiters, made from a socket: what an operation does, and when its task sleeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "runtimes/base/check.hpp"

namespace tailrace {

// The handle where one thread does everything: nobody can meet a closed socket by then.
template <class Socket>
class socket_owner {
 public:
  explicit socket_owner(Socket& owned) noexcept : socket_(&owned) {}

  void close() noexcept { socket_.reset(); }

 protected:
  Socket& socket() const noexcept {
    TAILRACE_DCHECK(socket_ != nullptr);
    return *socket_;
  }

 private:
  struct closing {
    void operator()(Socket* owned) const noexcept { owned->close(); }
  };
  std::unique_ptr<Socket, closing> socket_;  // null once closed or moved from
};

template <class Awaiter>
using result_of_await = decltype(std::declval<Awaiter&>().await_resume());

template <class Handle, class Receive, class Send>
class basic_stream final : public Handle {
 public:
  using lease_type = result_of_await<Receive>;
  using Handle::Handle;

  Receive receive() noexcept { return Receive(this->socket()); }
  Send send_all(std::span<const std::byte> bytes) noexcept { return Send(this->socket(), bytes); }
  // What was received, from the lease: a span made for the call would stay in the caller's frame
  // until the send has ended (g++ keeps there what an awaited call is given by value).
  Send send_all(const lease_type& received) noexcept {
    return Send(this->socket(), received.bytes());
  }
};

template <class Handle, class Accept>
class basic_listener final : public Handle {
 public:
  using stream_type = result_of_await<Accept>::value_type;
  using Handle::Handle;

  Accept accept() noexcept { return Accept(this->socket()); }
  std::uint16_t port() const noexcept { return this->socket().port(); }
};

}  // namespace tailrace
