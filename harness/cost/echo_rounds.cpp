// SPDX-License-Identifier: MIT
// See echo_rounds.hpp.
#include "harness/cost/echo_rounds.hpp"

#include <ranges>

#include "harness/load/file_limit.hpp"
#include "harness/load/resolve.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace::cost {

using load::simple_client;

echo_rounds::echo_rounds(const std::string& address, std::size_t message_bytes, double step_limit_s)
    : endpoint_(load::resolve_endpoint(address, step_limit_s)), message_bytes_(message_bytes) {
  patience_.connect_s = patience_.step_s = step_limit_s;
  patience_.look = session::throw_if_interrupted;
}

void echo_rounds::open(std::uint32_t connections) {
  load::make_room_for_connections(connections);
  while (clients_.size() < connections) {
    const auto number = static_cast<std::uint32_t>(clients_.size());
    clients_.emplace_back(endpoint_, number, patience_, simple_client::ending::reset,
                          load::source_addresses_for(number) - 1);
  }
}

void echo_rounds::round() {
  send_all();
  for (simple_client& each : clients_ | std::views::reverse)
    each.collect();
}

void echo_rounds::rounds(std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    round();
}

void echo_rounds::echo_each_from(std::size_t first) {
  for (simple_client& each : clients_ | std::views::drop(first))
    each.echo(message_bytes_);
}

void echo_rounds::send_all() {
  for (simple_client& each : clients_)
    each.send(message_bytes_);
}

bool echo_rounds::collect() {
  for (simple_client& each : clients_ | std::views::reverse)
    if (!each.take()) return false;
  return true;
}

int echo_rounds::awaited_descriptor() const {
  for (const simple_client& each : clients_ | std::views::reverse)
    if (each.received() < each.sent()) return each.descriptor();
  return -1;
}

std::int64_t echo_rounds::operations() const {
  std::uint64_t bytes = 0;
  for (const simple_client& each : clients_)
    bytes += each.received() / message_bytes_ * message_bytes_;
  return static_cast<std::int64_t>(bytes / message_bytes_);
}

}  // namespace tailrace::cost
