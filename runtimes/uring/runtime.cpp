// SPDX-License-Identifier: MIT
#include "runtimes/uring/runtime.hpp"

namespace tailrace::uring {

void runtime::run(task<void> main) {
  requests_.enable();
  scope<runtime> main_scope(*this);
  main_ = &main_scope;
  cpu_time_.begin();
  main_scope.spawn(std::move(main));
  begin();
  for (run_ready(); main_scope.live() != 0; run_ready())
    poll();
  drain();
  cpu_time_.end();
  main_ = nullptr;
  main_scope.rethrow_first_failure();
}

runtime_metrics runtime::metrics() const {
  runtime_metrics metrics = counters_.read();
  metrics.workers.front().push_back({"busy_ns", cpu_time_.used_ns()});
  ring_counters_.append_to(metrics.workers.front());
  return metrics;
}

std::vector<std::pair<std::string, std::string>> runtime::granted() const {
  const ring& kernel = requests_.kernel();
  std::vector<std::pair<std::string, std::string>> words = {
      {"ring", joined(kernel.granted())},
      {"ring_missing", joined(kernel.missing())},
      {"wake", wakes_by_message() ? "msg_ring" : "eventfd"}};
  if (files_opened_) {
    words.emplace_back("fixed_files", registrations_.has_files() ? "on" : "off");
    words.emplace_back("registered_buffers", registrations_.has_memory() ? "on" : "off");
  }
  return words;
}

std::expected<listener, start_error> runtime::listen(const endpoint& where) {
  requests_.enable();
  const auto slot = acceptor_.listen(where);
  if (!slot) return std::unexpected(slot.error());
  return listener(**slot);
}

std::expected<file, start_error> runtime::open_file(const std::string& path, file_access how) {
  requests_.enable();
  auto opened = sys::open_file(path, how);
  if (!opened) return std::unexpected(std::move(opened.error()));
  files_opened_ = true;
  return file(*this, std::move(*opened), how);
}

bool runtime::register_memory(std::span<std::byte> memory) {
  requests_.enable();
  return registrations_.register_memory(memory);
}

}  // namespace tailrace::uring
