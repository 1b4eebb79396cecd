// SPDX-License-Identifier: MIT
// See test_server.hpp.
#include "harness/load/tests/test_server.hpp"

#include <chrono>
#include <span>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "runtimes/base/sys.hpp"

namespace tailrace::load {
namespace {

using scripted::bytes_view;
using scripted::connection;
using scripted::server;

class misbehaving final : public scripted::script {
 public:
  explicit misbehaving(server_behaviour wanted) : behaviour_(std::move(wanted)) {}

  std::size_t read_bytes_max() const override { return behaviour_.receive_bytes; }
  std::size_t send_bytes_max() const override {
    return behaviour_.piece_bytes > 0 ? behaviour_.piece_bytes : script::send_bytes_max();
  }

  void on_data(server& on, connection& from, bytes_view bytes) override {
    total_ += bytes.size();
    if (total_ >= behaviour_.die_at_total) return on.vanish();
    if (total_ >= behaviour_.pause_at_total && !std::exchange(paused_, true))
      std::this_thread::sleep_for(std::chrono::nanoseconds(behaviour_.pause_ns));
    if (from.received >= behaviour_.reset_at) return on.reset(from);
    if (from.received - bytes.size() >= behaviour_.stall_at) return;
    std::string answer =
        answer_to(from, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    if (from.received >= behaviour_.close_at) {
      answer.resize(answer.size() / 2);
      from.ended = true;  // closes once all is sent
    }
    if (crosses(from, bytes.size(), behaviour_.extra_at)) answer += "abc";
    const auto delay_ns =
        static_cast<std::uint64_t>(from.ended ? behaviour_.end_delay_ns : behaviour_.delay_ns);
    if (delay_ns > 0)
      on.reply_at(server::now_ns() + delay_ns, from, std::as_bytes(std::span(answer)));
    else
      on.reply(from, std::as_bytes(std::span(answer)));
  }

 private:
  // An offset is among the last `count` bytes that came.
  static bool crosses(const connection& from, std::size_t count, std::uint64_t at) {
    return from.received - count <= at && at < from.received;
  }

  std::string next_http_answer(connection& from) {
    std::uint64_t& answered = http_answered_[from.serial];
    const bool unanswered = behaviour_.http_ends == http_end::unanswered;
    if (http_total_++ >= behaviour_.hang_up_after ||
        (unanswered && answered == behaviour_.http_answers))
      from.ended = true;
    if (from.ended || answered == behaviour_.http_answers) return {};
    if (++answered < behaviour_.http_answers || unanswered) return behaviour_.http_answer;
    from.ended = behaviour_.http_ends != http_end::announced_only;
    const bool silent = behaviour_.http_ends == http_end::silent;
    return silent ? behaviour_.http_answer : behaviour_.http_last_answer;
  }

  std::string answer_to(connection& from, std::string bytes) {
    if (crosses(from, bytes.size(), behaviour_.wrong_at))
      bytes[behaviour_.wrong_at - (from.received - bytes.size())] ^= 0x20;
    std::string& held = held_[from.serial];
    if (!behaviour_.http_answer.empty()) {
      held += bytes;
      bytes.clear();
      for (auto end = held.find("\r\n\r\n"); end != std::string::npos;
           end = held.find("\r\n\r\n")) {
        held.erase(0, end + 4);
        bytes += next_http_answer(from);
      }
    } else if (behaviour_.hold_bytes > 0) {
      held += bytes;
      bytes.clear();
      if (held.size() >= behaviour_.hold_bytes) std::swap(bytes, held);
    }
    return bytes;
  }

  server_behaviour behaviour_;
  std::uint64_t total_ = 0;
  bool paused_ = false;
  std::uint64_t http_total_ = 0;
  std::unordered_map<std::uint64_t, std::uint64_t> http_answered_;  // by serial
  std::unordered_map<std::uint64_t, std::string> held_;             // by serial
};

}  // namespace

test_server::test_server(const server_behaviour& wanted) {
  auto listener = sys::listen_on({.host = "0.0.0.0", .port = 0, .shared = false}, false);
  if (!listener) throw std::runtime_error(listener.error().message);
  address_ = "127.0.0.1:" + std::to_string(sys::local_port(listener->get()));
  server_ = std::make_unique<server>(listener->release(), std::make_unique<misbehaving>(wanted),
                                     scripted::faults{.closes_after = wanted.closes_after});
  thread_ = std::thread([this] { server_->run(); });
}

test_server::~test_server() {
  server_->stop();
  thread_.join();
}

}  // namespace tailrace::load
