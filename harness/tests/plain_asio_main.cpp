// SPDX-License-Identifier: MIT
// tailrace-target-plain-asio-epoll and tailrace-target-plain-asio-uring: echo as Boost.Asio's own
// examples write it, in its coroutines (awaitable<>) or in callbacks of a session that holds itself
// by shared_ptr. One io_context a worker, concurrency hint 1. Compiled once for each backend.
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
#include <string>

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

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr std::chrono::milliseconds refusal_pause{10};  // no descriptors: some will come back

int errno_of(const error_code& error) {
  return error == boost::asio::error::eof ? 0 : error.value();
}

void set_no_delay(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
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
  void end(const error_code& error) {
    error_code ignored;
    socket_.close(ignored);
    counts_.add_end(errno_of(error));
  }

  tcp::socket socket_;
  plain_counts& counts_;
  std::array<char, buffer_bytes> bytes_;
};

// Coroutines.
awaitable<void> echo(tcp::socket socket, plain_counts& counts) {
  set_no_delay(socket);
  int ended_by = 0;
  try {
    const auto bytes = std::make_unique_for_overwrite<char[]>(buffer_bytes);
    for (;;) {
      const std::size_t count = co_await socket.async_read_some(
          boost::asio::buffer(bytes.get(), buffer_bytes), boost::asio::use_awaitable);
      counts.received_bytes.add(count);
      co_await boost::asio::async_write(socket, boost::asio::buffer(bytes.get(), count),
                                        boost::asio::use_awaitable);
      counts.sent_bytes.add(count);
    }
  } catch (const boost::system::system_error& error) {
    ended_by = errno_of(error.code());
  }
  error_code ignored;
  socket.close(ignored);
  counts.add_end(ended_by);
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
      std::make_shared<session>(std::move(socket), counted_)->read();
      accept();
    });
  }

  plain_counts counted_;
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
  description.options = {choice_option("style", "awaitable", {"awaitable", "callbacks"},
                                       "Asio's coroutines, or sessions with handlers")};
  description.forms = {{"best", {{"style", "callbacks"}}}, {"default", {}}};
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
