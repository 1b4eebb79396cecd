// SPDX-License-Identifier: MIT
#include "runtimes/local/runtime.hpp"

#include <utility>

namespace tailrace::local {

void runtime::run(task<void> main) {
  begin();
  scope<runtime> main_scope(*this);
  main_ = &main_scope;
  main_scope.spawn(std::move(main));
  for (run_ready(); main_scope.live() != 0; run_ready())
    poll();
  counters_.timers_armed.set(timers_.size());
  main_ = nullptr;
  main_scope.rethrow_first_failure();
}

runtime_metrics runtime::metrics() const {
  runtime_metrics metrics = counters_.read();
  metrics.whole.push_back({"blocking_threads", blocking().threads()});
  metrics.whole.push_back({"blocking_depth", blocking().queued()});
  return metrics;
}

std::expected<listener, start_error> runtime::listen(const endpoint& where) {
  auto socket = sys::listen_on(where, false);
  if (!socket) return std::unexpected(std::move(socket.error()));
  const auto slot = register_socket(socket->release());
  if (!slot) return sys::refused_watch(slot.error());
  (*slot)->listening = true;
  return listener(**slot);
}

std::expected<file, start_error> runtime::open_file(const std::string& path, file_access how) {
  auto opened = sys::open_file(path, how);
  if (!opened) return std::unexpected(std::move(opened.error()));
  return file(*this, pooled_file(std::move(*opened), how, file_mode_));
}

}  // namespace tailrace::local
