// SPDX-License-Identifier: MIT
#include "runtimes/base/uring/features.hpp"

#include <cstdlib>
#include <memory>
#include <thread>

#include "runtimes/base/uring/buffer_ring.hpp"
#include "runtimes/base/uring/ring.hpp"

namespace tailrace::uring {
namespace {

struct free_probe {
  void operator()(io_uring_probe* probe) const { ::io_uring_free_probe(probe); }
};

std::expected<kernel_features, refusal> probe_once() {
  ring_wishes small;
  small.entries = 4;
  small.cq_entries = 8;
  auto opened = ring::open(small);
  if (!opened) return std::unexpected(opened.error());
  const std::unique_ptr<io_uring_probe, free_probe> probe(
      ::io_uring_get_probe_ring(&opened->native()));
  if (!probe) return std::unexpected(too_old("way to ask for its opcodes", "6.1"));
  kernel_features found;
  const auto has_opcode = [&](int opcode) {
    return ::io_uring_opcode_supported(probe.get(), opcode) != 0;
  };
  buffer_ring_shape shape;
  shape.buffers = 1;
  shape.window = 1;
  found.buffer_rings = buffer_ring::create(*opened, shape).has_value();
  // Flags of an opcode cannot be asked for; these came with opcodes that can.
  found.multishot_accept = has_opcode(IORING_OP_SOCKET);
  found.multishot_receive = has_opcode(IORING_OP_SEND_ZC);
  found.msg_ring = has_opcode(IORING_OP_MSG_RING);
  found.defer_taskrun = opened->has("defer_taskrun");
  found.min_wait = (opened->native().features & feature_min_timeout) != 0;
  found.sync_message = opened->enable() == 0 && post_message(opened->descriptor(), 0, 0) == 0;
  return found;
}

}  // namespace

const std::expected<kernel_features, refusal>& probe_kernel() {
  // On a thread of its own: some time after a ring was closed, the kernel interrupts the system
  // calls of the threads that had used it (EINTR), and the caller's are none of our business.
  static const std::expected<kernel_features, refusal> found = [] {
    std::expected<kernel_features, refusal> answer;
    std::thread([&answer] { answer = probe_once(); }).join();
    return answer;
  }();
  return found;
}

}  // namespace tailrace::uring
