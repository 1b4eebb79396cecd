// SPDX-License-Identifier: MIT
// tailrace-target-asio-epoll and tailrace-target-asio-uring: workers=N: one io_context that N
// threads run, or N independent ones (option `contexts`). Compiled once for each backend.
#include <boost/version.hpp>
#include <chrono>
#include <string>

#include "harness/targets/runtime_options.hpp"
#include "harness/targets/workload_table.hpp"
#include "runtimes/asio/runtime.hpp"
#include "runtimes/base/uring/features.hpp"

namespace {

using namespace tailrace;

constexpr bool over_uring = asio::runtime::backend == "io_uring";

struct options {
  bool per_core = false;
  asio::buffer_options buffers = {};
  std::chrono::microseconds window{0};
  file_options files{.mode = file_mode::pool, .threads = 64};
};

option_table<options> named_options() {
  using table = option_table<options>;
  table all{table::choice("contexts", &options::per_core, {{"shared", false}, {"per-core", true}},
                          "one io_context that all workers run, a lock for each socket; or one "
                          "each, without locks"),
            table::choice(
                "buffer", [](options& of) -> auto& { return of.buffers.lent; },
                {{"lent", true}, {"owned", false}},
                "lent: the thread's, once there are bytes, from read to write; owned: "
                "one a connection, as in Boost's examples"),
            table::integer(
                "buffer_bytes", [](options& of) -> auto& { return of.buffers.bytes; }, 64,
                buffer_pool::buffer_bytes, "size of that buffer"),
            timer_window_option<options>(&options::window)};
  if (over_uring) return all;
  return std::move(all).with(
      {"file-read"},
      file_pool_options<options>([](auto& of) -> auto& { return of.files.mode; },
                                 [](auto& of) -> auto& { return of.files.threads; },
                                 {{"pool", file_mode::pool}, {"inline", file_mode::inlined}}));
}

asio::options shared_options(const options& chosen, const run_request& request) {
  return {.threads = static_cast<std::uint32_t>(request.workers),
          .on_worker_start =
              [cpus = request.cpus, workers = request.workers](std::uint32_t index) {
                pin_worker(cpus, workers, static_cast<int>(index));
              },
          .files = chosen.files,
          .buffers = chosen.buffers,
          .timer_window = chosen.window};
}

std::unique_ptr<served_target> make_target_of(const run_request& request) {
  const std::string backend(asio::runtime::backend);
  const options chosen = named_options().rules_of(request.options);
  if (chosen.per_core)
    return target_of<asio::runtime>(request, backend, [chosen](const run_request&) {
      return std::make_unique<asio::runtime>(asio::options{.threads = 1,
                                                           .on_worker_start = nullptr,
                                                           .files = chosen.files,
                                                           .buffers = chosen.buffers,
                                                           .timer_window = chosen.window});
    });
  return target_of<asio::shared_runtime>(request, backend, [chosen](const run_request& asked) {
    return std::make_unique<asio::shared_runtime>(shared_options(chosen, asked));
  });
}

// Asio itself would throw from the constructor of the io_context.
void say_where_uring_is_refused(target_description& description) {
  const auto& kernel = uring::probe_kernel();
  if (!kernel) description.refuse(kernel.error().cause, kernel.error().remedy);
}

}  // namespace

int main(int argc, char** argv) {
  target_description description{
      .id = std::string(asio::runtime::id),
      .family = "library",
      .order = over_uring ? 54 : 52,
      .summary =
          "Boost.Asio: a handler resumes the task; workers=N: N threads of one io_context, or one "
          "each; a connection has a buffer, or waits until it is readable and is lent one",
      .versions = {{"boost", std::to_string(BOOST_VERSION / 100000) + "." +
                                 std::to_string(BOOST_VERSION / 100 % 1000)}},
      .backend = std::string(asio::runtime::backend),
      .timer_granularity_ns = 1,
      .options = named_options().specs(),
      .forms = {{"best", {{"contexts", "per-core"}}},
                {"default", {}},
                {"lent",
                 {{"contexts", "per-core"}, {"buffer", "lent"}, {"buffer_bytes", "65536"}}}},
      .needs = {{"kernel", over_uring ? "5.10" : "2.6.28"}}};
  if (over_uring) description.examine_machine = &say_where_uring_is_refused;
  add_workloads<asio::runtime>(description);
  return target_main(argc, argv, std::move(description), &make_target_of);
}
