// SPDX-License-Identifier: MIT
// The switches of the io_uring runtime; README.md in this folder says what each is for. Values.
#pragma once

#include <cstdint>
#include <string>

#include "runtimes/base/timer_window.hpp"
#include "runtimes/base/uring/ring.hpp"

namespace tailrace::uring {

// How bytes are received. multishot: the kernel fills provided buffers. single: the ring says that
// bytes are there, and one call receives them into the buffer that was used last. adaptive: each
// connection by the size of what it receives.
enum class receive_mode : std::uint8_t { adaptive, multishot, single };

// through_ring: with the next submission, many at once. direct: by a call at once, through the ring
// only what does not fit. adaptive: direct on connections that receive by single calls.
enum class send_mode : std::uint8_t { adaptive, through_ring, direct };

// Who reads a file. by_ring: the kernel while it takes the entry, and in the background where it
// must wait for the device. by_threads: threads of the kernel's (io-wq) from the start. adaptive:
// by_threads where the page cache is passed over (O_DIRECT), else by_ring.
enum class file_reads : std::uint8_t { adaptive, by_ring, by_threads };

struct options {
  taskrun completions = taskrun::defer;
  receive_mode receive = receive_mode::adaptive;
  send_mode send = send_mode::adaptive;
  bool direct_descriptors = false;  // connections live in the ring's own table of files
  bool shared_accept = false;       // one runtime of an accept_group accepts for all
  bool wake_by_message = true;      // else by an eventfd
  bool registered_ring = true;
  bool sqpoll = false;
  file_reads files = file_reads::adaptive;
  bool fixed_files = true;         // files are in the ring's table
  bool registered_buffers = true;  // memory that reads go to is registered where it is offered
  std::uint32_t min_wait_us = 0;   // wait that long for a batch before one completion is enough
  std::uint32_t timer_window_us = timer_window::default_length.count();  // base/timer_window.hpp
  std::uint32_t entries = 256;
  std::uint32_t cq_entries = 2048;
  std::uint32_t buffers = 1024;  // of the provided ring, at most 32768, a power of two
  std::uint32_t buffer_bytes = 8192;
  std::uint32_t large_bytes = 8192;  // receives from this size on are large (adaptive)
};

// Why these options exclude each other; empty where they do not.
std::string conflict_of(const options& chosen);

}  // namespace tailrace::uring
