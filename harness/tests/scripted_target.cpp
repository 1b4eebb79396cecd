// SPDX-License-Identifier: MIT
// See scripted_target.hpp.
#include "harness/tests/scripted_target.hpp"

#include "harness/targets/listeners.hpp"

namespace tailrace::scripted {

ready_info scripted_target::start(const run_request& request, finish_signal& finished) {
  const listeners opened = open_listeners(request);
  for (const int listener : opened.descriptors) {
    servers_.emplace_back(listener, make_(request.options), faults_);
  }
  threads_.start(request.workers, request.cpus, finished,
                 [this](int index) { servers_[static_cast<std::size_t>(index)].run(); });
  return {opened.addresses, "epoll", request.workers, {}};
}

served_counts scripted_target::sum() const {
  served_counts sum;
  for (const server& each : servers_)
    add_counts(sum, each.counts());
  return sum;
}

named_counts scripted_target::sample() {
  return named(sum());
}

void scripted_target::stop() {
  for (server& each : servers_)
    each.stop();
}

result_info scripted_target::finish() {
  threads_.join();
  return {sample(), {}, {}};
}

}  // namespace tailrace::scripted
