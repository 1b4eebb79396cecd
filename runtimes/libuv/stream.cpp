// SPDX-License-Identifier: MIT
#include "runtimes/libuv/stream.hpp"

#include <algorithm>
#include <cstdint>

#include "runtimes/base/check.hpp"

namespace tailrace::libuv {

bool receive_awaiter::begin(task_node& receiver) noexcept {
  if (connection_.closing) [[unlikely]] {
    set_cancelled();
    return false;
  }
  if (connection_.holds) {
    connection_.holds = false;
    lease_ = std::move(connection_.held);
    return connection_.owner.takes_turns(receiver);
  }
  if (connection_.ended) {
    lease_ = lease(connection_.held.status());
    return connection_.owner.takes_turns(receiver);
  }
  if (const int error = connection_.start_reading()) [[unlikely]] {
    lease_ = lease(io_result::of_error(error));
    return false;
  }
  TAILRACE_CHECK(connection_.receiver == nullptr);  // one task at a time receives
  connection_.receiver = this;
  sleep(receiver);
  return true;
}

bool send_awaiter::begin(task_node& sender) noexcept {
  if (connection_.closing) [[unlikely]] {
    set_cancelled();
    return false;
  }
  TAILRACE_CHECK(connection_.sender == nullptr);  // one task at a time sends
  TAILRACE_CHECK_VALUES(bytes_.size() <= UINT32_MAX, bytes_.size(), UINT32_MAX);  // a uv_buf_t's
  // libuv takes char* for what it only reads.
  auto* const first = const_cast<char*>(reinterpret_cast<const char*>(bytes_.data()));
  const auto size = static_cast<unsigned>(bytes_.size());
  const uv_buf_t all = uv_buf_init(first, size);
  const int written = size == 0 ? 0 : connection_.write_at_once(all);
  if (written == static_cast<int>(size)) [[likely]] {
    result_ = io_result::of_count(bytes_.size());
    return connection_.owner.takes_turns(sender);
  }
  int error = written < 0 && written != UV_EAGAIN ? -written : 0;
  if (error == 0) {
    const auto sent = static_cast<unsigned>(std::max(written, 0));
    error = connection_.queue_write(uv_buf_init(first + sent, size - sent));
  }
  if (error != 0) {
    result_ = io_result::of_error(error);
    return false;
  }
  connection_.sender = this;
  sleep(sender);
  return true;
}

bool accept_awaiter::begin(task_node& acceptor) noexcept {
  const int refusal = std::exchange(socket_.refusal, 0);
  if (refusal != 0 || socket_.waiting) {
    settle(refusal);
    return socket_.owner.takes_turns(acceptor);
  }
  TAILRACE_CHECK(socket_.acceptor == nullptr);  // one task at a time accepts
  socket_.acceptor = this;
  sleep(acceptor);
  return true;
}

void accept_awaiter::settle(int error) noexcept {
  if (error != 0)
    accepted_ = std::unexpected(error);
  else
    accepted_ = socket_.take();
}

}  // namespace tailrace::libuv
