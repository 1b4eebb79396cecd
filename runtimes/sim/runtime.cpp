// SPDX-License-Identifier: MIT
#include "runtimes/sim/runtime.hpp"

#include <cerrno>
#include <mutex>
#include <utility>

namespace tailrace::sim {
namespace {

thread_local runtime* inside = nullptr;

}  // namespace

runtime* runtime::current() noexcept {
  return inside;
}

void runtime::run(task<void> main) {
  runtime* const outer = std::exchange(inside, options_.external ? inside : this);
  scope<runtime> main_scope(*this);
  main_ = &main_scope;
  main_scope.spawn(std::move(main));
  while (main_scope.live() != 0)
    turn();
  main_ = nullptr;
  inside = outer;
  main_scope.rethrow_first_failure();
}

void runtime::request_stop() noexcept {
  const std::lock_guard lock(network().mutex());
  ask_to_stop();
  network().poke();
}

std::expected<listener, start_error> runtime::listen(const endpoint& where) {
  const auto refused = [&](int error, const char* why) {
    std::string message = "sim: listen on " + where.host + ":" + std::to_string(where.port) + why;
    return std::unexpected(start_error{error, std::move(message)});
  };
  if (where.host.find_first_not_of("0123456789.") != std::string::npos)
    return refused(EINVAL, ": not an IPv4 address such as 127.0.0.1");
  if (!where.host.starts_with("127.") && where.host != "0.0.0.0")
    return refused(EADDRNOTAVAIL, ": the simulated machine has 127.0.0.0/8 only");
  const std::lock_guard lock(network().mutex());
  const auto port = network().listen(where.port);
  if (!port) return refused(port.error(), ": in use; choose another, or 0 for any");
  return listener(*new listening_socket{*this, *port});
}

std::expected<stream, int> runtime::connect(std::uint16_t port) {
  const std::lock_guard lock(network().mutex());
  auto connected = network().connect(port);
  if (!connected) return std::unexpected(connected.error());
  return stream(*new stream_socket{std::move(*connected), *this});
}

}  // namespace tailrace::sim
