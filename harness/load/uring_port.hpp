// SPDX-License-Identifier: MIT
// What a load thread has of the kernel where its engine is io_uring: a ring, a ring of receive
// buffers that the kernel takes from by itself, the connections' descriptors registered, and
// memory for what is being sent. Made before the run, so that a refusal is a failed start.
// One thread, the one that made it; costs some megabytes, which are touched as they are used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "harness/load/connection.hpp"
#include "runtimes/base/uring/buffer_ring.hpp"
#include "runtimes/base/uring/ring.hpp"

namespace tailrace::load {

class uring_port {
 public:
  struct needs {
    std::size_t connections = 0;
    std::size_t request_bytes = 0;
    std::size_t answer_bytes = 0;
    std::uint32_t outstanding_max = 1;
    std::uint32_t receive_buffers = 0;  // 0 = as many as seem enough
  };

  // Throws refusal where the kernel refuses io_uring or lacks what the engine needs: the
  // engine is never another one than was asked for.
  explicit uring_port(const needs& wanted);

  // Registers the connections' descriptors by index, and makes them blocking: io_uring waits by
  // itself. Throws refusal.
  void adopt(const std::vector<connection>& connections);
  // No request names this descriptor any more.
  void release(std::size_t index) noexcept;
  void release_all() noexcept;
  // The connection has another descriptor. 0 or errno.
  [[nodiscard]] int replace(std::size_t index, int descriptor) noexcept;

  [[nodiscard]] uring::ring& ring() noexcept { return ring_; }
  [[nodiscard]] uring::buffer_ring& buffers() noexcept { return buffers_; }
  // Where what connection `index` sends is kept while the kernel has it.
  [[nodiscard]] char* chunk(std::size_t index) noexcept {
    return chunks_.get() + index * chunk_bytes_;
  }
  [[nodiscard]] std::size_t chunk_bytes() const noexcept { return chunk_bytes_; }
  // The ring says by a flag when there is something to take: no system call to ask.
  [[nodiscard]] bool tells() const noexcept { return tells_; }
  // A receive found no buffer: more are published from now on, where there are more.
  void note_starved() noexcept {
    ++starved_;
    buffers_.widen();
  }
  [[nodiscard]] std::uint64_t starved() const noexcept { return starved_; }

 private:
  std::size_t chunk_bytes_;
  std::unique_ptr<char[]> chunks_;  // outlives the ring, which reads from it
  uring::ring ring_;
  uring::buffer_ring buffers_;
  bool tells_;
  std::uint64_t starved_ = 0;
};

}  // namespace tailrace::load
