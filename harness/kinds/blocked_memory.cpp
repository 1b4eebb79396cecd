// SPDX-License-Identifier: MIT
// Kind `blocked_memory`: bytes a connection whose client has stopped reading, its socket full, with
// one request under way. Everybody gets the same connections and the same request: the client
// announces segments of Ethernet and a receive buffer of 4 KiB, so that a few ten KiB fill what
// lies between; it sends one request that is larger than all of that, and reads nothing until the
// memory has been read. Then every byte has to come back right.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/kinds/connection_levels.hpp"
#include "harness/kinds/registry.hpp"
#include "harness/kinds/socket_room.hpp"
#include "harness/observe/kernel_objects.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/stopped_process.hpp"

namespace tailrace::kinds {
namespace {

constexpr std::int64_t used_bytes = 64;  // of the echo before
constexpr std::int64_t receive_buffer_bytes = 4096;
constexpr std::int64_t segment_bytes = 1460;
// Its sockets take about 105 KB to send and hold 127 KB received, a server's own buffer is 64 KiB.
constexpr std::int64_t request_bytes_default = 192 * 1024;
// The client's socket takes so much while the target is stopped, at the usual net.core.wmem_max.
constexpr std::int64_t request_bytes_max = 256 * 1024;
// Of one request the sockets of both ends hold up to one and a half as the kernel counts it
// (whole buffers), and the target as much again.
constexpr std::int64_t requests_a_connection = 3;
constexpr double full_limit_s = 10;
constexpr double look_s = 0.02;

class blocked_connections : public work_over_connections {
 public:
  blocked_connections(level_keys keys, std::int64_t request_bytes)
      : work_over_connections(std::move(keys)), request_bytes_(request_bytes) {}

  std::string derived_id() const override { return "memory-blocked"; }
  nlohmann::json json() const override {
    nlohmann::json object = work_over_connections::json();
    object.update({{"request_bytes", request_bytes_},
                   {"receive_buffer_bytes", receive_buffer_bytes},
                   {"segment_bytes", segment_bytes}});
    return object;
  }

 private:
  int states() const override { return 1; }

  std::string client_half(const level_readings&) const override {
    return "excluded: what the client has taken, and what it could not send, is in its sockets";
  }

  std::vector<std::int64_t> counts_for(const campaign::cell_context&,
                                       std::string& cause) const override;
  void measure(const campaign::cell_context& cell, std::int64_t n, nlohmann::json& record,
               level_readings& into) const override;
  void await_full(session::target_session& target, std::int64_t n, double limit_s) const;

  std::int64_t request_bytes_;
};

std::vector<std::int64_t> blocked_connections::counts_for(const campaign::cell_context&,
                                                          std::string& cause) const {
  return within_room(keys().counts, requests_a_connection * request_bytes_, room_for_sockets(),
                     cause);
}

// Until the target can send nothing more on any of its n connections.
void blocked_connections::await_full(session::target_session& target, std::int64_t n,
                                     double limit_s) const {
  const std::int64_t until = observe::from_now(limit_s);
  for (;;) {
    observe::tcp_totals sockets;
    const std::string cause = observe::add_tcp_sockets_of(target.pid(), sockets);
    target.require_alive("while its sockets were filled");
    if (!cause.empty()) throw refusal(cause, "", refusal::unsupported);
    if (sockets.full >= n) return;
    if (observe::monotonic_ns() >= until) {
      const std::int64_t open = target.sample()["open"];
      if (open < n) {
        throw refusal(fmt::format(
            "the target ended {} of {} connections whose answers were not read", n - open, n));
      }
      throw refusal(
          fmt::format("only {} of {} sockets of the target are full of the answer to a request of "
                      "{} bytes that nobody reads",
                      sockets.full, n, request_bytes_),
          "raise request_bytes of the point, or look at net.ipv4.tcp_wmem", refusal::unsupported);
    }
    target.drain_for(look_s);
  }
}

void blocked_connections::measure(const campaign::cell_context& cell, std::int64_t n,
                                  nlohmann::json& record, level_readings& into) const {
  require_send_buffer(request_bytes_, send_buffer_granted(request_bytes_));
  memory_level level(cell, cell.setting.limits, {}, keys().settle_s, record, into);
  load_hold hold(level.pump(), cell, level.target().address(), used_bytes,
                 {"--receive-buffer", std::to_string(receive_buffer_bytes), "--segment-bytes",
                  std::to_string(segment_bytes), "--send-buffer", std::to_string(request_bytes_)});
  open_connections(level, hold, n);
  hold.echo();
  {
    // Everybody finds the request in its sockets at once, not piece by piece as it keeps up.
    const session::stopped_process stopped(level.target().pid());
    hold.active(request_bytes_);
  }
  await_full(level.target(), n, full_limit_s);
  level.read("blocked", n, {hold.pid(), n});
  await_full(level.target(), n, 0);  // they still are
  close_connections(level, hold);
  hold.quit();
  level.finish();
}

std::shared_ptr<const campaign::point_work> read_blocked_memory(const campaign::table_reader& in) {
  return std::make_shared<blocked_connections>(
      read_level_keys(in, {0, 100, 200}),
      in.integer("request_bytes", request_bytes_default, 4096, request_bytes_max));
}

}  // namespace

const campaign::kind blocked_memory = {"blocked_memory", "echo", read_blocked_memory};

}  // namespace tailrace::kinds
