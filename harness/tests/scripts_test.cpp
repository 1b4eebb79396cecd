// SPDX-License-Identifier: MIT
// Each script does what its name says. Times are only ever bounded from below: a reply that comes
// before its delay is wrong on any machine, a late one is not.
#include "harness/tests/scripts.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <thread>

#include "harness/targets/listeners.hpp"

namespace tailrace::scripted {
namespace {

std::unique_ptr<script> calibration(const std::string& behaviour, const string_map& more = {}) {
  string_map values;
  for (const option_spec& spec : calibration_options())
    values[spec.name] = spec.default_value;
  values["behaviour"] = behaviour;
  for (const auto& [name, value] : more)
    values[name] = value;
  return make_calibration(option_values(values));
}

// A server on its own thread, stopped at the end of the test.
class running_server {
 public:
  explicit running_server(std::unique_ptr<script> play)
      : opened_(open_listeners(loopback())),
        server_(opened_.descriptors.front(), std::move(play), faults{}),
        thread_([this] { server_.run(); }) {}
  ~running_server() {
    server_.stop();
    thread_.join();
    const served_counts counts = server_.counts();
    EXPECT_EQ(counts.accepted, counts.closed);
    EXPECT_EQ(counts.errors, 0U);
  }
  std::uint16_t port() const { return opened_.port; }

 private:
  static run_request loopback() {
    run_request request;
    request.host = "127.0.0.1";
    return request;
  }

  listeners opened_;
  server server_;
  std::thread thread_;
};

// A blocking client with a bound on every wait.
class client {
 public:
  explicit client(const running_server& to) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{10, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(to.port());
    EXPECT_EQ(::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~client() { ::close(descriptor_); }
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  void send(const std::string& bytes) const {
    EXPECT_EQ(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // Exactly so many bytes, or fewer where the stream ends before; last_errno tells how.
  std::string receive(std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t done = 0;
    last_errno = 0;
    while (done < size) {
      const ssize_t count = ::recv(descriptor_, bytes.data() + done, size - done, 0);
      if (count < 0 && errno == EINTR) continue;  // stopped and continued
      if (count < 0) last_errno = errno;
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    bytes.resize(done);
    return bytes;
  }
  void finish_sending() const { ::shutdown(descriptor_, SHUT_WR); }
  // All up to the end of the stream.
  std::string rest() { return receive(10'000'000); }
  int descriptor() const { return descriptor_; }

  int last_errno = 0;

 private:
  int descriptor_;
};

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(delay_script, replies_no_earlier_than_its_delay) {
  running_server server(calibration("delay", {{"delay_us", "3000"}}));
  client peer(server);
  for (int i = 0; i < 10; ++i) {
    const std::uint64_t before = server::now_ns();
    peer.send("hello");
    EXPECT_EQ(peer.receive(5), "hello");
    EXPECT_GE(server::now_ns() - before, 3'000'000U);
  }
}

TEST(delay_script, sends_what_waits_before_it_honours_a_half_close) {
  running_server server(calibration("delay", {{"delay_us", "3000"}}));
  client peer(server);
  peer.send("hello");
  peer.finish_sending();
  EXPECT_EQ(peer.rest(), "hello");
  EXPECT_EQ(peer.last_errno, 0);
}

TEST(bimodal_script, is_slow_once_in_so_many) {
  running_server server(
      calibration("bimodal", {{"delay_us", "0"}, {"slow_us", "20000"}, {"slow_every", "10"}}));
  client peer(server);
  for (int i = 1; i <= 20; ++i) {
    const std::uint64_t before = server::now_ns();
    peer.send("hello");
    EXPECT_EQ(peer.receive(5), "hello");
    if (i % 10 == 0) {
      EXPECT_GE(server::now_ns() - before, 20'000'000U);
    }
  }
}

TEST(stall_script, stands_still_once_for_all_connections) {
  running_server server(calibration("stall", {{"stall_after_ms", "0"}, {"stall_ms", "30"}}));
  client first(server);
  client second(server);
  const std::uint64_t before = server::now_ns();
  first.send("hello");
  EXPECT_EQ(first.receive(5), "hello");
  EXPECT_GE(server::now_ns() - before, 30'000'000U);
  for (int i = 0; i < 100; ++i) {  // a second stall would take three seconds more in all
    second.send("hello");
    EXPECT_EQ(second.receive(5), "hello");
  }
}

// Asked as fast as it answers, it keeps one message waiting in the second period as well: for all
// of the stall, or for half of it where the server was held up between reading and answering.
void stands_still_in_each_period(const std::string& behaviour) {
  running_server server(calibration(
      behaviour, {{"stall_after_ms", "0"}, {"stall_ms", "60"}, {"stall_every_ms", "100"}}));
  client peer(server);
  const std::uint64_t begin = server::now_ns();
  std::uint64_t longest = 0;
  for (std::uint64_t now = begin; now - begin < 250'000'000U;) {
    const std::uint64_t sent = now;
    peer.send("hello");
    EXPECT_EQ(peer.receive(5), "hello");
    now = server::now_ns();
    EXPECT_GE(now - begin, 60'000'000U) << "answered in the first stall";
    if (sent != begin) longest = std::max(longest, now - sent);
  }
  EXPECT_GE(longest, 29'000'000U);
}

TEST(stall_script, stands_still_in_each_period) {
  stands_still_in_each_period("stall");
}

TEST(stop_script, is_stopped_by_a_signal_in_each_period) {
  stands_still_in_each_period("stop");
}

TEST(work_script, burns_cpu_time_for_each_message) {
  running_server server(calibration("work", {{"burn_us", "2000"}}));
  client peer(server);
  const std::uint64_t before = server::now_ns();
  for (int i = 0; i < 10; ++i) {
    peer.send("hello");
    EXPECT_EQ(peer.receive(5), "hello");
  }
  EXPECT_GE(server::now_ns() - before, 20'000'000U);
}

TEST(close_script, ends_the_stream_after_so_many_bytes) {
  running_server server(calibration("close", {{"after_bytes", "7"}}));
  client peer(server);
  peer.send("hello");
  EXPECT_EQ(peer.receive(5), "hello");
  peer.send("world");
  EXPECT_EQ(peer.rest(), "wo");
  EXPECT_EQ(peer.last_errno, 0);
}

TEST(reset_script, resets_in_the_midst_of_a_message) {
  running_server server(calibration("reset", {{"after_bytes", "7"}}));
  client peer(server);
  peer.send("hello");
  EXPECT_EQ(peer.receive(5), "hello");
  peer.send("world");
  EXPECT_EQ(peer.rest(), "");
  EXPECT_EQ(peer.last_errno, ECONNRESET);
}

TEST(wrong_bytes_script, spoils_the_byte_at_one_place) {
  running_server server(calibration("wrong-bytes", {{"after_bytes", "6"}}));
  client peer(server);
  peer.send("hello");
  EXPECT_EQ(peer.receive(5), "hello");
  peer.send("world");
  EXPECT_EQ(peer.receive(5), std::string("w") + static_cast<char>('o' ^ 0xff) + "rld");
}

TEST(extra_bytes_script, adds_a_byte_at_one_place) {
  running_server server(calibration("extra-bytes", {{"after_bytes", "4"}}));
  client peer(server);
  peer.send("hello");
  EXPECT_EQ(peer.receive(6), "helloo");
}

TEST(slow_reader_script, reads_no_faster_than_its_rate) {
  running_server server(calibration("slow-reader", {{"read_bytes_per_s", "10000"}}));
  client peer(server);
  const std::uint64_t before = server::now_ns();
  peer.send(std::string(1000, 'x'));
  EXPECT_EQ(peer.receive(1000), std::string(1000, 'x'));
  // Ten reads of 100 bytes, nine pauses of 10 ms between them.
  EXPECT_GE(server::now_ns() - before, 90'000'000U);
}

TEST(unread_script, takes_no_more_than_the_kernel_holds) {
  running_server server(calibration("never-reads"));
  client peer(server);
  const std::string much(1 << 20, 'x');
  std::size_t taken = 0;
  for (;;) {
    const ssize_t count =
        ::send(peer.descriptor(), much.data(), much.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count <= 0) break;
    taken += static_cast<std::size_t>(count);
    ASSERT_LT(taken, std::size_t{1} << 30);
  }
  EXPECT_EQ(errno, EAGAIN);
}

TEST(http_script, answers_each_request_however_it_was_cut) {
  running_server server(make_null("http"));
  client peer(server);
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  peer.send(request);
  const std::string one = peer.receive(78);
  EXPECT_EQ(one.rfind("HTTP/1.1 200 OK\r\n", 0), 0U);
  EXPECT_EQ(one.substr(one.size() - 13), "Hello, World!");
  for (const char each : request)
    peer.send(std::string(1, each));
  EXPECT_EQ(peer.receive(78), one);
  std::string many;
  for (int i = 0; i < 200; ++i)
    many += request;
  peer.send(many + "GET / HTTP/1.1\r\n\r");
  EXPECT_EQ(occurrences(peer.receive(200 * 78), one), 200U);
  peer.send("\n");
  EXPECT_EQ(peer.receive(78), one);
  peer.send("\r\r\n\r\n");  // a lone CR starts the end again
  peer.finish_sending();
  EXPECT_EQ(peer.rest(), one);
}

TEST(discard_script, replies_nothing) {
  running_server server(make_null("discard"));
  client peer(server);
  peer.send("hello");
  peer.finish_sending();
  EXPECT_EQ(peer.rest(), "");
  EXPECT_EQ(peer.last_errno, 0);
}

}  // namespace
}  // namespace tailrace::scripted
