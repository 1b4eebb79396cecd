// SPDX-License-Identifier: MIT
// Connected streams and listeners of the simulator. One thread: that of their runtime.
#pragma once

#include <algorithm>
#include <coroutine>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "runtimes/base/io_result.hpp"
#include "runtimes/sim/runtime.hpp"

namespace tailrace::sim {

// Received bytes in a block of exactly their size, so that a sanitizer sees any byte too far and
// any use after the lease died.
class lease {
 public:
  lease() noexcept = default;
  explicit lease(io_result status) noexcept : status_(status) {}
  explicit lease(std::span<const std::byte> bytes)
      : bytes_(new std::byte[bytes.size()]), status_(io_result::of_count(bytes.size())) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
  }
  io_result status() const noexcept { return status_; }
  std::span<const std::byte> bytes() const noexcept { return {bytes_.get(), status_.count()}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  io_result status_;
};

// What the awaiters have in common: how an await begins.
class socket_operation : protected operation {
 public:
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    handle = self;
    bool cancelled = false;
    const bool suspended = runtime_.begin(*this, self.promise().node(), cancelled);
    if (cancelled) set_cancelled();
    return suspended;
  }

 protected:
  explicit socket_operation(runtime& owner) noexcept : runtime_(owner) {}
  ~socket_operation() = default;
  virtual void set_cancelled() = 0;

  runtime& runtime_;
};

class receive_awaiter final : public socket_operation {
 public:
  receive_awaiter(runtime& owner, const socket& from) noexcept
      : socket_operation(owner), from_(from) {}
  lease await_resume() noexcept { return std::move(lease_); }

 private:
  bool attempt() override;
  void wait() override;
  void abandon() override {
    from_.in().receiver = nullptr;
    set_cancelled();
  }
  void set_cancelled() override { lease_ = lease(io_result::of_error(ECANCELED)); }

  socket from_;
  lease lease_;
};

class send_awaiter final : public socket_operation {
 public:
  send_awaiter(runtime& owner, const socket& to, std::span<const std::byte> bytes) noexcept
      : socket_operation(owner), to_(to), bytes_(bytes) {}
  io_result await_resume() const noexcept { return result_; }

 private:
  bool attempt() override;
  void wait() override;
  void abandon() override {
    to_.out().sender = nullptr;
    set_cancelled();
  }
  void set_cancelled() override { result_ = io_result::of_error(ECANCELED); }

  socket to_;
  std::span<const std::byte> bytes_;
  std::size_t sent_ = 0;
  io_result result_;
};

class stream final {
 public:
  using lease_type = lease;

  stream(runtime& owner, socket connected) noexcept
      : runtime_(&owner), socket_(std::move(connected)) {}
  stream(stream&& other) noexcept
      : runtime_(other.runtime_), socket_(std::exchange(other.socket_, {})) {}
  stream& operator=(stream&& other) noexcept {
    std::swap(runtime_, other.runtime_);
    std::swap(socket_, other.socket_);
    return *this;
  }
  ~stream() { close(); }

  receive_awaiter receive() noexcept { return {*runtime_, socket_}; }
  send_awaiter send_all(std::span<const std::byte> bytes) noexcept {
    return {*runtime_, socket_, bytes};
  }
  void close() noexcept {
    if (socket_.link != nullptr) runtime_->close(std::exchange(socket_, {}));
  }

  // For clients: the end of what they send, and a connection torn down.
  void end() {
    const std::lock_guard lock(runtime_->network().mutex());
    runtime_->network().end(socket_);
  }
  void reset() {
    {
      const std::lock_guard lock(runtime_->network().mutex());
      runtime_->network().reset(socket_);
    }
    close();
  }

 private:
  runtime* runtime_;
  socket socket_;  // no link once closed
};

class accept_awaiter final : public socket_operation {
 public:
  accept_awaiter(runtime& owner, std::uint16_t port) noexcept
      : socket_operation(owner), port_(port) {}
  std::expected<stream, int> await_resume() {
    if (!accepted_) return std::unexpected(accepted_.error());
    return stream(runtime_, std::move(*accepted_));
  }

 private:
  bool attempt() override;
  void wait() override;
  void abandon() override {
    runtime_.network().at(port_).acceptor = nullptr;
    set_cancelled();
  }
  void set_cancelled() override { accepted_ = std::unexpected(ECANCELED); }

  std::uint16_t port_;
  std::expected<socket, int> accepted_ = std::unexpected(0);
};

class listener final {
 public:
  using stream_type = stream;

  listener(runtime& owner, std::uint16_t port) noexcept : runtime_(&owner), port_(port) {}
  listener(listener&& other) noexcept
      : runtime_(other.runtime_), port_(std::exchange(other.port_, 0)) {}
  listener& operator=(listener&& other) noexcept {
    std::swap(runtime_, other.runtime_);
    std::swap(port_, other.port_);
    return *this;
  }
  ~listener() { close(); }

  accept_awaiter accept() noexcept { return {*runtime_, port_}; }
  std::uint16_t port() const noexcept { return port_; }
  void close() noexcept;

 private:
  runtime* runtime_;
  std::uint16_t port_;  // 0 once closed
};

}  // namespace tailrace::sim
