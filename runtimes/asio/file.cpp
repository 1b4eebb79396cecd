// SPDX-License-Identifier: MIT
#include "asio/file.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>

namespace tailrace::asio {

bool read_awaiter::begin(task_node& reader) {
  if (reader.owner->stop_requested()) [[unlikely]] {
    result_ = io_result::of_error(ECANCELED);
    return false;
  }
  node_ = &reader;
  start();
  return true;
}

#if defined(BOOST_ASIO_HAS_FILE)

std::expected<file, start_error> runtime::open_file(const std::string& path, file_access how) {
  auto opened = sys::open_file(path, how);
  if (!opened) return std::unexpected(std::move(opened.error()));
  opened_file taken(context_);
  boost::system::error_code refused;
  taken.assign(opened->get(), refused);
  if (refused)
    return std::unexpected(
        start_error{refused.value(), "Asio refuses the file " + path + ": " + refused.message()});
  static_cast<void>(opened->release());  // Asio's from now on
  return file(*this, std::move(taken));
}

std::uint64_t file::bytes() const noexcept {
  return sys::file_bytes(file_->native_handle());
}

read_awaiter::read_awaiter(runtime& owner, opened_file& from, std::uint64_t offset,
                           std::span<std::byte> into) noexcept
    : runtime_(owner), from_(from), offset_(offset), into_(into) {}

void read_awaiter::start() {
  from_.async_read_some_at(
      offset_, boost::asio::buffer(into_.data(), into_.size()),
      [this](const boost::system::error_code& error, std::size_t count) {
        const bool ended = error == boost::asio::error::eof;
        complete(!error || ended ? io_result::of_count(count) : io_result::of_error(error.value()));
      });
}

#else

std::expected<file, start_error> runtime::open_file(const std::string& path, file_access how) {
  auto opened = sys::open_file(path, how);
  if (!opened) return std::unexpected(std::move(opened.error()));
  const bool on_the_spot = file_options_.mode == file_mode::inlined;
  if (!on_the_spot && file_threads_ == nullptr)
    file_threads_ = std::make_unique<boost::asio::thread_pool>(file_options_.threads);
  return file(*this, pooled_file(std::move(*opened), how,
                                 on_the_spot ? file_mode::inlined : file_mode::pool));
}

std::uint64_t file::bytes() const noexcept {
  return sys::file_bytes(file_->descriptor());
}

read_awaiter::read_awaiter(runtime& owner, opened_file& from, std::uint64_t offset,
                           std::span<std::byte> into) noexcept
    : runtime_(owner), read_(from, offset, into) {}

void read_awaiter::start() {
  const auto go_on = [this] {
    boost::asio::post(runtime_.io(), [this] { complete(read_.result()); });
  };
  if (read_.try_at_once()) return go_on();
  boost::asio::post(runtime_.file_threads(), [this, go_on] {
    read_.read_rest();
    go_on();
  });
}

#endif

}  // namespace tailrace::asio
