// SPDX-License-Identifier: MIT
// See load_worker.hpp.
#include "harness/load/load_worker.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include "harness/load/connector.hpp"
#include "harness/load/epoll_loop.hpp"
#include "harness/load/thread_pin.hpp"
#include "harness/load/uring_loop.hpp"
#include "harness/observe/clock.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::load {
namespace {

std::uint32_t outstanding_max(const load_options& options) {
  return options.open_loop() ? options.outstanding_max : options.depth;
}

std::uint32_t sources(const load_options& options) {
  return options.source_addresses > 0 ? options.source_addresses
                                      : source_addresses_for(options.connections);
}

void sleep_until(std::int64_t absolute_ns) {
  const timespec until{absolute_ns / observe::ns_per_s, absolute_ns % observe::ns_per_s};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

}  // namespace

load_worker::load_worker(const worker_common& common, std::uint32_t index)
    : common_(common), index_(index), thread_([this] { run(); }) {}

load_worker::~load_worker() {
  begin(task::quit);
  thread_.join();
  close_all(connections_);
  if (epoll_fd_ >= 0) ::close(epoll_fd_);
}

void load_worker::begin_slice(const worker_slice& wanted) {
  slice_ = wanted;
  begin(task::drive);
}

void load_worker::begin(task next) {
  {
    const std::lock_guard lock(mutex_);
    task_ = next;
  }
  changed_.notify_all();
}

void load_worker::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return task_ == task::none; });
}

void load_worker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return task_ != task::none; });
    const task what = task_;
    if (what == task::quit) break;
    lock.unlock();
    carry_out(what);
    lock.lock();
    if (task_ == what) task_ = task::none;
    changed_.notify_all();
  }
  lock.unlock();
  port_.reset();
}

void load_worker::carry_out(task what) {
  try {
    what == task::connect ? connect() : drive();
  } catch (...) {
    failure_ = std::current_exception();
  }
}

void load_worker::make_connections() {
  const load_options& options = common_.options;
  for (std::uint32_t i = index_; i < options.connections; i += options.threads) {
    connection made;
    made.number = i;
    if (common_.split.split()) made.load_class = common_.split.class_of[i];
    made.ring.resize(std::bit_ceil(std::size_t{options.open_loop() ? 16 : options.depth}));
    connections_.push_back(std::move(made));
  }
}

void load_worker::connect() {
  const load_options& options = common_.options;
  pin_thread(options.cpus, index_);
  // Sleeping until the next planned send must not be rounded up by 50 us; affects this thread
  // alone.
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  epoll_fd_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd_ < 0)
    throw refusal("the kernel refused an epoll descriptor: " + errno_name(errno),
                  "raise the limit of open files (ulimit -n)");
  make_connections();
  connector opener(epoll_fd_, {.endpoints = &common_.endpoints,
                               .source_addresses = sources(options),
                               .rate_per_s = options.connect_rate_per_s / options.threads,
                               .timeout_s = options.connect_timeout_s,
                               .stop = &common_.stop});
  if (options.engine == engine_kind::uring)
    port_ = std::make_unique<uring_port>(
        uring_port::needs{.connections = connections_.size(),
                          .request_bytes = common_.format.request_bytes(),
                          .answer_bytes = common_.format.answer_bytes(),
                          .outstanding_max = outstanding_max(options),
                          .receive_buffers = options.receive_buffers});
  opener.open(connections_, connect_times_);
  if (port_ == nullptr) return;
  ::close(std::exchange(epoll_fd_, -1));  // and with it every watch
  port_->adopt(connections_);
  adopted_ = true;
}

client_loop::plan load_worker::loop_plan() const {
  const load_options& options = common_.options;
  return {.format = &common_.format,
          .open = options.open_loop(),
          .spin = options.spin,
          .outstanding_max = outstanding_max(options),
          .start_ns = slice_.start_ns,
          .end_ns = slice_.start_ns + slice_.measured_ns,
          .drain_ns = seconds_ns(options.drain_s),
          .timeout_ns = seconds_ns(options.timeout_s),
          .skip_late_ns = options.skip_late_us * observe::ns_per_us,
          .seed = slice_.seed + index_,
          .stop = &common_.stop,
          .endpoints = &common_.endpoints,
          .source_addresses = sources(options),
          .connect_timeout_ns = seconds_ns(options.connect_timeout_s)};
}

void load_worker::drive() {
  const load_options& options = common_.options;
  counted_.clear();
  std::vector<std::unique_ptr<arrivals>> schedules;  // one a class
  std::vector<client_loop::class_plan> classes;
  for (const load_class& each : common_.split.classes) {
    counted_.push_back(std::make_unique<tally>());
    if (options.open_loop())
      schedules.push_back(std::make_unique<arrivals>(
          arrivals::plan{.kind = options.arrival,
                         .rate_per_s = each.rate_per_s,
                         .warmup_ns = slice_.settle_ns,
                         .measured_ns = slice_.measured_ns,
                         .seed = each.seed + (slice_.seed - options.seed),
                         .thread = index_,
                         .threads = options.threads}));
    classes.push_back({.schedule = options.open_loop() ? schedules.back().get() : nullptr,
                       .into = counted_.back().get()});
  }
  counted_.front()->connect = std::exchange(connect_times_, {});
  if (port_ != nullptr && !adopted_) port_->adopt(connections_);
  sleep_until(slice_.start_ns - slice_.settle_ns);
  std::unique_ptr<client_loop> loop;
  if (port_ != nullptr)
    loop = std::make_unique<uring_loop>(*port_, connections_, loop_plan(), classes);
  else
    loop = std::make_unique<epoll_loop>(epoll_fd_, connections_, loop_plan(), classes);
  loop->run();
  end_ns_ = loop->end_ns();
  adopted_ = false;
  if (port_ == nullptr) return;
  granted_ = port_->ring().granted();
  starved_ = port_->starved();
}

}  // namespace tailrace::load
