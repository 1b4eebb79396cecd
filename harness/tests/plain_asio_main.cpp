// SPDX-License-Identifier: MIT
// tailrace-target-plain-asio-epoll and tailrace-target-plain-asio-uring: echo as Boost.Asio's own
// examples write it, in its coroutines (awaitable<>) or in callbacks of a session that holds itself
// by shared_ptr, with the examples' buffer of 1024 bytes in each session; or in callbacks that wait
// until the socket is readable, all sessions with one buffer. One io_context a worker, concurrency
// hint 1. Compiled once for each backend.
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/version.hpp>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/targets/loop_target.hpp"
#include "harness/tests/plain_counts.hpp"
#include "runtimes/base/uring/features.hpp"

namespace tailrace {
namespace {

using boost::asio::awaitable;
using boost::asio::ip::tcp;
using boost::system::error_code;

#if defined(BOOST_ASIO_HAS_IO_URING) && defined(BOOST_ASIO_DISABLE_EPOLL)
constexpr const char* backend = "io_uring";
#else
constexpr const char* backend = "epoll";
#endif

constexpr std::size_t buffer_bytes = 1024;  // max_length of Boost's async_tcp_echo_server
constexpr std::size_t shared_buffer_bytes = 64 * 1024;
constexpr std::chrono::milliseconds refusal_pause{10};  // no descriptors: some will come back

int errno_of(const error_code& error) {
  return error == boost::asio::error::eof ? 0 : error.value();
}

void set_no_delay(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
}

void end_session(tcp::socket& socket, plain_counts& counts, const error_code& error) {
  error_code ignored;
  socket.close(ignored);
  counts.add_end(errno_of(error));
}

// Callbacks.
class session : public std::enable_shared_from_this<session> {
 public:
  session(tcp::socket socket, plain_counts& counts) : socket_(std::move(socket)), counts_(counts) {}

  void read() {
    auto self = shared_from_this();
    socket_.async_read_some(boost::asio::buffer(bytes_),
                            [this, self](const error_code& error, std::size_t count) {
                              if (error) return end(error);
                              counts_.received_bytes.add(count);
                              write(count);
                            });
  }

 private:
  void write(std::size_t count) {
    auto self = shared_from_this();
    boost::asio::async_write(socket_, boost::asio::buffer(bytes_, count),
                             [this, self](const error_code& error, std::size_t sent) {
                               if (error) return end(error);
                               counts_.sent_bytes.add(sent);
                               read();
                             });
  }
  void end(const error_code& error) { end_session(socket_, counts_, error); }

  tcp::socket socket_;
  plain_counts& counts_;
  std::array<char, buffer_bytes> bytes_;
};

// Callbacks, and a buffer from the loop once there are bytes: a session that waits holds none. What
// the socket does not take at once is kept.
class waiting_session : public std::enable_shared_from_this<waiting_session> {
 public:
  waiting_session(tcp::socket socket, plain_counts& counts, std::span<char> buffer)
      : socket_(std::move(socket)), counts_(counts), buffer_(buffer) {
    error_code ignored;
    socket_.non_blocking(true, ignored);
  }

  void wait() {
    auto self = shared_from_this();
    socket_.async_wait(tcp::socket::wait_read, [this, self](const error_code& error) {
      if (error) return end(error);
      exchange();
    });
  }

 private:
  void exchange() {
    error_code error;
    const std::size_t count =
        socket_.read_some(boost::asio::buffer(buffer_.data(), buffer_.size()), error);
    if (error == boost::asio::error::would_block) return wait();
    if (error) return end(error);
    counts_.received_bytes.add(count);
    std::size_t sent = socket_.write_some(boost::asio::buffer(buffer_.data(), count), error);
    if (error == boost::asio::error::would_block)
      sent = 0;
    else if (error)
      return end(error);
    counts_.sent_bytes.add(sent);
    if (sent == count) return wait();
    write(buffer_.subspan(sent, count - sent));
  }
  void write(std::span<const char> rest) {
    auto self = shared_from_this();
    unsent_.assign(rest.begin(), rest.end());
    boost::asio::async_write(socket_, boost::asio::buffer(unsent_),
                             [this, self](const error_code& error, std::size_t sent) {
                               if (error) return end(error);
                               counts_.sent_bytes.add(sent);
                               unsent_ = {};
                               wait();
                             });
  }
  void end(const error_code& error) { end_session(socket_, counts_, error); }

  tcp::socket socket_;
  plain_counts& counts_;
  std::span<char> buffer_;  // the loop's
  std::vector<char> unsent_;
};

// Coroutines.
awaitable<void> echo(tcp::socket socket, plain_counts& counts) {
  set_no_delay(socket);
  error_code ended_by;
  try {
    char bytes[buffer_bytes];  // in the coroutine's frame
    for (;;) {
      const std::size_t count =
          co_await socket.async_read_some(boost::asio::buffer(bytes), boost::asio::use_awaitable);
      counts.received_bytes.add(count);
      co_await boost::asio::async_write(socket, boost::asio::buffer(bytes, count),
                                        boost::asio::use_awaitable);
      counts.sent_bytes.add(count);
    }
  } catch (const boost::system::system_error& error) {
    ended_by = error.code();
  }
  end_session(socket, counts, ended_by);
}

awaitable<void> serve(tcp::acceptor& acceptor, plain_counts& counts) {
  boost::asio::steady_timer pause(acceptor.get_executor());
  for (;;) {
    error_code error;
    tcp::socket socket = co_await acceptor.async_accept(
        boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (!error) {
      counts.accepted.add(1);
      boost::asio::co_spawn(acceptor.get_executor(), echo(std::move(socket), counts),
                            boost::asio::detached);
      continue;
    }
    counts.accept_errors.add(1);
    pause.expires_after(refusal_pause);
    co_await pause.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
  }
}

class plain_asio_loop {
 public:
  plain_asio_loop(int listener, const option_values& options)
      : acceptor_(context_), pause_(context_) {
    if (options.text("style") == "waiting") buffer_.resize(shared_buffer_bytes);
    acceptor_.assign(tcp::v4(), listener);
    if (options.text("style") == "awaitable")
      boost::asio::co_spawn(context_, serve(acceptor_, counted_), boost::asio::detached);
    else
      accept();
  }
  // What is still open: the coroutines and sessions go with the context.
  void run() {
    context_.run();
    context_.restart();
    context_.poll();  // handlers of what the kernel has done already: they count
    const std::uint64_t open = counted_.accepted.get() - counted_.closed.get();
    counted_.closed.add(open);
  }
  void stop() { context_.stop(); }

  served_counts counts() const { return counted_.seen(); }

 private:
  void accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      if (error) {
        counted_.accept_errors.add(1);
        pause_.expires_after(refusal_pause);
        return pause_.async_wait([this](const error_code&) { accept(); });
      }
      counted_.accepted.add(1);
      set_no_delay(socket);
      if (buffer_.empty())
        std::make_shared<session>(std::move(socket), counted_)->read();
      else
        std::make_shared<waiting_session>(std::move(socket), counted_, buffer_)->wait();
      accept();
    });
  }

  plain_counts counted_;
  std::vector<char> buffer_;  // of style=waiting, else empty
  boost::asio::io_context context_{1};
  tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
};

}  // namespace
}  // namespace tailrace

int main(int argc, char** argv) {
  using namespace tailrace;
  target_description description;
  description.id = std::string(backend) == "epoll" ? "plain-asio-epoll" : "plain-asio-uring";
  description.family = "library";
  description.order = std::string(backend) == "epoll" ? 53 : 55;
  description.summary =
      "Boost.Asio without an adapter: echo as its examples write it; workers=N: N io_contexts";
  description.versions = {{"boost", std::to_string(BOOST_VERSION / 100000) + "." +
                                        std::to_string(BOOST_VERSION / 100 % 1000)}};
  description.backend = backend;
  description.workloads = {"echo"};
  description.options = {choice_option(
      "style", "awaitable", {"awaitable", "callbacks", "waiting"},
      "Asio's coroutines, or sessions with handlers, each with its buffer; or handlers that wait "
      "until they can read, with one buffer for all")};
  description.forms = {{"best", {{"style", "waiting"}}}, {"default", {}}};
  description.needs = {{"kernel", description.backend == "epoll" ? "2.6.28" : "5.10"}};
  if (description.backend == "io_uring") {
    description.examine_machine = [](target_description& examined) {
      const auto& kernel = uring::probe_kernel();
      if (!kernel) examined.refuse(kernel.error().cause, kernel.error().remedy);
    };
  }
  return target_main(argc, argv, description, [](const run_request&) {
    return std::make_unique<loop_target<plain_asio_loop>>(
        backend, [](auto& loops, int listener, const option_values& options) {
          loops.emplace_back(listener, options);
        });
  });
}
