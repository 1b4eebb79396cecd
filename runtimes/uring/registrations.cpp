// SPDX-License-Identifier: MIT
#include "runtimes/uring/registrations.hpp"

#include <algorithm>

#include "runtimes/base/sys.hpp"
#include "runtimes/uring/available.hpp"

namespace tailrace::uring {
namespace {

constexpr unsigned most_places = 16;
constexpr std::uint64_t most_connections = 32768;

}  // namespace

registrations::registrations(ring& owner, const options& chosen)
    : ring_(owner.native()),
      wants_files_(chosen.fixed_files && !chosen.direct_descriptors),
      wants_memory_(chosen.registered_buffers) {
  if (!chosen.direct_descriptors) return;
  const auto files = static_cast<unsigned>(std::min(sys::open_file_limit(), most_connections));
  const int refused = ::io_uring_register_files_sparse(&ring_, files);
  if (refused != 0) throw unavailable(explain(-refused));
}

int registrations::take_place(int fd) noexcept {
  if (!wants_files_) return no_place;
  if (!has_table_) {
    if (::io_uring_register_files_sparse(&ring_, most_places) != 0) return no_place;
    has_table_ = true;
  }
  for (unsigned place = 0; place < most_places; ++place) {
    const std::uint32_t bit = 1U << place;
    if ((places_ & bit) != 0) continue;
    if (::io_uring_register_files_update(&ring_, place, &fd, 1) != 1) return no_place;
    places_ |= bit;
    return static_cast<int>(place);
  }
  return no_place;
}

void registrations::give_back_place(int place) noexcept {
  const int none = -1;
  // A place that the kernel keeps holds its file open until the ring goes: no harm.
  static_cast<void>(
      ::io_uring_register_files_update(&ring_, static_cast<unsigned>(place), &none, 1));
  places_ &= ~(1U << place);
}

bool registrations::register_memory(std::span<std::byte> memory) noexcept {
  if (!wants_memory_ || has_memory()) return false;
  const iovec whole{memory.data(), memory.size()};
  if (::io_uring_register_buffers(&ring_, &whole, 1) != 0) return false;
  memory_ = memory;
  return true;
}

void registrations::unregister_memory() noexcept {
  if (!has_memory()) return;
  static_cast<void>(::io_uring_unregister_buffers(&ring_));
  memory_ = {};
}

}  // namespace tailrace::uring
