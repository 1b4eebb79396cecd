// SPDX-License-Identifier: MIT
// See uring_port.hpp.
#include "harness/load/uring_port.hpp"

#include <fcntl.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "harness/load/endpoint.hpp"
#include "harness/record/refusal.hpp"
#include "runtimes/base/uring/features.hpp"

namespace tailrace::load {
namespace {

// Messages of a connection that go out in one send, and come in in one receive, where they are
// small; a large message takes several.
constexpr std::size_t messages_at_once = 16;
constexpr std::size_t chunk_bytes_max = 64U << 10;
constexpr std::size_t buffer_bytes_min = 256;
constexpr std::size_t all_buffers_bytes = 16U << 20;
// What the kernel can take before more is published: enough to keep, and to be warm when it comes.
constexpr std::size_t window_bytes = 128U << 10;
constexpr std::size_t window_min = 2;
constexpr std::size_t window_max = 256;

refusal refused(const uring::refusal& why) {
  return {"the io_uring engine cannot run: " + why.cause, why.remedy, refusal::unsupported};
}

std::size_t at_once(std::size_t message_bytes, std::uint32_t outstanding_max) {
  return std::min(message_bytes * std::min<std::size_t>(outstanding_max, messages_at_once),
                  chunk_bytes_max);
}

void make_blocking(int descriptor) noexcept {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags >= 0) ::fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK);
}

uring::ring open_ring(std::size_t connections) {
  const auto& kernel = uring::probe_kernel();
  if (!kernel) throw refused(kernel.error());
  if (!kernel->buffer_rings || !kernel->multishot_receive)
    throw refused(uring::too_old("multishot receive", "6.0"));
  uring::ring_wishes wishes;
  // Small rings stay in the cache: the kernel and we go round them all.
  wishes.entries = 128;
  // A receive completes on each, and a send. What has no room the kernel keeps.
  wishes.cq_entries = static_cast<std::uint32_t>(
      std::bit_ceil(std::clamp<std::size_t>(2 * connections, 1024, 32768)));
  auto opened = uring::ring::open(wishes);
  if (!opened) throw refused(opened.error());
  if (const int error = opened->enable(); error != 0) throw refused(uring::explain(error));
  return std::move(*opened);
}

uring::buffer_ring open_buffers(uring::ring& owner, const uring_port::needs& wanted) {
  const std::size_t bytes = std::bit_ceil(
      std::max(at_once(wanted.answer_bytes, wanted.outstanding_max), buffer_bytes_min));
  uring::buffer_ring_shape shape;
  shape.buffer_bytes = static_cast<std::uint32_t>(bytes);
  shape.buffers = wanted.receive_buffers;
  if (shape.buffers == 0)
    shape.buffers = static_cast<std::uint32_t>(
        std::clamp<std::size_t>(all_buffers_bytes / bytes, window_max, 8192));
  shape.window = std::min(shape.buffers, static_cast<std::uint32_t>(std::clamp(
                                             window_bytes / bytes, window_min, window_max)));
  auto made = uring::buffer_ring::create(owner, shape);
  if (!made) throw refused(made.error());
  return std::move(*made);
}

}  // namespace

uring_port::uring_port(const needs& wanted)
    : chunk_bytes_(at_once(wanted.request_bytes, wanted.outstanding_max)),
      chunks_(std::make_unique_for_overwrite<char[]>(chunk_bytes_ * wanted.connections)),
      ring_(open_ring(wanted.connections)),
      buffers_(open_buffers(ring_, wanted)),
      tells_(ring_.has("taskrun_flag")) {}

void uring_port::adopt(const std::vector<connection>& connections) {
  std::vector<int> descriptors;
  for (const connection& one : connections) {
    make_blocking(one.fd);
    descriptors.push_back(one.fd);
  }
  const int error = ::io_uring_register_files(&ring_.native(), descriptors.data(),
                                              static_cast<unsigned>(descriptors.size()));
  if (error != 0)
    throw refusal("the kernel refused to register the connections: " + errno_name(-error),
                  "raise the limit of open files (ulimit -n)", refusal::unsupported);
}

void uring_port::release(std::size_t index) noexcept {
  const int none = -1;
  ::io_uring_register_files_update(&ring_.native(), static_cast<unsigned>(index), &none, 1);
}

int uring_port::replace(std::size_t index, int descriptor) noexcept {
  make_blocking(descriptor);
  const int done = ::io_uring_register_files_update(&ring_.native(), static_cast<unsigned>(index),
                                                    &descriptor, 1);
  return done < 0 ? -done : 0;
}

void uring_port::release_all() noexcept {
  ::io_uring_unregister_files(&ring_.native());
}

}  // namespace tailrace::load
