// SPDX-License-Identifier: MIT
// A name with two addresses, of which the server listens on the second alone: as `localhost` is on
// most systems, and a server on 0.0.0.0. The linker sends getaddrinfo() through the function below
// (--wrap), so that the test needs no such name on the machine.
#include "harness/load/resolve.hpp"

#include <netdb.h>

#include <cstring>
#include <string>

#include "harness/load/tests/load_fixture.hpp"
#include "harness/record/refusal.hpp"

namespace {

constexpr const char* both = "both.test";

}  // namespace

extern "C" {
int __real_getaddrinfo(const char* host, const char* port, const addrinfo* hints, addrinfo** found);

int __wrap_getaddrinfo(const char* host, const char* port, const addrinfo* hints,
                       addrinfo** found) {
  if (std::strcmp(host, both) != 0) return __real_getaddrinfo(host, port, hints, found);
  const int status = __real_getaddrinfo("::1", port, hints, found);
  if (status != 0) return status;
  return __real_getaddrinfo("127.0.0.1", port, hints, &(*found)->ai_next);
}
}

namespace tailrace::load {
namespace {

std::string by_name(const std::string& address) {
  return both + address.substr(address.rfind(':'));
}

using names = each_engine;

TEST_P(names, of_several_addresses_lead_to_the_one_that_answers) {
  const test_server server({});
  load_options options = short_run(server);
  options.connect = {by_name(server.address())};
  const load_result result = run_checked(options);
  EXPECT_TRUE(result.clean());
  EXPECT_EQ(server.accepted(), 5U) << "one to find out, four for the load";
}

TEST_P(names, of_several_addresses_lead_to_http_servers_too) {
  const test_server server({.http_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"});
  load_options options = short_run(server);
  options.connect = {by_name(server.address())};
  options.http = true;
  EXPECT_TRUE(run_checked(options).clean());
}

TAILRACE_OVER_BOTH_ENGINES(names);

TEST(resolve, one_address_is_not_tried) {
  const test_server server({});
  EXPECT_TRUE(resolve_endpoint(server.address(), 5).loopback_v4);
  EXPECT_EQ(server.accepted(), 0U);
}

TEST(resolve, where_no_address_answers_all_are_named) {
  std::string address;
  {
    const test_server gone({});
    address = by_name(gone.address());
  }
  try {
    static_cast<void>(resolve_endpoint(address, 5));
    FAIL() << "somebody answered";
  } catch (const refusal& why) {
    EXPECT_EQ(why.exit_code(), refusal::failed);
    EXPECT_NE(why.cause().find("::1 E"), std::string::npos) << why.cause();
    EXPECT_NE(why.cause().find("127.0.0.1 ECONNREFUSED"), std::string::npos) << why.cause();
    EXPECT_FALSE(why.remedy().empty());
  }
}

}  // namespace
}  // namespace tailrace::load
