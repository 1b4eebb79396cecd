// SPDX-License-Identifier: MIT
#include "runtimes/asio/runtime.hpp"

#include "runtimes/base/check.hpp"
#include "runtimes/base/sys.hpp"

namespace tailrace::asio {

template <class Contexts>
void basic_runtime<Contexts>::run(task<void> main) {
  scope<basic_runtime> main_scope(*this);
  this->start_threads(main_scope);
  main_scope.spawn(std::move(main));
  if (!main_scope.end_run_when_idle()) this->main_ended();
  this->work_until_ended();
  TAILRACE_CHECK_VALUES(main_scope.live() == 0, main_scope.live(), 0);
  main_scope.rethrow_first_failure();
}

template <class Contexts>
auto basic_runtime<Contexts>::listen(const endpoint& where)
    -> std::expected<listener, start_error> {
  auto socket = sys::listen_on(where, false);
  if (!socket) return std::unexpected(std::move(socket.error()));
  tcp_acceptor acceptor(this->io());
  boost::system::error_code refused;
  acceptor.assign(tcp::v4(), socket->get(), refused);
  if (refused)
    return std::unexpected(
        start_error{refused.value(), "Asio refuses the listening socket: " + refused.message()});
  static_cast<void>(socket->release());  // Asio's from now on
  return listener(*this, std::move(acceptor));
}

template <class Contexts>
auto basic_runtime<Contexts>::open_file(const std::string& path, file_access how)
    -> std::expected<file, start_error> {
  auto opened = sys::open_file(path, how);
  if (!opened) return std::unexpected(std::move(opened.error()));
#if defined(BOOST_ASIO_HAS_FILE)
  return file(*this, opened_file(std::move(*opened)));
#else
  const file_mode where =
      this->files().mode == file_mode::inlined ? file_mode::inlined : file_mode::pool;
  if (where == file_mode::pool) this->need_file_threads();
  return file(*this, opened_file(std::move(*opened), how, where));
#endif
}

template class basic_runtime<per_core>;
template class basic_runtime<shared>;

}  // namespace tailrace::asio
