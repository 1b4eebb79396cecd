// SPDX-License-Identifier: MIT
// Servers whose listener and connections end or fill up in an order that is known.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "harness/load/endpoint.hpp"
#include "harness/load/resolve.hpp"
#include "harness/load/tests/load_fixture.hpp"

namespace tailrace::load {
namespace {

constexpr double patience_s = 60;

// Accepts when it is told to. Used by one thread at a time.
class plain_listener {
 public:
  explicit plain_listener(int backlog) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof any;
    auto* const address = reinterpret_cast<sockaddr*>(&any);
    if (::bind(fd_, address, size) != 0 || ::listen(fd_, backlog) != 0 ||
        ::getsockname(fd_, address, &size) != 0)
      throw std::runtime_error("no listener: " + errno_name(errno));
    address_ = "127.0.0.1:" + std::to_string(ntohs(any.sin_port));
  }
  ~plain_listener() { close(); }
  plain_listener(const plain_listener&) = delete;
  plain_listener& operator=(const plain_listener&) = delete;

  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  [[nodiscard]] endpoint where() const { return resolve_endpoint(address_, patience_s); }
  [[nodiscard]] int accept() const { return ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC); }
  void wait_for_one() const {
    pollfd watched{fd_, POLLIN, 0};
    while (::poll(&watched, 1, -1) < 0) {
    }
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
  std::string address_;
};

TEST(try_to_connect, is_reset_where_the_listener_is_closed_without_accepting) {
  plain_listener listener(16);
  const endpoint where = listener.where();
  std::jthread dying([&] {
    listener.wait_for_one();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the client has connected by then
    listener.close();
  });
  EXPECT_EQ(try_to_connect(where, patience_s, patience_s), ECONNRESET);
}

TEST(try_to_connect, takes_no_end_of_an_accepted_connection_for_an_error) {
  plain_listener listener(16);
  const endpoint where = listener.where();
  std::jthread closing([&] { ::close(listener.accept()); });
  EXPECT_EQ(try_to_connect(where, patience_s, 0.05), 0);
}

class listener : public each_engine {
 protected:
  static load_options options_for(const plain_listener& server, double rate_per_s) {
    load_options options;
    options.engine = GetParam();
    options.connect = {server.address()};
    options.rate_per_s = rate_per_s;
    options.arrival = arrival_kind::constant;
    options.warmup_s = 0;
    options.spin = false;
    return options;
  }
};
TAILRACE_OVER_BOTH_ENGINES(listener);

// The kernel takes the client's last try for a server that is already dying.
TEST_P(listener, that_is_closed_after_all_connections_is_that_of_a_dead_server) {
  plain_listener server(16);
  load_options options = options_for(server, 400);
  options.connections = 4;
  options.duration_s = 0.3;
  std::jthread dying([&] {
    std::array<int, 4> taken{};
    for (int& each : taken)
      each = server.accept();
    for (const int each : taken)
      ::close(each);
    server.wait_for_one();
    server.close();
  });
  const load_result result = run_checked(options);
  EXPECT_TRUE(result.all_connections_lost);
  EXPECT_TRUE(result.server_died);
}

}  // namespace
}  // namespace tailrace::load
