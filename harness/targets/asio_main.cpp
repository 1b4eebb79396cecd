// SPDX-License-Identifier: MIT
// tailrace-target-asio-epoll and tailrace-target-asio-uring: Boost.Asio with our coroutines on top;
// workers=N: one io_context that N threads run, or N independent ones (option `contexts`). Compiled
// once for each backend.
#include <boost/version.hpp>
#include <string>

#include "harness/targets/cpu_list.hpp"
#include "harness/targets/file_pool.hpp"
#include "harness/targets/runtime_target.hpp"
#include "runtimes/asio/runtime.hpp"
#include "runtimes/base/uring/features.hpp"

namespace {

using namespace tailrace;

std::string boost_version() {
  return std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000);
}

// Asio itself would throw from the constructor of the io_context.
void say_where_uring_is_refused(target_description& description) {
  const auto& kernel = uring::probe_kernel();
  if (!kernel) description.refuse(kernel.error().cause, kernel.error().remedy);
}

asio::options shared_options(const run_request& request) {
  asio::options chosen;
  chosen.threads = static_cast<std::uint32_t>(request.workers);
  chosen.on_worker_start = [cpus = request.cpus, workers = request.workers](std::uint32_t index) {
    pin_worker(cpus, workers, static_cast<int>(index));
  };
  chosen.files = file_options_of(request.options);
  return chosen;
}

std::unique_ptr<served_target> make_target_of(const run_request& request) {
  const std::string backend(asio::runtime::backend);
  if (request.options.text("contexts") == "per-core")
    return target_of_workload<asio::runtime>(request, backend, [](const run_request& asked) {
      asio::options chosen;
      chosen.files = file_options_of(asked.options);
      return std::make_unique<asio::runtime>(chosen);
    });
  return target_of_workload<asio::shared_runtime>(request, backend, [](const run_request& asked) {
    return std::make_unique<asio::shared_runtime>(shared_options(asked));
  });
}

}  // namespace

int main(int argc, char** argv) {
  target_description description;
  description.id = asio::runtime::id;
  description.family = "library";
  description.summary =
      "Boost.Asio: a handler resumes the task; workers=N: N threads of one io_context, or one "
      "each; an idle connection holds a receive buffer";
  description.versions = {{"boost", boost_version()}};
  description.backend = asio::runtime::backend;
  description.options = {choice_option("contexts", "shared", {"shared", "per-core"},
                                       "one io_context that all workers run, a lock for each "
                                       "socket; or one each, without locks")};
  description.forms = {{"best", {{"contexts", "per-core"}}}, {"default", {}}};
  description.needs = {{"kernel", description.backend == "epoll" ? "2.6.28" : "5.10"}};
  if (description.backend == "epoll")
    for (option_spec& each : file_pool_options({"pool", "inline"}, 64))
      description.options.push_back(std::move(each));
  if (description.backend == "io_uring") description.examine_machine = &say_where_uring_is_refused;
  add_workloads(description);
  add_file_read(description);
  return target_main(argc, argv, description, &make_target_of);
}
