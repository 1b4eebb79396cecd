// SPDX-License-Identifier: MIT
#include "asio/file.hpp"

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

template <class Contexts>
std::expected<basic_file<Contexts>, start_error> basic_runtime<Contexts>::open_file(
    const std::string& path, file_access how) {
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

template <class Contexts>
std::uint64_t basic_file<Contexts>::bytes() const noexcept {
  return sys::file_bytes(file_->native_handle());
}

template <class Contexts>
read_awaiter<Contexts>::read_awaiter(basic_runtime<Contexts>& owner, opened_file& from,
                                     std::uint64_t offset, std::span<std::byte> into) noexcept
    : runtime_(owner), from_(from), offset_(offset), into_(into) {}

template <class Contexts>
void read_awaiter<Contexts>::start() {
  const std::lock_guard lock(runtime_.file_mutex());
  from_.async_read_some_at(
      offset_, boost::asio::buffer(into_.data(), into_.size()),
      [this](const boost::system::error_code& error, std::size_t count) {
        const bool ended = error == boost::asio::error::eof;
        complete(!error || ended ? io_result::of_count(count) : io_result::of_error(error.value()));
      });
}

#else

template <class Contexts>
std::expected<basic_file<Contexts>, start_error> basic_runtime<Contexts>::open_file(
    const std::string& path, file_access how) {
  auto opened = sys::open_file(path, how);
  if (!opened) return std::unexpected(std::move(opened.error()));
  const bool on_the_spot = options_.files.mode == file_mode::inlined;
  {
    const std::lock_guard lock(file_mutex_);
    if (!on_the_spot && file_threads_ == nullptr)
      file_threads_ = std::make_unique<boost::asio::thread_pool>(options_.files.threads);
  }
  return file(*this, pooled_file(std::move(*opened), how,
                                 on_the_spot ? file_mode::inlined : file_mode::pool));
}

template <class Contexts>
std::uint64_t basic_file<Contexts>::bytes() const noexcept {
  return sys::file_bytes(file_->descriptor());
}

template <class Contexts>
read_awaiter<Contexts>::read_awaiter(basic_runtime<Contexts>& owner, opened_file& from,
                                     std::uint64_t offset, std::span<std::byte> into) noexcept
    : runtime_(owner), read_(from, offset, into) {}

template <class Contexts>
void read_awaiter<Contexts>::start() {
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

template std::expected<basic_file<per_core>, start_error> basic_runtime<per_core>::open_file(
    const std::string&, file_access);
template std::expected<basic_file<shared>, start_error> basic_runtime<shared>::open_file(
    const std::string&, file_access);
template class read_awaiter<per_core>;
template class read_awaiter<shared>;
template class basic_file<per_core>;
template class basic_file<shared>;

}  // namespace tailrace::asio
