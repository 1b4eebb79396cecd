// SPDX-License-Identifier: MIT
// See load_run.hpp.
#include "harness/load/load_run.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <exception>
#include <latch>
#include <memory>
#include <thread>
#include <utility>

#include "harness/load/bug_check.hpp"
#include "harness/load/connector.hpp"
#include "harness/load/endpoint.hpp"
#include "harness/load/epoll_loop.hpp"
#include "harness/load/file_limit.hpp"
#include "harness/load/http_probe.hpp"
#include "harness/load/load_class.hpp"
#include "harness/load/thread_pin.hpp"
#include "harness/load/uring_loop.hpp"
#include "harness/observe/clock.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::load {
namespace {

constexpr std::int64_t begin_after_ns =
    2 * observe::ns_per_ms;  // so that every thread is there at the start

std::int64_t to_ns(double seconds) {
  return static_cast<std::int64_t>(seconds * 1e9);
}

// What the threads of a run share; written before they start, or between the two latches by the
// main thread.
struct run_context {
  const load_options& options;
  const std::atomic<bool>& stop;
  class_split split;
  std::vector<endpoint> endpoints;
  message_format format;
  std::latch connected;
  std::latch go;
  std::int64_t start_ns = 0;  // of the measured phase; 0 = do not begin
};

struct load_thread {
  std::uint32_t index = 0;
  int epoll_fd = -1;                 // connects; of the engine over epoll
  std::unique_ptr<uring_port> port;  // of the engine over io_uring; made and ended by the thread
  std::vector<std::string> granted;
  std::uint64_t starved = 0;
  std::vector<connection> connections;
  // One a class.
  std::vector<std::unique_ptr<arrivals>> schedules;  // null in the closed loop
  std::vector<std::unique_ptr<tally>> counted;
  std::int64_t end_ns = 0;
  std::exception_ptr failure;
  std::thread thread;

  load_thread() = default;
  load_thread(const load_thread&) = delete;
  load_thread& operator=(const load_thread&) = delete;
  ~load_thread() {
    close_all(connections);
    if (epoll_fd >= 0) ::close(epoll_fd);
  }
};

std::uint32_t outstanding_max(const load_options& options) {
  return options.open_loop() ? options.outstanding_max : options.depth;
}

std::unique_ptr<arrivals> schedule_of(const load_options& options, const load_class& of,
                                      std::uint32_t thread) {
  return std::make_unique<arrivals>(arrivals::plan{.kind = options.arrival,
                                                   .rate_per_s = of.rate_per_s,
                                                   .warmup_ns = to_ns(options.warmup_s),
                                                   .measured_ns = to_ns(options.duration_s),
                                                   .seed = of.seed,
                                                   .thread = thread,
                                                   .threads = options.threads});
}

void connect_thread(run_context& run, load_thread& self) {
  const load_options& options = run.options;
  pin_thread(options.cpus, self.index);
  // Sleeping until the next planned send must not be rounded up by 50 us; affects this thread
  // alone.
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  self.epoll_fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (self.epoll_fd < 0)
    throw refusal("the kernel refused an epoll descriptor: " + errno_name(errno),
                  "raise the limit of open files (ulimit -n)");
  for (std::uint32_t i = self.index; i < options.connections; i += options.threads) {
    connection made;
    made.number = i;
    if (run.split.split()) made.load_class = run.split.class_of[i];
    made.ring.resize(std::bit_ceil(std::size_t{options.open_loop() ? 16 : options.depth}));
    self.connections.push_back(std::move(made));
  }
  for (const load_class& each : run.split.classes) {
    self.counted.push_back(std::make_unique<tally>());
    self.schedules.push_back(options.open_loop() ? schedule_of(options, each, self.index)
                                                 : nullptr);
  }
  const std::uint32_t sources = options.source_addresses > 0
                                    ? options.source_addresses
                                    : source_addresses_for(options.connections);
  connector opener(self.epoll_fd, {.endpoints = &run.endpoints,
                                   .source_addresses = sources,
                                   .rate_per_s = options.connect_rate_per_s / options.threads,
                                   .timeout_s = options.connect_timeout_s,
                                   .stop = &run.stop});
  if (options.engine == engine_kind::uring)
    self.port =
        std::make_unique<uring_port>(uring_port::needs{.connections = self.connections.size(),
                                                       .request_bytes = run.format.request_bytes(),
                                                       .answer_bytes = run.format.answer_bytes(),
                                                       .outstanding_max = outstanding_max(options),
                                                       .receive_buffers = options.receive_buffers});
  opener.open(self.connections, self.counted.front()->connect);
  if (self.port == nullptr) return;
  ::close(std::exchange(self.epoll_fd, -1));  // and with it every watch
  self.port->adopt(self.connections);
}

void sleep_until(std::int64_t absolute_ns) {
  const timespec until{absolute_ns / observe::ns_per_s, absolute_ns % observe::ns_per_s};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

void drive_thread(run_context& run, load_thread& self) {
  const load_options& options = run.options;
  sleep_until(run.start_ns - to_ns(options.warmup_s));
  const client_loop::plan plan{.format = &run.format,
                               .open = options.open_loop(),
                               .spin = options.spin,
                               .outstanding_max = outstanding_max(options),
                               .start_ns = run.start_ns,
                               .end_ns = run.start_ns + to_ns(options.duration_s),
                               .drain_ns = to_ns(options.drain_s),
                               .timeout_ns = to_ns(options.timeout_s),
                               .skip_late_ns = options.skip_late_us * observe::ns_per_us,
                               .seed = options.seed + self.index,
                               .stop = &run.stop};
  std::vector<client_loop::class_plan> classes;
  for (std::size_t i = 0; i < self.counted.size(); ++i)
    classes.push_back({.schedule = self.schedules[i].get(), .into = self.counted[i].get()});
  std::unique_ptr<client_loop> loop;
  if (self.port != nullptr)
    loop = std::make_unique<uring_loop>(*self.port, self.connections, plan, classes);
  else
    loop = std::make_unique<epoll_loop>(self.epoll_fd, self.connections, plan, classes);
  loop->run();
  self.end_ns = loop->end_ns();
  if (self.port == nullptr) return;
  self.granted = self.port->ring().granted();
  self.starved = self.port->starved();
}

void run_thread(run_context& run, load_thread& self) {
  try {
    connect_thread(run, self);
  } catch (...) {
    self.failure = std::current_exception();
  }
  run.connected.count_down();
  run.go.wait();
  if (run.start_ns != 0) drive_thread(run, self);
  self.port.reset();
}

message_format format_for(const load_options& options, const std::vector<endpoint>& endpoints) {
  if (options.http)
    return learn_http_answer(endpoints.front(), options.http_path, options.connect_timeout_s);
  return message_format::echo(options.message_bytes, options.seed);
}

void finish_result(load_result& result, std::int64_t start_ns) {
  const load_options& options = result.options;
  tally& total = result.total;
  if (!options.open_loop()) total.service = total.response;
  result.elapsed_s =
      static_cast<double>(std::max<std::int64_t>(total.finished_ns - start_ns, 0)) / 1e9;
  if (result.phase_s <= 0) return;
  result.offered_per_s = static_cast<double>(total.counts.planned) / result.phase_s;
  result.achieved_per_s = static_cast<double>(total.answered_in_phase) / result.phase_s;
  for (class_result& each : result.classes) {
    each.offered_per_s = static_cast<double>(each.counted.counts.planned) / result.phase_s;
    each.achieved_per_s = static_cast<double>(each.counted.answered_in_phase) / result.phase_s;
  }
  const double cpu_s = static_cast<double>(total.user_us + total.system_us) / 1e6 -
                       static_cast<double>(total.idle_spin_ns) / 1e9;
  result.busy_share = std::clamp(cpu_s / (result.phase_s * options.threads), 0.0, 1.0);
}

// What the threads counted, added up, by class and in all.
void merge(const std::vector<std::unique_ptr<load_thread>>& all, const class_split& split,
           load_result& result) {
  std::vector<const window_series*> series;
  if (split.split())
    for (const load_class& each : split.classes)
      result.classes.push_back({.asked = each, .counted = {}});
  if (split.first_leads) result.leading_class = split.classes.front().name;
  for (const auto& one : all) {
    for (std::size_t i = 0; i < one->counted.size(); ++i) {
      const tally& part = *one->counted[i];
      result.total.add(part);
      if (split.split()) result.classes[i].counted.add(part);
      if (i == 0 || !split.first_leads) series.push_back(&part.windows);
    }
    result.connections_opened += static_cast<std::uint32_t>(one->connections.size());
  }
  for (const class_result& each : result.classes)
    each.counted.counts.check_identities();
  result.total.counts.check_identities();
  result.server_died = std::ranges::all_of(
      all, [](const auto& one) { return one->counted.front()->all_connections_lost; });
  result.windows = summarize_windows(series, static_cast<std::size_t>(result.phase_s * 10 + 0.5));
}

}  // namespace

bool load_result::clean() const noexcept {
  return total.counts.wrong == 0 && total.counts.errors == 0 && total.counts.timed_out == 0 &&
         total.extra_bytes == 0 && total.lost_connections.empty() && total.warmup_failures == 0;
}

load_result run_load(const load_options& options, const std::atomic<bool>& stop) {
  load_result result;
  result.options = options;
  make_room_for_connections(options.connections + options.threads);
  auto endpoints = resolve_endpoints(options.connect);
  auto format = format_for(options, endpoints);
  const std::size_t answer_bytes = format.answer_bytes();
  const auto threads = static_cast<std::ptrdiff_t>(options.threads);
  run_context run{.options = options,
                  .stop = stop,
                  .split = split_of(options),
                  .endpoints = std::move(endpoints),
                  .format = std::move(format),
                  .connected = std::latch(threads),
                  .go = std::latch(1)};
  std::vector<std::unique_ptr<load_thread>> all;
  for (std::uint32_t i = 0; i < options.threads; ++i) {
    all.push_back(std::make_unique<load_thread>());
    all.back()->index = i;
  }
  for (auto& one : all)
    one->thread = std::thread([&run, self = one.get()] { run_thread(run, *self); });
  run.connected.wait();
  std::exception_ptr failure;
  for (const auto& one : all)
    if (one->failure != nullptr && failure == nullptr) failure = one->failure;
  // relaxed: only the flag itself is communicated.
  const bool interrupted = stop.load(std::memory_order_relaxed);
  if (failure == nullptr && !interrupted)
    run.start_ns = observe::monotonic_ns() + begin_after_ns + to_ns(options.warmup_s);
  run.go.count_down();
  for (auto& one : all)
    one->thread.join();
  if (failure != nullptr) std::rethrow_exception(failure);
  if (interrupted)
    throw refusal("interrupted while the connections were being opened", "run it again");

  std::int64_t end_ns = run.start_ns;
  for (const auto& one : all)
    end_ns = std::max(end_ns, one->end_ns);
  result.phase_s = static_cast<double>(end_ns - run.start_ns) / 1e9;
  result.stopped_early = end_ns < run.start_ns + to_ns(options.duration_s);
  merge(all, run.split, result);
  result.engine_granted = all.front()->granted;
  for (const auto& one : all)
    result.receives_starved += one->starved;
  finish_result(result, run.start_ns);
  result.bytes_per_s = result.achieved_per_s * static_cast<double>(answer_bytes);
  return result;
}

}  // namespace tailrace::load
