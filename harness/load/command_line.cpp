// SPDX-License-Identifier: MIT
// See command_line.hpp.
#include "harness/load/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>

#include "harness/load/load_class.hpp"
#include "harness/load/message.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::load {
namespace {

constexpr double planned_max = 1e9;
constexpr std::uint64_t outstanding_total_max = 16'000'000;

// Answers are left unread while others are sent: both must fit into socket buffers.
constexpr std::uint32_t hold_message_bytes_max = 65536;

constexpr const char* description =
    "Load for any TCP echo server: sends messages, compares every byte that comes back, and "
    "reports latency and counts that add up.\n\n"
    "  With --rate the loop is open: requests are sent by a plan whether or not earlier ones were "
    "answered, and latency\n  counts from the planned time. Without it the loop is closed: each "
    "connection keeps --depth requests outstanding,\n  which finds the ceiling but hides "
    "stalls.\n\n"
    "  Example: tailrace load --connect 127.0.0.1:4242 --connections 50 --rate 10000\n\n"
    "  Exit code 0: everything planned was sent, but for what --skip-late-us leaves out, and "
    "rightly answered in time;\n  4: finished, and standard error says what was not.\n\n"
    "  `tailrace load --serve` stays and takes commands on standard input, one JSON object a line: "
    "open, slice, count,\n  result, close, quit (harness/load/load_service.hpp). Arguments of an "
    "open are those below.";

void add_load_options(CLI::App& app, load_options& o) {
  app.add_option(
         "--connect", o.connect,
         "Server as host:port, of a name the first address that answers; repeat it to spread over "
         "several")
      ->required();
  app.add_option("--connections", o.connections, "Open connections")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--message-bytes", o.message_bytes, "Size of a message")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, message_format::bytes_max));
  app.add_option("--rate", o.rate_per_s, "Requests per second over all connections: open loop")
      ->check(CLI::Range(0.1, 1e7));
  app.add_option("--depth", o.depth, "Closed loop: outstanding requests per connection")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536));
  app.add_option("--max-outstanding", o.outstanding_max,
                 "Open loop: outstanding per connection, beyond it requests wait, their plan kept")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--duration-s", o.duration_s, "Length of the measured phase")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 86400.0));
  app.add_option("--warmup-s", o.warmup_s, "Load before it that is not counted")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3600.0));
  app.add_option("--drain-s", o.drain_s, "How long to wait for answers after it")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3600.0));
  app.add_option("--timeout-s", o.timeout_s, "A request without an answer for so long is timed out")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 3600.0));
  app.add_option("--skip-late-us", o.skip_late_us,
                 "Open loop: do not send what is later than this, count it (0 = send all)")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{3'600'000'000}));
  app.add_option("--seed", o.seed, "Of the plan and of the payload")->capture_default_str();
  app.add_flag("--http", o.http, "Send HTTP GETs; connections that the server ends are made again");
  app.add_option("--http-path", o.http_path, "Path of the GET")->capture_default_str();
}

void add_class_options(CLI::App& app, load_options& o) {
  app.add_option("--hog-every", o.hog_every,
                 "Connections whose number is a multiple of it are hogs with a rate of their own; "
                 "the others' latency leads")
      ->check(CLI::Range(2, 1'000'000));
  app.add_option("--hog-rate", o.hog_rate_per_s,
                 "Requests per second over all hogs; --rate is then that of the others")
      ->check(CLI::Range(0.1, 1e7));
  app.add_option("--hot-connections", o.hot_connections,
                 "So many connections, a seeded choice, carry --hot-share of the rate")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--hot-share", o.hot_share, "Share of --rate that the hot connections carry")
      ->check(CLI::Range(0.001, 0.999));
}

void add_client_options(CLI::App& app, load_options& o) {
  app.add_option("--threads", o.threads, "Client threads, each with its share of the connections")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  app.add_option("--connect-rate", o.connect_rate_per_s,
                 "New connections per second (0 = as fast as they are answered)")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--connect-timeout-s", o.connect_timeout_s, "Give up connecting after this")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 600.0));
  app.add_option(
         "--source-addresses", o.source_addresses,
         "Loopback: spread over 127.0.0.2, 127.0.0.3, ... (0 = as many as the connections need)")
      ->capture_default_str()
      ->check(CLI::Range(0, 250));
  app.add_option("--json", o.json_file, "Write the result object to FILE ('-' = standard output)")
      ->type_name("FILE");
  app.add_flag("--hold", o.hold,
               "Open and hold connections by commands on standard input: open N, echo, "
               "active [BYTES], drain, close, quit");
  const auto add_size = [&](const char* name, int& into, const char* what) {
    app.add_option(name, into, what)->check(CLI::Range(0, 1 << 30))->needs("--hold");
  };
  add_size("--receive-buffer", o.sizes.receive_buffer,
           "Hold: SO_RCVBUF of each (0 = the system's)");
  add_size("--send-buffer", o.sizes.send_buffer, "Hold: SO_SNDBUF of each (0 = the system's)");
  add_size("--segment-bytes", o.sizes.segment,
           "Hold: TCP_MAXSEG of each, in both directions (0 = the system's)");
}

int usage(const std::string& sentence) {
  fmt::print(stderr, "tailrace load: {} (see tailrace load --help)\n", sentence);
  return refusal::bad_usage;
}

// What is wrong with the split of the connections in two classes.
std::string class_contradiction(const load_options& o) {
  const bool hogs = o.hog_every > 0;
  const bool hot = o.hot_connections > 0;
  if (hogs != (o.hog_rate_per_s > 0)) return "--hog-every and --hog-rate go together";
  if (hot != (o.hot_share > 0)) return "--hot-connections and --hot-share go together";
  if (!hogs && !hot) return {};
  if (hogs && hot) return "connections are split by --hog-every or by --hot-connections, not both";
  if (!o.open_loop()) return "connections of two classes need --rate";
  if (o.threads > 1) return "connections of two classes take one thread: leave out --threads";
  if (o.hold || o.http)
    return "connections of two classes are for echo: leave out --hold and --http";
  if (hogs && o.connections < 2) return "--hog-every needs a connection that is no hog: at least 2";
  if (hogs && o.message_bytes < numbered_message_bytes)
    return fmt::format("--hog-every needs --message-bytes of at least {}, to hold the number",
                       numbered_message_bytes);
  if (hot && o.hot_connections >= o.connections)
    return fmt::format("{} of {} connections cannot be hot: leave at least one cold",
                       o.hot_connections, o.connections);
  return {};
}

// What no single option can say. Empty when all is well.
std::string contradiction(const load_options& o) {
  // A comparison with a range lets "nan" through.
  for (const double value :
       {o.rate_per_s, o.duration_s, o.warmup_s, o.drain_s, o.timeout_s, o.connect_rate_per_s,
        o.connect_timeout_s, o.hog_rate_per_s, o.hot_share})
    if (std::isnan(value)) return "nan is not a number of seconds or a rate";
  if (o.threads > o.connections)
    return fmt::format("{} threads for {} connections: give each at least one", o.threads,
                       o.connections);
  if ((o.rate_per_s + o.hog_rate_per_s) * (o.duration_s + o.warmup_s) > planned_max)
    return "more than 1e9 planned requests: lower --rate or --duration-s";
  if (!o.open_loop() && std::uint64_t{o.depth} * o.connections > outstanding_total_max)
    return "more than 16 million outstanding requests: lower --depth or --connections";
  if (!o.open_loop() && o.skip_late_us > 0) return "--skip-late-us needs --rate";
  if (o.hold && (o.open_loop() || o.http || !o.json_file.empty()))
    return "--hold sends by commands: leave out --rate, --http and --json";
  if (o.hold && o.message_bytes > hold_message_bytes_max)
    return "--hold takes --message-bytes up to 65536";
  return class_contradiction(o);
}

}  // namespace

parsed_command_line parse_command_line(int argc, const char* const* argv) {
  parsed_command_line parsed;
  load_options& o = parsed.options;
  CLI::App app(description, "tailrace load");
  std::string arrival = "poisson";
  std::string cpus;
  std::string engine = "epoll";
  bool spin = false;
  bool no_spin = false;
  add_load_options(app, o);
  app.add_option("--arrivals", arrival, "Open loop: how planned times are spaced")
      ->capture_default_str()
      ->check(CLI::IsMember({"poisson", "constant"}));
  app.add_option("--cpus", cpus, "Pin thread i to the i-th of these, e.g. 1 or 0,2-3");
  auto* const spin_flag = app.add_flag(
      "--spin", spin,
      "Poll instead of sleeping: exact send times, costs a whole core (open loop: default)");
  app.add_flag("--no-spin", no_spin, "Sleep while nothing is due (closed loop: default)")
      ->excludes(spin_flag);
  auto* const engine_option =
      app.add_option("--engine", engine,
                     "How the kernel is driven; where it refuses io_uring, uring does not start")
          ->capture_default_str()
          ->check(CLI::IsMember({"epoll", "uring"}));
  add_class_options(app, o);
  add_client_options(app, o);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    parsed.exit_code = 0;
    return parsed;
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = usage(error.what());
    return parsed;
  }
  o.arrival = arrival == "poisson" ? arrival_kind::poisson : arrival_kind::constant;
  o.engine = engine == "uring" ? engine_kind::uring : engine_kind::epoll;
  o.spin = spin || (o.open_loop() && !no_spin);
  if (!cpus.empty()) {
    const auto list = observe::parse_cpus(cpus);
    if (!list) parsed.exit_code = usage("--cpus is not a list such as 0,2-3: '" + cpus + "'");
    if (list) o.cpus = *list;
  }
  if (o.hold && engine_option->count() > 0)
    parsed.exit_code = usage("--hold exchanges one message at a time: leave out --engine");
  const std::string sentence = contradiction(o);
  if (!sentence.empty()) parsed.exit_code = usage(sentence);
  return parsed;
}

}  // namespace tailrace::load
