// SPDX-License-Identifier: MIT
// Files of the Boost.Asio runtimes (extensions.hpp says what one promises). asio-uring: Asio's own
// random_access_file, which its io_uring backend has. asio-epoll, for which Asio has no files: a
// call on a thread_pool of Asio's, and back by a handler; or, by an option, on the spot. Tasks of
// their runtime. Cost: an operation of Asio's; a post there and one back.
#pragma once

#include <boost/asio/basic_random_access_file.hpp>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "asio/runtime.hpp"
#include "base/pooled_read.hpp"
#include "io_result.hpp"

namespace tailrace::asio {

#if defined(BOOST_ASIO_HAS_FILE)
using opened_file = boost::asio::basic_random_access_file<boost::asio::io_context::executor_type>;
#else
using opened_file = pooled_file;
#endif

template <class Contexts>
class read_awaiter {
 public:
  read_awaiter(basic_runtime<Contexts>& owner, opened_file& from, std::uint64_t offset,
               std::span<std::byte> into) noexcept;

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    handle_ = self;
    return begin(self.promise().node());
  }
  io_result await_resume() const noexcept { return result_; }

 private:
  // Not in reader.waiting: until the handler comes the memory is Asio's.
  bool begin(task_node& reader);
  void start();
  void complete(io_result result) {
    const bool stopped = node_->owner->stop_requested();
    result_ = stopped ? io_result::of_error(ECANCELED) : result;
    runtime_.resume(handle_);
  }

  basic_runtime<Contexts>& runtime_;
  std::coroutine_handle<> handle_;
  task_node* node_ = nullptr;
  io_result result_;
#if defined(BOOST_ASIO_HAS_FILE)
  opened_file& from_;
  std::uint64_t offset_;
  std::span<std::byte> into_;
#else
  pooled_read read_;
#endif
};

template <class Contexts>
class basic_file {
 public:
  basic_file(basic_runtime<Contexts>& owner, opened_file opened) noexcept
      : runtime_(&owner), file_(std::make_unique<opened_file>(std::move(opened))) {}

  std::uint64_t bytes() const noexcept;
  read_awaiter<Contexts> read_at(std::uint64_t offset, std::span<std::byte> into) noexcept {
    return {*runtime_, *file_, offset, into};
  }

 private:
  basic_runtime<Contexts>* runtime_;
  std::unique_ptr<opened_file> file_;
};

extern template class read_awaiter<per_core>;
extern template class read_awaiter<shared>;
extern template class basic_file<per_core>;
extern template class basic_file<shared>;

}  // namespace tailrace::asio
