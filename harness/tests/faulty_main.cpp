// SPDX-License-Identifier: MIT
// tailrace-target-faulty: breaks the target contract in the one way that the environment variable
// TAILRACE_FAULT names (none: not at all), so that each conformance check is seen failing.
// `name@N` gives a place in the stream to the faults that have one.
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "harness/tests/hog_script.hpp"
#include "harness/tests/scripted_target.hpp"
#include "harness/tests/scripts.hpp"
#include "workloads/hog.hpp"
#include "workloads/idle.hpp"
#include "workloads/run_refused.hpp"

namespace tailrace {
namespace {

using scripted::faults;

struct chosen_fault {
  std::string name = "none";
  std::string place = "1000";
  bool is(std::string_view other) const { return name == other; }
};

chosen_fault read_fault() {
  chosen_fault fault;
  const char* const text = std::getenv("TAILRACE_FAULT");
  if (text == nullptr) return fault;
  fault.name = text;
  const std::size_t at = fault.name.find('@');
  if (at == std::string::npos) return fault;
  fault.place = fault.name.substr(at + 1);
  fault.name.resize(at);
  return fault;
}

faults server_faults(const chosen_fault& fault) {
  faults wrong;
  wrong.loses_unsent = fault.is("loses-unsent");
  wrong.buffers_all = fault.is("buffers-all");
  wrong.closes_at_fin = fault.is("closes-at-fin");
  wrong.leaks_descriptors = fault.is("leaks-descriptors");
  wrong.dies_of_reset = fault.is("dies-of-reset");
  wrong.dies_of_descriptors = fault.is("dies-of-descriptors");
  wrong.spins_for_descriptors = fault.is("spins-for-descriptors");
  wrong.stays_deaf = fault.is("stays-deaf");
  wrong.keeps_serving = fault.is("keeps-serving");
  wrong.miscounts = fault.is("miscounts-resets");
  if (fault.is("ignores-connections")) wrong.ignores_after = 100;
  return wrong;
}

class faulty_target final : public scripted::scripted_target {
 public:
  explicit faulty_target(chosen_fault fault)
      : scripted_target([this](const option_values& options) { return script_for(options); },
                        server_faults(fault)),
        fault_(std::move(fault)) {}

  ready_info start(const run_request& given, finish_signal& finished) override {
    run_request request = given;
    if (fault_.is("one-worker")) request.workers = 1;
    if (fault_.is("ignores-port")) request.port = 0;
    if (fault_.is("ignores-host")) request.host = "127.0.0.1";
    workers_ = static_cast<std::size_t>(request.workers);
    idle_ = request.workload == "idle";
    hog_ = request.workload == "hog";
    if (idle_) sleeping_ = static_cast<std::uint64_t>(request.options.integer("tasks"));
    if (fault_.is("no-sleepers")) sleeping_ = 0;
    if (fault_.is("sleepers-unasked")) sleeping_ = 5;
    ready_info info = scripted_target::start(request, finished);
    if (fault_.is("bad-address")) info.addresses = {"nowhere"};
    if (fault_.is("no-address")) info.addresses = {};
    return info;
  }

  void begin() override {
    if (fault_.is("dies-of-start")) std::_Exit(7);
  }

  named_counts sample() override {
    served_counts counts = sum();
    if (fault_.is("shrinking-counts")) counts.sent_bytes = 1'000'000 - 1000 * ++samples_;
    if (fault_.is("wrong-bytes-count")) counts.received_bytes *= 2;
    named_counts fields = named(counts);
    if (idle_) fields.insert(fields.end(), {{"sleeping", sleeping_}, {"woken_early", 0}});
    if (hog_ && !fault_.is("hog-lacks-burns"))
      // relaxed: a statistic.
      fields.emplace_back("burns", burns_.load(std::memory_order_relaxed));
    if (fault_.is("missing-count")) fields.erase(fields.begin());
    if (fault_.is("wrong-sum")) fields[0].second = counts.accepted + 1;
    if (fault_.is("wrong-clock")) {
      std::puts(R"({"event":"sample","t_ns":1,"counts":{}})");
      std::fflush(stdout);
    }
    return fields;
  }

  void stop() override {
    stopped_.store(true, std::memory_order_relaxed);  // relaxed: pairs with hog_script::burn()
    if (!fault_.is("ignores-stop")) scripted_target::stop();
  }

  result_info finish() override {
    if (fault_.is("fails-at-end")) throw run_refused("failed at the end", "none");
    result_info result = scripted_target::finish();
    if (!fault_.is("sleepers-in-result")) sleeping_ = 0;
    result.counts = sample();
    if (fault_.is("open-in-result")) {
      result.counts[0].second = sum().accepted + 1;
      result.counts[2].second = 1;
    }
    return result;
  }

 private:
  event_fields metrics() const override {
    if (fault_.is("metrics-nested")) {
      std::puts(R"({"event":"result","counts":{},"metrics":{"polls":[[1]]},"histograms":{}})");
      std::fflush(stdout);
    }
    const std::vector<std::int64_t> one_each(fault_.is("metrics-short-list") ? 1 : workers_, 1);
    event_fields fields{{"polls", one_each}, {"tasks_spawned", std::uint64_t{1}}};
    if (fault_.is("metrics-negative")) fields.emplace_back("steals", std::vector(workers_, -1L));
    if (fault_.is("metrics-objects")) fields.emplace_back("workers", std::string("{}"));
    if (fault_.is("metrics-one-for-all")) fields[0].second = std::uint64_t{1};
    if (fault_.is("metrics-split")) fields[1].second = one_each;
    return fields;
  }

  std::unique_ptr<scripted::script> script_for(const option_values& options) {
    if (hog_) return std::make_unique<scripted::hog_script>(options, fault_.name, burns_, stopped_);
    return calibration_script(fault_);
  }

  static std::unique_ptr<scripted::script> calibration_script(const chosen_fault& fault) {
    std::map<std::string, std::string> values;
    for (const option_spec& spec : scripted::calibration_options()) {
      values[spec.name] = spec.default_value;
    }
    values["after_bytes"] = fault.place;
    if (fault.is("wrong-bytes") || fault.is("extra-bytes")) values["behaviour"] = fault.name;
    return scripted::make_calibration(option_values(values));
  }

  chosen_fault fault_;
  bool idle_ = false;
  bool hog_ = false;
  std::atomic<std::uint64_t> burns_{0};  // relaxed: written by the worker, read by the main thread
  std::atomic<bool> stopped_{false};     // relaxed: by the main thread, read by the worker
  std::uint64_t sleeping_ = 0;
  std::uint64_t samples_ = 0;
  std::size_t workers_ = 1;
};

// Puts a pipe in the place of standard input that stays open when the real one ends.
void outlive_input() {
  std::array<int, 2> ends;
  if (::pipe(ends.data()) != 0) std::abort();
  const int real = ::dup(STDIN_FILENO);
  ::dup2(ends[0], STDIN_FILENO);
  std::thread([real, to = ends[1]] {
    std::array<char, 256> buffer;
    for (;;) {
      const ssize_t count = ::read(real, buffer.data(), buffer.size());
      if (count <= 0) {
        for (;;)
          ::pause();
      }
      if (::write(to, buffer.data(), static_cast<std::size_t>(count)) < 0) return;
    }
  }).detach();
}

// As a script that starts the target without exec: the process that was started is not the target.
void serve_in_a_child() {
  const pid_t child = ::fork();
  if (child == 0) return;
  ::waitpid(child, nullptr, 0);
  ::_exit(0);
}

// Onto every CPU of the machine.
void leave_confinement() {
  cpu_set_t all;
  CPU_ZERO(&all);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    CPU_SET(static_cast<unsigned>(cpu), &all);
  if (::sched_setaffinity(0, sizeof all, &all) != 0) std::abort();
}

// Faults of `describe`: true where the command was dealt with.
bool describe_wrongly(const chosen_fault& fault) {
  if (fault.is("describe-garbage")) return std::puts("hello") >= 0;
  if (fault.is("describe-empty")) return true;
  if (fault.is("describe-incomplete")) return std::puts(R"({"protocol": 2, "id": "x"})") >= 0;
  if (fault.is("describe-fails")) std::exit(1);
  while (fault.is("describe-hangs"))
    ::pause();
  return false;
}

// Faults of the start of `run`: true where the command was dealt with.
bool run_wrongly(const chosen_fault& fault) {
  while (fault.is("never-ready"))
    ::pause();
  if (fault.is("dies-at-start")) std::exit(1);
  if (fault.is("unavailable-in-silence")) return true;
  if (fault.is("prints-garbage")) std::puts("listening ...");
  if (fault.is("prints-unknown-event")) std::puts(R"({"event": "hello"})");
  if (fault.is("prints-endless-line")) {
    for (const std::string much(4096, 'x');;)
      std::fwrite(much.data(), 1, much.size(), stdout);
  }
  std::fflush(stdout);
  if (fault.is("ignores-sigterm")) std::signal(SIGTERM, SIG_IGN);
  if (fault.is("outlives-input")) outlive_input();
  if (fault.is("wrong-pid")) serve_in_a_child();
  return false;
}

}  // namespace
}  // namespace tailrace

int main(int argc, char** argv) {
  using namespace tailrace;
  const chosen_fault fault = read_fault();
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "describe" && describe_wrongly(fault)) return 0;
  if (verb == "run" && run_wrongly(fault)) return 0;
  if (verb != "describe" && fault.is("takes-anything")) return 0;
  if (fault.is("refuses-in-silence")) ::close(STDERR_FILENO);
  if (fault.is("ignores-cpus")) leave_confinement();

  target_description description;
  description.id = "faulty";
  description.family = "floor";
  description.order = 902;
  description.summary = "breaks the target contract in one way, to test the checks with";
  description.backend = "epoll";
  description.workloads = {"echo", "idle", "hog"};
  description.options = idle_options.specs();
  description.options.front().workloads = {"idle"};
  for (option_spec& each : hog_options.specs()) {
    each.workloads = {"hog"};
    description.options.push_back(std::move(each));
  }
  if (fault.is("hog-without-options")) description.options.erase(description.options.begin() + 1);
  if (fault.is("unavailable") || fault.is("unavailable-in-silence")) {
    description.available = false;
    description.cause = "it was told to be";
    description.remedy = "tell it otherwise";
  }
  return target_main(argc, argv, description,
                     [&](const run_request&) { return std::make_unique<faulty_target>(fault); });
}
