// SPDX-License-Identifier: MIT
#include "runtimes/steal/runtime.hpp"

#include "runtimes/base/sys.hpp"

namespace tailrace::steal {

void runtime::run(task<void> main) {
  scope<runtime> main_scope(*this);
  start_workers(main_scope);
  main_scope.spawn(std::move(main));
  if (!main_scope.end_run_when_idle()) end_workers();
  work_until_ended();
  main_scope.rethrow_first_failure();
}

std::expected<file, start_error> runtime::open_file(const std::string& path, file_access how) {
  auto opened = sys::open_file(path, how);
  if (!opened) return std::unexpected(std::move(opened.error()));
  return file(*this, pooled_file(std::move(*opened), how, chosen().files));
}

std::expected<listener, start_error> runtime::listen(const endpoint& where) {
  auto socket = sys::listen_on(where, false);
  if (!socket) return std::unexpected(std::move(socket.error()));
  const auto slot = register_socket(socket->release());
  if (!slot) return sys::refused_watch(slot.error());
  return listener(*this, **slot);
}

}  // namespace tailrace::steal
