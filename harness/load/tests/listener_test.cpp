// SPDX-License-Identifier: MIT
// Servers whose listener and connections end or fill up in an order that is known.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <fstream>
#include <semaphore>
#include <set>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "harness/load/connector.hpp"
#include "harness/load/endpoint.hpp"
#include "harness/load/file_limit.hpp"
#include "harness/load/load_table.hpp"
#include "harness/load/resolve.hpp"
#include "harness/load/simple_client.hpp"
#include "harness/load/tests/load_fixture.hpp"
#include "harness/record/refusal.hpp"

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
    port_ = ntohs(any.sin_port);
    address_ = "127.0.0.1:" + std::to_string(port_);
  }
  ~plain_listener() { close(); }
  plain_listener(const plain_listener&) = delete;
  plain_listener& operator=(const plain_listener&) = delete;

  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] endpoint where() const { return resolve_endpoint(address_, patience_s); }
  [[nodiscard]] int accept() const { return ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC); }
  // From now on no more than that, and one, wait to be accepted.
  void narrow(int backlog) const {
    if (::listen(fd_, backlog) != 0) throw std::runtime_error("listen: " + errno_name(errno));
  }
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
  std::uint16_t port_ = 0;
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

TEST(simple_client, says_alike_whether_sending_or_receiving_meets_the_end) {
  plain_listener listener(16);
  const client_patience patience;
  simple_client client(listener.where(), 1, patience);
  const int served = listener.accept();
  const linger at_once{1, 0};
  ASSERT_EQ(::setsockopt(served, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  ::close(served);  // by a reset
  pollfd watched{client.descriptor(), 0, 0};
  ASSERT_EQ(::poll(&watched, 1, 10'000), 1);
  for (const char* const error : {"ECONNRESET", "EPIPE"}) {
    try {
      client.send(100);
      ADD_FAILURE() << "it was sent";
    } catch (const refusal& refused) {
      const std::string expected = std::string("the connection ended early: ") + error;
      EXPECT_NE(refused.cause().find(expected), std::string::npos) << refused.cause();
    }
  }
}

// False: the client has left.
bool take_request(int fd) {
  std::string came;
  while (!came.ends_with("\r\n\r\n")) {
    char byte = 0;
    if (::recv(fd, &byte, 1, 0) != 1) return false;
    came += byte;
  }
  return true;
}

// Answers so many requests, fewer where the client leaves, and closes.
void serve(int fd, int answers, std::string_view with) {
  for (int i = 0; i < answers && take_request(fd); ++i)
    static_cast<void>(::send(fd, with.data(), with.size(), MSG_NOSIGNAL));
  ::close(fd);
}

constexpr std::string_view hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view last_hello =
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";

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

// The second slice begins when the time to connect would be over, had it begun in the first. Who
// waits in the full backlog keeps the client from being connected meanwhile.
TEST_P(listener, that_takes_nobody_for_a_while_leaves_the_next_slice_its_whole_time_to_connect) {
  const std::atomic<bool> never_stop{false};
  plain_listener server(0);
  load_options options = options_for(server, 100);
  options.connections = 1;
  options.outstanding_max = 1;
  options.http = true;
  options.drain_s = 0.5;
  options.connect_timeout_s = 1.5;
  std::binary_semaphore first_is_over(0);
  std::binary_semaphore takes_again(0);
  std::jthread serving([&] {
    serve(server.accept(), 1, hello);  // the probe
    const int client = server.accept();
    const int in_the_way = begin_connect(server.where(), 0);
    server.wait_for_one();
    serve(client, 1, last_hello);
    first_is_over.acquire();
    ::close(server.accept());
    ::close(in_the_way);
    takes_again.release();
    serve(server.accept(), INT_MAX, hello);
  });
  load_session session(options, never_stop);
  const load_result first = session.run({.settle_s = 0, .duration_s = 0.05, .seed = 1});
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  first_is_over.release();
  takes_again.acquire();
  const load_result second = session.run({.settle_s = 0, .duration_s = 0.05, .seed = 2});
  for (const load_result* each : {&first, &second}) {
    expect_counts_add_up(*each);
    EXPECT_TRUE(each->total.lost_connections.empty()) << load_complaints(*each);
  }
  EXPECT_EQ(first.total.counts.never_sent, 4U);
  EXPECT_EQ(first.total.reconnects, 0U);
  EXPECT_EQ(second.total.counts.ok, 5U);
  EXPECT_EQ(second.total.reconnects, 1U);
}

// How many sockets of the machine are being connected to this port, by /proc/net/tcp: that may list
// one twice while others come and go.
std::size_t connecting_to(std::uint16_t port) {
  std::ifstream table("/proc/net/tcp");
  std::set<std::string> found;
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string number, local, remote, state;
    words >> number >> local >> remote >> state;
    const auto colon = remote.find(':');
    if (state == "02" && std::stoi(remote.substr(colon + 1), nullptr, 16) == port)
      found.insert(local);
  }
  return found.size();
}

// All are ended at once, and none gets in again.
TEST_P(listener, is_not_flooded_by_connections_that_are_made_again) {
  constexpr std::uint32_t many = connects_under_way_max + 150;
  make_room_for_connections(2 * many);  // and as many of the server
  plain_listener server(4096);
  load_options options = options_for(server, 0);
  options.connections = many;
  options.http = true;
  options.duration_s = 0.5;
  options.drain_s = 0;
  std::size_t most = 0;
  std::jthread serving([&](const std::stop_token& over) {
    serve(server.accept(), 1, hello);  // the probe
    std::vector<int> clients(many);
    for (int& each : clients)
      each = server.accept();
    server.narrow(0);
    for (const int each : clients)
      serve(each, 1, last_hello);
    while (!over.stop_requested())
      most = std::max(most, connecting_to(server.port()));
  });
  const load_result result = run_checked(options);
  serving.request_stop();
  serving.join();
  EXPECT_GT(most, 0U);
  EXPECT_LE(most, connects_under_way_max);
  EXPECT_LE(result.total.reconnects, 1U);
  EXPECT_TRUE(result.total.lost_connections.empty()) << load_complaints(result);
}

}  // namespace
}  // namespace tailrace::load
