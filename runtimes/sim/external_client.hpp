// SPDX-License-Identifier: MIT
// A client of a simulation from another thread, with the calls of a blocking socket. For runs with
// options.external. Every wait gives up by exception after `patience`.
#pragma once

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "runtimes/sim/clock.hpp"
#include "runtimes/sim/runtime.hpp"

namespace tailrace::sim {

class external_client {
 public:
  static constexpr std::chrono::seconds patience{30};

  external_client(runtime& simulation, std::uint16_t port) : network_(simulation.shared_network()) {
    const std::lock_guard lock(network_->mutex());
    auto connected = network_->connect(port);
    if (!connected) throw std::system_error(connected.error(), std::system_category(), "connect");
    socket_ = std::move(*connected);
    network_->poke();
  }
  external_client(external_client&& other) noexcept
      : network_(std::move(other.network_)), socket_(std::exchange(other.socket_, {})) {}
  external_client& operator=(external_client&& other) noexcept {
    std::swap(network_, other.network_);
    std::swap(socket_, other.socket_);
    return *this;
  }
  ~external_client() { close(); }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t count = send_within(bytes, patience);
      if (count == 0) throw std::runtime_error("no room to send for too long");
      bytes.remove_prefix(count);
    }
  }
  // 0 once nothing has fitted for a while.
  std::size_t send_what_fits(std::string_view bytes) {
    return send_within(bytes, std::chrono::milliseconds(200));
  }

  // count bytes, or fewer when the server ended the stream before.
  std::string receive(std::size_t count) {
    std::string got(count, '\0');
    std::size_t filled = 0;
    std::unique_lock lock(network_->mutex());
    while (filled < count) {
      const auto into = std::as_writable_bytes(std::span(got).subspan(filled));
      const io_result received = network_->receive(socket_, into);
      if (received.error() == EAGAIN) {
        if (!wait(lock, patience)) throw std::runtime_error("nothing received for too long");
        continue;
      }
      require(received, "receive");
      network_->poke();
      if (received.count() == 0) break;
      filled += received.count();
    }
    got.resize(filled);
    return got;
  }

  bool ended_within(std::chrono::milliseconds limit) {
    std::unique_lock lock(network_->mutex());
    const auto ended = [&] {
      return socket_.link->reset || (socket_.in().ended && socket_.in().size() == 0);
    };
    return ended() || (wait(lock, limit) && ended());
  }

  void end() {
    const std::lock_guard lock(network_->mutex());
    network_->end(socket_);
    network_->poke();
  }
  void close() noexcept {
    if (socket_.link == nullptr) return;
    const std::lock_guard lock(network_->mutex());
    network_->close(std::exchange(socket_, {}));
    network_->poke();
  }
  void reset() {
    {
      const std::lock_guard lock(network_->mutex());
      network_->reset(socket_);
    }
    close();
  }

 private:
  std::size_t send_within(std::string_view bytes, std::chrono::milliseconds limit) {
    std::unique_lock lock(network_->mutex());
    for (;;) {
      const io_result sent = network_->send(socket_, std::as_bytes(std::span(bytes)));
      if (sent.error() == EAGAIN) {
        if (!wait(lock, limit)) return 0;
        continue;
      }
      require(sent, "send");
      network_->poke();
      return sent.count();
    }
  }
  bool wait(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds limit) {
    return network_->changed().wait_for(lock, limit) == std::cv_status::no_timeout;
  }
  static void require(io_result result, const char* what) {
    if (!result.ok()) throw std::system_error(result.error(), std::system_category(), what);
  }

  std::shared_ptr<sim::network> network_;
  socket socket_;
};

}  // namespace tailrace::sim
