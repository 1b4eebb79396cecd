// SPDX-License-Identifier: MIT
#include "runtimes/sim/stream.hpp"

#include <algorithm>
#include <array>
#include <mutex>

namespace tailrace::sim {

void stream_socket::close() noexcept {
  for (socket_operation* const op : {in().receiver, out().sender})
    if (op != nullptr) owner.cancel(*op->node);
  {
    const std::lock_guard lock(owner.network().mutex());
    owner.network().close(*this);
  }
  delete this;
}

void listening_socket::close() noexcept {
  sim::network& network = owner.network();
  if (socket_operation* const pending = network.at(number).acceptor) owner.cancel(*pending->node);
  {
    const std::lock_guard lock(network.mutex());
    network.unlisten(number);
  }
  delete this;
}

void client_end::end() noexcept {
  sim::network& network = socket().owner.network();
  const std::lock_guard lock(network.mutex());
  network.end(socket());
}

void client_end::reset() noexcept {
  {
    sim::network& network = socket().owner.network();
    const std::lock_guard lock(network.mutex());
    network.reset(socket());
  }
  close();
}

void socket_operation::wait() {
  TAILRACE_CHECK(place() == nullptr);  // one task at a time in each direction
  place() = this;
}

bool socket_operation::leave() noexcept {
  place() = nullptr;
  machine_.network().forget(*this);
  return true;
}

bool receive_awaiter::attempt() {
  std::array<std::byte, pipe::capacity> buffer;
  sim::network& network = machine_.network();
  if (machine_.chance(machine_.faults().reset)) network.reset(from_);
  const std::size_t there = from_.in().size();
  const std::size_t limit =
      there == 0 ? buffer.size() : machine_.piece(there, machine_.faults().short_receive);
  const io_result received = network.receive(from_, std::span(buffer).first(limit));
  if (received.error() == EAGAIN) return false;
  if (received.count() == 0) {
    lease_ = lease(received);
  } else {
    auto* const bytes = new std::byte[received.count()];
    std::copy_n(buffer.begin(), received.count(), bytes);
    lease_ = lease(bytes, received);
  }
  return true;
}

bool send_awaiter::attempt() {
  sim::network& network = machine_.network();
  if (machine_.chance(machine_.faults().reset)) network.reset(to_);
  for (;;) {
    const auto left = bytes_.subspan(sent_);
    const std::size_t count = machine_.piece(left.size(), machine_.faults().short_send);
    const io_result sent = network.send(to_, left.first(count));
    sent_ += sent.count();
    if (sent.ok() && sent_ < bytes_.size()) {
      if (count == left.size()) continue;
      network.wake(to_.out().sender);  // Short: the rest goes out in a later turn.
      return false;
    }
    if (sent.error() == EAGAIN) return false;
    result_ = sent.ok() ? io_result::of_count(sent_) : sent;
    return true;
  }
}

void send_awaiter::wait() {
  socket_operation::wait();
  if (to_.out().room() != 0) machine_.network().wake(this);
}

bool accept_awaiter::attempt() {
  sim::network& network = machine_.network();
  if (!network.at(from_.number).backlog.empty() &&
      machine_.chance(machine_.faults().refused_accept))
    accepted_ = std::unexpected(EMFILE);
  else
    accepted_ = network.accept(from_.number);
  if (!accepted_ && accepted_.error() == EAGAIN) return false;
  return true;
}

}  // namespace tailrace::sim
