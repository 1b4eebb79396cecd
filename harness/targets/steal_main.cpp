// SPDX-License-Identifier: MIT
// tailrace-target-steal: the work-stealing runtime over epoll; workers=N: one runtime, N workers.
// Its options are explained, with what they cost, in runtimes/steal/README.md.
#include "harness/targets/cpu_list.hpp"
#include "harness/targets/file_pool.hpp"
#include "harness/targets/runtime_target.hpp"
#include "runtimes/steal/option_names.hpp"
#include "runtimes/steal/runtime.hpp"

namespace {

using namespace tailrace;

std::vector<option_spec> options_of_steal() {
  return {choice_option("lifo", "on", {"off", "on", "stealable"},
                        "where the task goes that the running task woke last"),
          choice_option("reactor", "shared", {"shared", "per-worker"},
                        "one epoll for all workers, or one each"),
          choice_option("io", "auto", {"auto", "deferred", "inline"},
                        "inline: the poller makes the call and resumes the task at once; auto: "
                        "inline with one worker"),
          integer_option("coop", 128, 1, 1'000'000, "operations a task may complete in a row"),
          integer_option("event_interval", 0, 0, 1'000'000,
                         "tasks between looks at the reactor while busy; 0: tuned to 200 us"),
          timer_window_option(timer_window::default_length.count()),
          integer_option("stall_ms", 0, 0, 3'600'000,
                         "report a task that holds a worker for longer; 0: do not look"),
          choice_option("metrics", "counts", {"counts", "times"},
                        "times: also histograms of poll time and schedule latency")};
}

void add_file_options(steal::options& chosen, const option_values& values) {
  const file_options files = file_options_of(values);
  chosen.files = files.mode;
  chosen.blocking_threads = files.threads;
}

steal::options chosen_options(const run_request& request) {
  steal::options chosen;
  chosen.workers = static_cast<std::uint32_t>(request.workers);
  for (const char* name : {"lifo", "reactor", "io", "coop", "event_interval", "timer_window_us",
                           "stall_ms", "metrics"})
    TAILRACE_CHECK(steal::set_option(chosen, name, request.options.all().at(name)));
  add_file_options(chosen, request.options);
  chosen.on_worker_start = [cpus = request.cpus, workers = request.workers](std::uint32_t index) {
    pin_worker(cpus, workers, static_cast<int>(index));
  };
  return chosen;
}

}  // namespace

int main(int argc, char** argv) {
  target_description description;
  description.id = steal::runtime::id;
  description.family = "in-house";
  description.summary =
      "work-stealing runtime over epoll; workers=N: N threads that share all tasks";
  description.backend = "epoll";
  description.options = options_of_steal();
  for (option_spec& each : file_pool_options({"auto", "pool", "inline"}, 512))
    description.options.push_back(std::move(each));
  description.needs = {{"kernel", "2.6.28"}};
  return runtime_target_main<steal::runtime>(
      argc, argv, description, [](const run_request& request) {
        return std::make_unique<steal::runtime>(chosen_options(request));
      });
}
