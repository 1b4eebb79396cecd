// SPDX-License-Identifier: MIT
// Files of the Boost.Asio runtimes (extensions.hpp says what one promises). asio-uring: Asio's own
// random_access_file, which its io_uring backend has; that one makes its reads one after the other,
// so each read that is under way has one of its own, over a duplicate of the descriptor, and they
// are reused. asio-epoll, for which Asio has no files: a call on a thread_pool of Asio's, and back
// by a handler; or, by an option, on the spot. Tasks of their runtime. Cost: an operation of
// Asio's; a post there and one back.
#pragma once

#include <boost/asio/basic_random_access_file.hpp>
#include <coroutine>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "runtimes/asio/scheduler.hpp"
#include "runtimes/base/file_calls.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/base/pooled_read.hpp"

namespace tailrace::asio {

#if defined(BOOST_ASIO_HAS_FILE)
using asio_file = boost::asio::basic_random_access_file<boost::asio::io_context::executor_type>;

// The file, and what reads it.
class opened_file {
 public:
  explicit opened_file(sys::descriptor file) noexcept : file_(std::move(file)) {}

  int descriptor() const noexcept { return file_.get(); }
  // One that nobody uses; or why none is to be had. Callers hold the runtime's file_mutex(), as for
  // give_back().
  std::expected<std::unique_ptr<asio_file>, int> take(boost::asio::io_context& context);
  void give_back(std::unique_ptr<asio_file> unused) { unused_.push_back(std::move(unused)); }

 private:
  sys::descriptor file_;
  std::vector<std::unique_ptr<asio_file>> unused_;
};
#else
using opened_file = pooled_file;
#endif

template <class Contexts>
class read_awaiter {
 public:
  read_awaiter(basic_scheduler<Contexts>& owner, opened_file& from, std::uint64_t offset,
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
#if defined(BOOST_ASIO_HAS_FILE)
    give_back();
#endif
    const bool stopped = node_->owner->stop_requested();
    result_ = stopped ? io_result::of_error(ECANCELED) : result;
    scheduler_.resume(handle_);
  }

  basic_scheduler<Contexts>& scheduler_;
  std::coroutine_handle<> handle_;
  task_node* node_ = nullptr;
  io_result result_;
#if defined(BOOST_ASIO_HAS_FILE)
  void give_back();

  opened_file& from_;
  std::unique_ptr<asio_file> reader_;
  std::uint64_t offset_;
  std::span<std::byte> into_;
#else
  pooled_read read_;
#endif
};

template <class Contexts>
class basic_file {
 public:
  basic_file(basic_scheduler<Contexts>& owner, opened_file opened) noexcept
      : scheduler_(&owner), file_(std::make_unique<opened_file>(std::move(opened))) {}

  std::uint64_t bytes() const noexcept { return sys::file_bytes(file_->descriptor()); }
  read_awaiter<Contexts> read_at(std::uint64_t offset, std::span<std::byte> into) noexcept {
    return {*scheduler_, *file_, offset, into};
  }

 private:
  basic_scheduler<Contexts>* scheduler_;
  std::unique_ptr<opened_file> file_;
};

extern template class read_awaiter<per_core>;
extern template class read_awaiter<shared>;
extern template class basic_file<per_core>;
extern template class basic_file<shared>;

}  // namespace tailrace::asio
