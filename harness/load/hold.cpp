// SPDX-License-Identifier: MIT
// See hold.hpp.
#include "harness/load/hold.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "harness/load/file_limit.hpp"
#include "harness/load/message.hpp"
#include "harness/load/resolve.hpp"
#include "harness/load/simple_client.hpp"
#include "harness/load/thread_pin.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::load {
namespace {

constexpr std::size_t command_bytes_max = 256;
constexpr std::uint32_t connections_max = 1'000'000;
constexpr std::uint32_t active_bytes_max = message_format::bytes_max;

class holder {
 public:
  holder(const load_options& options, const std::atomic<bool>& stop)
      : options_(options),
        endpoints_(resolve_endpoints(options.connect, options.connect_timeout_s)) {
    patience_.connect_s = options.connect_timeout_s;
    patience_.step_s = options.timeout_s;
    patience_.look = [&stop] {
      // relaxed: only the flag itself is communicated.
      if (stop.load(std::memory_order_relaxed)) throw refusal("interrupted");
    };
  }

  std::size_t open_count() const noexcept { return clients_.size(); }

  void open(std::uint32_t wanted);
  void close() { clients_.clear(); }
  // Sends one message on each and leaves the answers.
  void send_on_each(std::uint32_t message_bytes) {
    for (simple_client& each : clients_)
      each.send(message_bytes);
  }
  std::uint32_t message_bytes() const noexcept { return options_.message_bytes; }
  // Reads and compares every outstanding answer.
  void receive_on_each() {
    for (simple_client& each : clients_)
      each.collect();
  }
  // One connection after the other, so that the server never holds more than one message.
  void echo_on_each() {
    for (simple_client& each : clients_)
      each.echo(options_.message_bytes);
  }

 private:
  // Until so many connections may have been opened at the wanted rate.
  void keep_the_rate(std::int64_t begin_ns, std::size_t opened) const;

  const load_options& options_;
  std::vector<endpoint> endpoints_;
  client_patience patience_;
  std::vector<simple_client> clients_;
};

void holder::keep_the_rate(std::int64_t begin_ns, std::size_t opened) const {
  if (options_.connect_rate_per_s <= 0) return;
  const double due_s = static_cast<double>(opened) / options_.connect_rate_per_s;
  const auto due_ns = begin_ns + static_cast<std::int64_t>(due_s * observe::ns_per_s);
  for (;;) {
    patience_.look();
    const std::int64_t left = due_ns - observe::monotonic_ns();
    if (left <= 0) return;
    constexpr std::int64_t slice_ns = 100 * observe::ns_per_ms;
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(left, slice_ns)));
  }
}

void holder::open(std::uint32_t wanted) {
  make_room_for_connections(wanted);
  while (clients_.size() > wanted)
    clients_.pop_back();
  const std::uint32_t sources =
      options_.source_addresses > 0 ? options_.source_addresses : source_addresses_for(wanted);
  const std::int64_t begin_ns = observe::monotonic_ns();
  for (const std::size_t first = clients_.size(); clients_.size() < wanted;) {
    const std::size_t number = clients_.size();
    keep_the_rate(begin_ns, number - first);
    clients_.emplace_back(endpoints_[number % endpoints_.size()], number, patience_,
                          simple_client::ending::reset,
                          static_cast<std::uint32_t>(number % sources), options_.sizes);
  }
}

using nlohmann::json;

void answer(std::FILE* out, const json& object) {
  fmt::print(out, "{}\n", object.dump(-1, ' ', true, json::error_handler_t::replace));
  std::fflush(out);
}

// The argument of a command; `example` is one, `most` the largest.
std::uint32_t number_of(const std::string& command, const std::string& argument, std::uint32_t most,
                        const char* example) {
  std::uint32_t number = 0;
  const char* const end = argument.data() + argument.size();
  const auto [next, error] = std::from_chars(argument.data(), end, number);
  if (error != std::errc() || next != end || number > most)
    throw refusal(fmt::format("{} needs a number from 0 to {}, not '{}'", command, most, argument),
                  fmt::format("for example: {} {}", command, example));
  return number;
}

void carry_out(holder& held, const std::string& command, const std::string& argument) {
  if (command == "open") return held.open(number_of(command, argument, connections_max, "2500"));
  if (command == "echo") return held.echo_on_each();
  if (command == "active") {
    if (argument.empty()) return held.send_on_each(held.message_bytes());
    return held.send_on_each(number_of(command, argument, active_bytes_max, "196608"));
  }
  if (command == "drain") return held.receive_on_each();
  if (command == "close") return held.close();
  throw refusal("unknown command '" + command + "'",
                "use open N, echo, active [BYTES], drain, close or quit");
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
    } catch (const refusal& why) {
      const std::string remedy = "close and open again; is the server well?";
      answer(out, {{"event", "error"},
                   {"command", command},
                   {"message", why.cause()},
                   {"remedy", why.remedy().empty() ? remedy : why.remedy()},
                   {"open", held.open_count()}});
    }
  }
  return 0;
}

}  // namespace tailrace::load
