// SPDX-License-Identifier: MIT
#include "runtimes/asio/file.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <mutex>

namespace tailrace::asio {

template <class Contexts>
bool read_awaiter<Contexts>::begin(task_node& reader) {
  if (reader.owner->stop_requested()) [[unlikely]] {
    result_ = io_result::of_error(ECANCELED);
    return false;
  }
  node_ = &reader;
  start();  // The task may have gone on by now.
  return true;
}

#if defined(BOOST_ASIO_HAS_FILE)

std::expected<std::unique_ptr<asio_file>, int> opened_file::take(boost::asio::io_context& context) {
  if (!unused_.empty()) {
    std::unique_ptr<asio_file> taken = std::move(unused_.back());
    unused_.pop_back();
    return taken;
  }
  auto copy = sys::duplicate(file_.get());
  if (!copy) return std::unexpected(copy.error());
  auto made = std::make_unique<asio_file>(context);
  boost::system::error_code refused;
  made->assign(copy->get(), refused);
  if (refused) return std::unexpected(refused.value());
  static_cast<void>(copy->release());  // Asio's from now on
  return made;
}

template <class Contexts>
read_awaiter<Contexts>::read_awaiter(basic_scheduler<Contexts>& owner, opened_file& from,
                                     std::uint64_t offset, std::span<std::byte> into) noexcept
    : scheduler_(owner), from_(from), offset_(offset), into_(into) {}

template <class Contexts>
void read_awaiter<Contexts>::start() {
  std::unique_lock lock(scheduler_.file_mutex());
  auto taken = from_.take(scheduler_.io());
  lock.unlock();
  if (!taken) {
    boost::asio::post(scheduler_.io(),
                      [this, error = taken.error()] { complete(io_result::of_error(error)); });
    return;
  }
  reader_ = std::move(*taken);
  reader_->async_read_some_at(
      offset_, boost::asio::buffer(into_.data(), into_.size()),
      [this](const boost::system::error_code& error, std::size_t count) {
        const bool ended = error == boost::asio::error::eof;
        complete(!error || ended ? io_result::of_count(count) : io_result::of_error(error.value()));
      });
}

template <class Contexts>
void read_awaiter<Contexts>::give_back() {
  if (reader_ == nullptr) return;
  const std::lock_guard lock(scheduler_.file_mutex());
  from_.give_back(std::move(reader_));
}

#else

template <class Contexts>
read_awaiter<Contexts>::read_awaiter(basic_scheduler<Contexts>& owner, opened_file& from,
                                     std::uint64_t offset, std::span<std::byte> into) noexcept
    : scheduler_(owner), read_(from, offset, into) {}

template <class Contexts>
void read_awaiter<Contexts>::start() {
  const auto go_on = [this] {
    boost::asio::post(scheduler_.io(), [this] { complete(read_.result()); });
  };
  if (read_.try_at_once()) return go_on();
  boost::asio::post(scheduler_.file_threads(), [this, go_on] {
    read_.read_rest();
    go_on();
  });
}

#endif

template class read_awaiter<per_core>;
template class read_awaiter<shared>;
template class basic_file<per_core>;
template class basic_file<shared>;

}  // namespace tailrace::asio
