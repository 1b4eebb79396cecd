// SPDX-License-Identifier: MIT
// What a floor's loop has counted, and how other threads see it. The worker keeps its counts in
// plain words and shows them after each batch of events: seven stores a batch, nothing a message.
// shown_counts: show() by the worker, seen() by any thread.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tailrace {

// `closed` is last on purpose: see shown_counts.
struct bare_counts {
  std::uint64_t accepted = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t errors = 0;
  std::uint64_t resets = 0;
  std::uint64_t accept_errors = 0;
  std::uint64_t closed = 0;
};

// Written in order and read backwards, so that a reader never sees more closed than accepted.
class shown_counts {
 public:
  void show(const bare_counts& counts) noexcept {
    const words now = std::bit_cast<words>(counts);
    for (std::size_t i = 0; i < now.size(); ++i) {
      // release: pairs with the acquire in seen(), which reads in the opposite order.
      words_[i].store(now[i], std::memory_order_release);
    }
  }

  bare_counts seen() const noexcept {
    words seen;
    for (std::size_t i = seen.size(); i-- > 0;) {
      // acquire: pairs with the release in show(); fields before this one are at least as new.
      seen[i] = words_[i].load(std::memory_order_acquire);
    }
    return std::bit_cast<bare_counts>(seen);
  }

 private:
  using words = std::array<std::uint64_t, sizeof(bare_counts) / sizeof(std::uint64_t)>;
  std::array<std::atomic<std::uint64_t>, std::tuple_size_v<words>> words_{};
};

}  // namespace tailrace
