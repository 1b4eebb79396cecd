// SPDX-License-Identifier: MIT
// What the runtime keeps for files: places in the ring's table of files, and the memory that is
// registered with the kernel.
#include "runtimes/uring/file.hpp"

#include "runtimes/uring/runtime.hpp"

namespace tailrace::uring {
namespace {

constexpr unsigned most_places = 16;

}  // namespace

std::expected<file, start_error> runtime::open_file(const std::string& path, file_access how) {
  enable();
  auto opened = sys::open_file(path, how);
  if (!opened) return std::unexpected(std::move(opened.error()));
  files_opened_ = true;
  const int place = take_place(opened->get());
  return file(*this, std::move(*opened), place);
}

// -1: none is to be had. With direct descriptors the table is that of the connections, in which the
// kernel chooses the places.
int runtime::take_place(int fd) noexcept {
  if (!options_.fixed_files || options_.direct_descriptors) return -1;
  if (!has_places_) {
    if (::io_uring_register_files_sparse(&ring_.native(), most_places) != 0) return -1;
    has_places_ = true;
  }
  for (unsigned place = 0; place < most_places; ++place) {
    const std::uint32_t bit = 1U << place;
    if ((places_ & bit) != 0) continue;
    if (::io_uring_register_files_update(&ring_.native(), place, &fd, 1) != 1) return -1;
    places_ |= bit;
    return static_cast<int>(place);
  }
  return -1;
}

void runtime::release_place(int place) noexcept {
  const int none = -1;
  // A place that the kernel keeps holds its file open until the ring goes: no harm.
  static_cast<void>(
      ::io_uring_register_files_update(&ring_.native(), static_cast<unsigned>(place), &none, 1));
  places_ &= ~(1U << place);
}

bool runtime::register_memory(std::span<std::byte> memory) {
  enable();
  if (!options_.registered_buffers || !registered_.empty()) return false;
  const iovec whole{memory.data(), memory.size()};
  if (::io_uring_register_buffers(&ring_.native(), &whole, 1) != 0) return false;
  registered_ = memory;
  return true;
}

void runtime::unregister_memory() noexcept {
  if (registered_.empty()) return;
  static_cast<void>(::io_uring_unregister_buffers(&ring_.native()));
  registered_ = {};
}

}  // namespace tailrace::uring
