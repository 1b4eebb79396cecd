// SPDX-License-Identifier: MIT
// See hold.hpp.
#include "harness/load/hold.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/load/clock.hpp"
#include "harness/load/connector.hpp"
#include "harness/load/file_limit.hpp"
#include "harness/load/message.hpp"
#include "harness/load/start_failure.hpp"
#include "harness/load/thread_pin.hpp"

namespace tailrace::load {
namespace {

constexpr std::size_t command_bytes_max = 256;
constexpr std::uint32_t connections_max = 1'000'000;

class holder {
 public:
  holder(const load_options& options, const std::atomic<bool>& stop)
      : options_(options),
        stop_(stop),
        endpoints_(resolve_endpoints(options.connect)),
        format_(message_format::echo(options.message_bytes, options.seed)),
        epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_fd_ < 0)
      throw start_failure("the kernel refused an epoll descriptor: " + errno_name(errno),
                          "raise the limit of open files (ulimit -n)");
  }
  ~holder() {
    close_all(connections_);
    ::close(epoll_fd_);
  }
  holder(const holder&) = delete;
  holder& operator=(const holder&) = delete;

  [[nodiscard]] std::size_t open_count() const noexcept { return connections_.size(); }

  void open(std::uint32_t wanted);
  void close() {
    close_all(connections_);
    connections_.clear();
  }
  // Sends one message on each and leaves the answers.
  void send_on_each() {
    for (auto& one : connections_)
      send(one);
  }
  // Reads and compares every outstanding answer.
  void receive_on_each() {
    for (auto& one : connections_)
      receive(one);
  }
  // One connection after the other, so that the server never holds more than one message.
  void echo_on_each() {
    for (auto& one : connections_) {
      send(one);
      receive(one);
    }
  }

 private:
  void wait_until(const connection& on, short events, std::int64_t deadline) const;
  [[noreturn]] void fail(const connection& on, const std::string& why) const;
  void send(connection& to);
  void receive(connection& from);
  [[nodiscard]] std::int64_t deadline() const {
    return now_ns() + static_cast<std::int64_t>(options_.timeout_s * 1e9);
  }

  const load_options& options_;
  const std::atomic<bool>& stop_;
  std::vector<endpoint> endpoints_;
  message_format format_;
  int epoll_fd_;
  std::vector<connection> connections_;
  std::vector<char> buffer_ = std::vector<char>(message_format::bytes_max);
};

void holder::open(std::uint32_t wanted) {
  make_room_for_connections(wanted);
  while (connections_.size() > wanted) {
    ::close(connections_.back().fd);
    connections_.pop_back();
  }
  const std::size_t first = connections_.size();
  connections_.resize(wanted);
  for (std::size_t i = first; i < wanted; ++i)
    connections_[i].number = i;
  connector opener(
      epoll_fd_, {.endpoints = &endpoints_,
                  .source_addresses = options_.source_addresses > 0 ? options_.source_addresses
                                                                    : source_addresses_for(wanted),
                  .rate_per_s = options_.connect_rate_per_s,
                  .timeout_s = options_.connect_timeout_s,
                  .stop = &stop_});
  histogram connect_times;
  try {
    opener.open(connections_, first, connect_times);
  } catch (const start_failure&) {
    const auto established = [](const connection& one) { return one.alive; };
    for (auto& one : connections_)
      if (!established(one) && one.fd >= 0) ::close(one.fd);
    std::erase_if(connections_, [&](const connection& one) { return !established(one); });
    throw;
  }
}

void holder::fail(const connection& on, const std::string& why) const {
  throw start_failure(fmt::format("connection {}: {}", on.number + 1, why),
                      "close and open again; is the server well?");
}

void holder::wait_until(const connection& on, short events, std::int64_t deadline) const {
  pollfd watched{on.fd, events, 0};
  const std::int64_t left_ms = (deadline - now_ns()) / ns_per_ms;
  // relaxed: only the flag itself is communicated.
  if (stop_.load(std::memory_order_relaxed)) fail(on, "interrupted");
  if (left_ms <= 0) fail(on, fmt::format("no answer within {:g} s", options_.timeout_s));
  if (::poll(&watched, 1, static_cast<int>(left_ms)) < 0 && errno != EINTR)
    fail(on, errno_name(errno));
}

void holder::send(connection& to) {
  const std::int64_t until = deadline();
  ++to.planned;
  while (to.whole_sent < to.planned) {
    const std::size_t count = format_.request_bytes() - to.sent_offset;
    format_.write_request(buffer_.data(), to.number, to.whole_sent, to.sent_offset, count);
    const ssize_t sent = ::send(to.fd, buffer_.data(), count, MSG_NOSIGNAL);
    if (sent > 0) {
      to.sent_offset += static_cast<std::size_t>(sent);
      if (to.sent_offset < format_.request_bytes()) continue;
      to.sent_offset = 0;
      ++to.whole_sent;
    } else if (errno == EAGAIN) {
      wait_until(to, POLLOUT, until);
    } else if (errno != EINTR) {
      fail(to, errno_name(errno));
    }
  }
}

void holder::receive(connection& from) {
  const std::int64_t until = deadline();
  while (from.answered < from.whole_sent) {
    const std::size_t missing = format_.answer_bytes() - from.answer_offset;
    const ssize_t got = ::recv(from.fd, buffer_.data(), missing, 0);
    if (got > 0) {
      const auto count = static_cast<std::size_t>(got);
      if (!format_.matches(buffer_.data(), from.number, from.answered, from.answer_offset, count))
        fail(from, "wrong bytes came back");
      from.answer_offset += count;
      if (from.answer_offset < format_.answer_bytes()) continue;
      from.answer_offset = 0;
      ++from.answered;
    } else if (got == 0) {
      fail(from, "the server closed it");
    } else if (errno == EAGAIN) {
      wait_until(from, POLLIN, until);
    } else if (errno != EINTR) {
      fail(from, errno_name(errno));
    }
  }
}

using nlohmann::json;

void answer(std::FILE* out, const json& object) {
  fmt::print(out, "{}\n", object.dump(-1, ' ', true, json::error_handler_t::replace));
  std::fflush(out);
}

std::uint32_t wanted_count(const std::string& argument) {
  std::uint32_t count = 0;
  const char* const end = argument.data() + argument.size();
  const auto [next, error] = std::from_chars(argument.data(), end, count);
  if (error != std::errc() || next != end || count > connections_max)
    throw start_failure("open needs a number from 0 to 1000000, not '" + argument + "'",
                        "for example: open 2500");
  return count;
}

void carry_out(holder& held, const std::string& command, const std::string& argument) {
  if (command == "open") return held.open(wanted_count(argument));
  if (command == "echo") return held.echo_on_each();
  if (command == "active") return held.send_on_each();
  if (command == "drain") return held.receive_on_each();
  if (command == "close") return held.close();
  throw start_failure("unknown command '" + command + "'",
                      "use open N, echo, active, drain, close or quit");
}

// One line without its newline; false at the end of input. Longer lines are cut, their rest is
// skipped.
bool read_command(std::FILE* in, std::string& line) {
  line.clear();
  for (int c = std::getc(in); c != EOF; c = std::getc(in)) {
    if (c == '\n') return true;
    if (line.size() < command_bytes_max) line.push_back(static_cast<char>(c));
  }
  return !line.empty();
}

}  // namespace

int run_hold(const load_options& options, std::FILE* in, std::FILE* out,
             const std::atomic<bool>& stop) {
  pin_thread(options.cpus, 0);
  holder held(options, stop);
  std::string line;
  // relaxed: only the flag itself is communicated.
  while (!stop.load(std::memory_order_relaxed) && read_command(in, line)) {
    const auto space = line.find(' ');
    const std::string command = line.substr(0, space);
    const std::string argument = space == line.npos ? "" : line.substr(space + 1);
    if (command == "quit") break;
    try {
      carry_out(held, command, argument);
      answer(out,
             {{"event", "done"}, {"command", command}, {"open", held.open_count()}, {"ok", true}});
    } catch (const start_failure& failure) {
      answer(out, {{"event", "error"},
                   {"command", command},
                   {"message", failure.what()},
                   {"remedy", failure.remedy()},
                   {"open", held.open_count()}});
    }
  }
  return exit_done;
}

}  // namespace tailrace::load
