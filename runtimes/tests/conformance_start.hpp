// SPDX-License-Identifier: MIT
// Conformance: listening, refused and shared. Include only from conformance.hpp.
#pragma once

#include "runtimes/tests/conformance_load.hpp"

namespace tailrace::conformance {

inline task<void> listen_in_vain(R& runtime, endpoint where, start_error& error) {
  const auto listener = runtime.listen(where);
  if (!listener) error = listener.error();
  co_return;
}

inline start_error refusal_of(const endpoint& where) {
  start_error error;
  on_thread running([&](R& runtime) { return listen_in_vain(runtime, where, error); });
  running.join();
  return error;
}

inline task<void> listen_twice(R& runtime, start_error& error, std::uint16_t& port) {
  endpoint where;
  const auto first = runtime.listen(where);
  port = first->port();
  where.port = port;
  const auto second = runtime.listen(where);
  if (!second) error = second.error();
  co_return;
}

TEST(conformance, a_port_in_use_is_refused_with_the_port_and_a_remedy) {
  start_error error;
  std::uint16_t port = 0;
  on_thread running([&](R& runtime) { return listen_twice(runtime, error, port); });
  running.join();
  EXPECT_EQ(error.error, EADDRINUSE);
  EXPECT_NE(error.message.find(std::to_string(port)), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("choose another"), std::string::npos) << error.message;
}

TEST(conformance, an_address_that_is_none_is_refused_by_name) {
  endpoint where;
  where.host = "nowhere.invalid";
  const start_error error = refusal_of(where);
  EXPECT_NE(error.error, 0);
  EXPECT_NE(error.message.find("nowhere.invalid"), std::string::npos) << error.message;
}

TEST(conformance, an_address_of_another_machine_is_refused_by_name) {
  endpoint where;
  where.host = "192.0.2.1";  // RFC 5737: belongs to nobody
  const start_error error = refusal_of(where);
  EXPECT_EQ(error.error, EADDRNOTAVAIL);
  EXPECT_NE(error.message.find("192.0.2.1"), std::string::npos) << error.message;
}

inline task<void> greet_with(R::stream peer, const char* greeting) {
  const io_result sent = co_await peer.send_all(bytes_of(greeting));
  EXPECT_TRUE(sent.ok());
}

TEST_WHERE(harness::shares_ports, conformance, two_runtimes_share_a_port) {
  endpoint where;
  where.shared = true;
  server first([](R&, R::stream peer) { return greet_with(std::move(peer), "1"); }, where);
  where.port = first.port();
  server second([](R&, R::stream peer) { return greet_with(std::move(peer), "2"); }, where);
  int of_first = 0;
  int of_second = 0;
  for (int i = 0; i < 128; ++i) {
    client peer = (i % 2 == 0 ? first : second).connect();
    const std::string greeting = peer.receive(1);
    of_first += greeting == "1";
    of_second += greeting == "2";
  }
  EXPECT_EQ(of_first + of_second, 128);
  EXPECT_GT(of_first, 0);
  EXPECT_GT(of_second, 0);
}

}  // namespace tailrace::conformance
