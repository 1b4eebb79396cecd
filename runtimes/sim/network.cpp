// SPDX-License-Identifier: MIT
#include "runtimes/sim/network.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtimes/base/check.hpp"
#include "runtimes/sim/stream.hpp"

namespace tailrace::sim {

void pipe::put(std::span<const std::byte> bytes) {
  TAILRACE_CHECK_VALUES(bytes.size() <= room(), bytes.size(), room());
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void pipe::take(std::span<std::byte> into) {
  TAILRACE_CHECK_VALUES(into.size() <= size(), into.size(), size());
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(taken_), into.size(), into.begin());
  taken_ += into.size();
  if (taken_ < capacity && taken_ != bytes_.size()) return;
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
}

std::expected<std::uint16_t, int> network::listen(std::uint16_t port) {
  while (port == 0) {
    if (!ports_.contains(next_port_)) port = next_port_;
    ++next_port_;
  }
  if (!ports_.try_emplace(port).second) return std::unexpected(EADDRINUSE);
  return port;
}

void network::unlisten(std::uint16_t port) {
  auto node = ports_.extract(port);
  for (const auto& waiting : node.mapped().backlog)
    reset(socket{waiting, 1});
}

std::expected<socket, int> network::connect(std::uint16_t port) {
  const auto found = ports_.find(port);
  if (found == ports_.end()) return std::unexpected(ECONNREFUSED);
  auto link = std::make_shared<connection>();
  found->second.backlog.push_back(link);
  wake(found->second.acceptor);
  return socket{std::move(link), 0};
}

std::expected<socket, int> network::accept(std::uint16_t port) {
  port_state& state = at(port);
  if (state.backlog.empty()) return std::unexpected(EAGAIN);
  if (refuses_accepts) return std::unexpected(EMFILE);
  socket accepted{std::move(state.backlog.front()), 1};
  state.backlog.pop_front();
  return accepted;
}

io_result network::receive(const socket& from, std::span<std::byte> into) {
  pipe& in = from.in();
  if (from.link->reset) return io_result::of_error(ECONNRESET);
  if (in.size() == 0) return in.ended ? io_result::of_count(0) : io_result::of_error(EAGAIN);
  const std::size_t count = std::min(into.size(), in.size());
  in.take(into.first(count));
  wake(in.sender);
  return io_result::of_count(count);
}

io_result network::send(const socket& to, std::span<const std::byte> bytes) {
  pipe& out = to.out();
  if (to.link->reset) return io_result::of_error(ECONNRESET);
  if (bytes.empty()) return io_result::of_count(0);
  if (to.link->closed[1 - to.side]) {
    reset(to);
    return io_result::of_error(EPIPE);
  }
  const std::size_t count = std::min(bytes.size(), out.room());
  if (count == 0) return io_result::of_error(EAGAIN);
  out.put(bytes.first(count));
  wake(out.receiver);
  return io_result::of_count(count);
}

void network::end(const socket& of) {
  of.out().ended = true;
  wake(of.out().receiver);
}

void network::reset(const socket& of) {
  of.link->reset = true;
  wake_all(*of.link);
}

void network::close(const socket& of) {
  of.link->closed[of.side] = true;
  if (of.in().size() != 0) return reset(of);
  of.out().ended = true;
  wake_all(*of.link);
}

void network::wake_all(connection& link) {
  for (pipe& direction : link.directions) {
    wake(direction.receiver);
    wake(direction.sender);
  }
}

void network::wake(socket_operation* waiting) {
  changed_.notify_all();
  if (waiting == nullptr || waiting->woken) return;
  waiting->woken = true;
  woken_.push_back(waiting);
}

void network::forget(socket_operation& waiting) noexcept {
  if (std::exchange(waiting.woken, false)) std::erase(woken_, &waiting);
}

std::vector<socket_operation*> network::take_woken() {
  for (socket_operation* const op : woken_)
    op->woken = false;
  return std::exchange(woken_, {});
}

}  // namespace tailrace::sim
