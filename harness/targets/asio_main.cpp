// SPDX-License-Identifier: MIT
// tailrace-target-asio-epoll and tailrace-target-asio-uring: Boost.Asio with our coroutines on top;
// workers=N: N independent io_contexts. Compiled once for each backend.
#include <boost/version.hpp>
#include <string>

#include "asio/runtime.hpp"
#include "base/uring/features.hpp"
#include "harness/targets/file_pool.hpp"
#include "harness/targets/runtime_target.hpp"

namespace {

std::string boost_version() {
  return std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000);
}

// Asio itself would throw from the constructor of the io_context.
void say_where_uring_is_refused(tailrace::target_description& description) {
  const auto& kernel = tailrace::uring::probe_kernel();
  if (!kernel) description.refuse(kernel.error().cause, kernel.error().remedy);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tailrace;
  target_description description;
  description.id = asio::runtime::id;
  description.family = "library";
  description.summary =
      "Boost.Asio: one io_context a worker (concurrency hint 1), a handler resumes the task; an "
      "idle "
      "connection holds a receive buffer";
  description.versions = {{"boost", boost_version()}};
  description.backend = asio::runtime::backend;
  description.needs = {{"kernel", description.backend == "epoll" ? "2.6.28" : "5.10"}};
  if (description.backend == "epoll")
    description.options = file_pool_options({"pool", "inline"}, 64);
  if (description.backend == "io_uring") description.examine_machine = &say_where_uring_is_refused;
  return runtime_target_main<asio::runtime>(
      argc, argv, description, [](const run_request& request) {
        return std::make_unique<asio::runtime>(file_options_of(request.options));
      });
}
