// SPDX-License-Identifier: MIT
#include "runtimes/libuv/runtime.hpp"

#include <utility>

#include "runtimes/base/check.hpp"
#include "runtimes/base/sys.hpp"

namespace tailrace::libuv {

void runtime::run(task<void> main) {
  scope<runtime> main_scope(*this);
  main_ = &main_scope;
  main_scope.spawn(std::move(main));
  uv_run(&uv(), UV_RUN_DEFAULT);  // until before_poll() stops it
  TAILRACE_CHECK_VALUES(main_scope.live() == 0, main_scope.live(), 0);
  tell_counts();
  main_ = nullptr;
  main_scope.rethrow_first_failure();
}

void runtime::before_poll(uv_prepare_t* handle) {
  auto& self = static_cast<runtime&>(*static_cast<poller*>(handle->data));
  if (self.main_ == nullptr) return;  // not inside run()
  self.run_ready();
  if (static_cast<scope<runtime>&>(*self.main_).live() == 0) uv_stop(&self.uv());
}

std::expected<listener, start_error> runtime::listen(const endpoint& where) {
  // libuv 1.44 has no flag for SO_REUSEPORT, so the socket is made outside.
  auto socket = sys::listen_on(where, false);
  if (!socket) return std::unexpected(std::move(socket.error()));
  auto& listening = *new listening_socket(*this);
  listener owner(listening);
  const int error = listening.listen_on(*socket);
  if (error != 0)
    return std::unexpected(
        start_error{error, "libuv refuses the listening socket: " + sys::errno_name(error)});
  return owner;
}

std::expected<file, start_error> runtime::open_file(const std::string& path, file_access how) {
  auto opened = sys::open_file(path, how);
  if (!opened) return std::unexpected(std::move(opened.error()));
  return file(*this, std::move(*opened));
}

}  // namespace tailrace::libuv
