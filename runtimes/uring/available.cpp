// SPDX-License-Identifier: MIT
#include "runtimes/uring/available.hpp"

namespace tailrace::uring {
namespace {

// Provided buffers that are published at first. The kernel goes round them all, so that each is a
// page that a quiet worker holds, and grows cold; a burst widens the window to what it needs.
constexpr std::uint32_t first_window = 8;

std::expected<void, refusal> check_features(const options& chosen) {
  const auto& kernel = probe_kernel();
  if (!kernel) return std::unexpected(kernel.error());
  if (!kernel->buffer_rings) return std::unexpected(too_old("provided-buffer rings", "6.0"));
  if (!kernel->multishot_receive) return std::unexpected(too_old("multishot receives", "6.0"));
  if (chosen.shared_accept && !kernel->msg_ring)
    return std::unexpected(too_old("messages between rings, which accept=shared asks for", "5.18"));
  if (chosen.min_wait_us != 0 && !kernel->min_wait)
    return std::unexpected(too_old("min-wait, which min_wait_us asks for", "6.12"));
  return {};
}

}  // namespace

std::expected<void, refusal> check_available() {
  return check_features({});
}

ring open_ring(const options& chosen) {
  if (auto possible = check_features(chosen); !possible) throw unavailable(possible.error());
  ring_wishes wishes;
  wishes.entries = chosen.entries;
  wishes.cq_entries = chosen.cq_entries;
  wishes.completions = chosen.completions;
  wishes.sqpoll = chosen.sqpoll;
  wishes.registered_fd = chosen.registered_ring;
  auto opened = ring::open(wishes);
  if (!opened) throw unavailable(opened.error());
  return std::move(*opened);
}

buffer_ring make_buffers(ring& owner, const options& chosen) {
  buffer_ring_shape shape;
  shape.buffers = chosen.buffers;
  shape.buffer_bytes = chosen.buffer_bytes;
  shape.window = first_window;
  auto made = buffer_ring::create(owner, shape);
  if (!made) throw unavailable(made.error());
  return std::move(*made);
}

}  // namespace tailrace::uring
