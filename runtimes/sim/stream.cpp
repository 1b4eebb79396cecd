// SPDX-License-Identifier: MIT
#include "runtimes/sim/stream.hpp"

#include <array>

namespace tailrace::sim {

bool receive_awaiter::attempt() {
  std::array<std::byte, pipe::capacity> buffer;
  sim::network& network = runtime_.network();
  if (runtime_.chance(runtime_.faults().reset)) network.reset(from_);
  const std::size_t there = from_.in().size();
  const std::size_t limit =
      there == 0 ? buffer.size() : runtime_.piece(there, runtime_.faults().short_receive);
  const io_result received = network.receive(from_, std::span(buffer).first(limit));
  if (received.error() == EAGAIN) return false;
  from_.in().receiver = nullptr;
  if (received.count() == 0)
    lease_ = lease(received);
  else
    lease_ = lease(std::span<const std::byte>(buffer).first(received.count()));
  return true;
}

void receive_awaiter::wait() {
  TAILRACE_CHECK(from_.in().receiver == nullptr);
  from_.in().receiver = this;
}

bool send_awaiter::attempt() {
  sim::network& network = runtime_.network();
  if (runtime_.chance(runtime_.faults().reset)) network.reset(to_);
  for (;;) {
    const auto left = bytes_.subspan(sent_);
    const std::size_t count = runtime_.piece(left.size(), runtime_.faults().short_send);
    const io_result sent = network.send(to_, left.first(count));
    sent_ += sent.count();
    if (sent.ok() && sent_ < bytes_.size()) {
      if (count == left.size()) continue;
      network.wake(to_.out().sender);  // Short: the rest goes out in a later turn.
      return false;
    }
    if (sent.error() == EAGAIN) return false;
    to_.out().sender = nullptr;
    result_ = sent.ok() ? io_result::of_count(sent_) : sent;
    return true;
  }
}

void send_awaiter::wait() {
  TAILRACE_CHECK(to_.out().sender == nullptr);
  to_.out().sender = this;
  if (to_.out().room() != 0) runtime_.network().wake(this);
}

bool accept_awaiter::attempt() {
  sim::network& network = runtime_.network();
  if (!network.at(port_).backlog.empty() && runtime_.chance(runtime_.faults().refused_accept))
    accepted_ = std::unexpected(EMFILE);
  else
    accepted_ = network.accept(port_);
  if (!accepted_ && accepted_.error() == EAGAIN) return false;
  network.at(port_).acceptor = nullptr;
  return true;
}

void accept_awaiter::wait() {
  TAILRACE_CHECK(runtime_.network().at(port_).acceptor == nullptr);
  runtime_.network().at(port_).acceptor = this;
}

void listener::close() noexcept {
  const std::uint16_t port = std::exchange(port_, std::uint16_t{0});
  if (port == 0) return;
  sim::network& network = runtime_->network();
  if (operation* const pending = network.at(port).acceptor) runtime_->cancel(*pending->node);
  const std::lock_guard lock(network.mutex());
  network.unlisten(port);
}

}  // namespace tailrace::sim
