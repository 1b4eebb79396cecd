// SPDX-License-Identifier: MIT
// See resolve.hpp.
#include "harness/load/resolve.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <memory>

#include "harness/record/refusal.hpp"

namespace tailrace::load {
namespace {

refusal bad_address(const std::string& text, const std::string& why) {
  return {"cannot use the address '" + text + "': " + why,
          "give it as host:port, for example 127.0.0.1:4242", refusal::bad_usage};
}

using address_list = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

address_list look_up(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) throw bad_address(text, "it has no port");
  std::string host = text.substr(0, colon);
  const std::string port = text.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != port.npos ||
      std::stoi(port) < 1 || std::stoi(port) > 65535)
    throw bad_address(text, "the port is not a number from 1 to 65535");
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int status = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (status != 0) throw bad_address(text, ::gai_strerror(status));
  return {found, &::freeaddrinfo};
}

endpoint endpoint_of(const addrinfo& found, const std::string& text) {
  endpoint made;
  made.text = text;
  std::memcpy(&made.address, found.ai_addr, found.ai_addrlen);
  made.length = found.ai_addrlen;
  if (found.ai_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, found.ai_addr, sizeof v4);
    made.loopback_v4 = (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  return made;
}

std::string numeric(const addrinfo& of) {
  std::array<char, NI_MAXHOST> host{};
  const int status = ::getnameinfo(of.ai_addr, of.ai_addrlen, host.data(), host.size(), nullptr, 0,
                                   NI_NUMERICHOST);
  return status == 0 ? host.data() : "an address";
}

}  // namespace

endpoint resolve_endpoint(const std::string& text, double connect_timeout_s) {
  const address_list all = look_up(text);
  if (all->ai_next == nullptr) return endpoint_of(*all, text);
  int count = 0;
  for (const addrinfo* each = all.get(); each != nullptr; each = each->ai_next)
    ++count;
  std::string tried;
  for (const addrinfo* each = all.get(); each != nullptr; each = each->ai_next) {
    endpoint made = endpoint_of(*each, text);
    const int error = try_to_connect(made, connect_timeout_s / count);
    if (error == 0) return made;
    tried += fmt::format("{}{} {}", tried.empty() ? "" : ", ", numeric(*each), errno_name(error));
  }
  throw refusal(fmt::format("cannot connect to {}: {}", text, tried),
                "is the server running there?");
}

std::vector<endpoint> resolve_endpoints(const std::vector<std::string>& texts,
                                        double connect_timeout_s) {
  std::vector<endpoint> all;
  for (const auto& text : texts)
    all.push_back(resolve_endpoint(text, connect_timeout_s));
  return all;
}

}  // namespace tailrace::load
