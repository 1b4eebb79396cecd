// SPDX-License-Identifier: MIT
// One connection's place in its two byte streams. Message numbers are cursors that only grow:
//   answered <= whole_sent <= begun <= planned
//   [answered, begun)  sent, waiting for an answer
//   [begun, planned)   queued, not yet sent
// Where the connection was made again before all of them were answered, [whole_sent, begun) are
// those that have to be sent once more.
// Owned by one thread's client_loop; plain data with the arithmetic on it. Times of the messages in
// [answered, planned) are in a ring that grows by doubling, so the path allocates nothing once
// warm.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/load/http_answer.hpp"

namespace tailrace::load {

struct request_times {
  std::int64_t planned_ns = 0;
  std::int64_t sent_ns = 0;
};

struct connection {
  int fd = -1;
  bool alive = false;                // false: lost for good
  bool connecting = false;           // made again, not there yet
  bool in_line = false;              // to be made again once others have been
  bool matches_so_far = true;        // of the answer that is being received
  std::uint8_t load_class = 0;       // index of the class that it belongs to
  std::uint8_t fruitless = 0;        // ends in a row that came before an answer
  std::uint32_t alive_position = 0;  // in the loop's list of live connections
  std::uint64_t number = 0;          // on the wire
  std::uint64_t planned = 0;
  std::uint64_t whole_sent = 0;  // messages whose last byte was written
  std::uint64_t begun = 0;       // messages whose first byte was ever written
  std::uint64_t answered = 0;
  std::uint64_t answered_when_opened = 0;
  std::uint64_t expired = 0;  // messages below it have been counted: timed out, or in flight when
                              // a slice ended
  std::uint64_t settled = 0;  // those below it were in a slice that has ended
  std::uint64_t sent_before = 0;      // whole_sent at the end of the slice before
  std::uint64_t answered_before = 0;  // likewise
  std::size_t sent_offset = 0;        // bytes of message `whole_sent` that were written
  std::size_t answer_offset = 0;      // bytes of the answer to `answered` that came
  std::int64_t connect_began_ns = 0;
  http_progress answer;             // of HTTP, in place of answer_offset
  std::vector<request_times> ring;  // size is a power of two

  // Whether bytes can go both ways.
  [[nodiscard]] bool open() const noexcept { return alive && !connecting && fd >= 0; }
  // Hung up; made again once there is something to send.
  [[nodiscard]] bool asleep() const noexcept { return alive && !in_line && fd < 0; }
  [[nodiscard]] std::uint64_t first_uncounted() const noexcept {
    return std::max(answered, expired);
  }
  // The first whose time is not in a histogram yet.
  [[nodiscard]] std::uint64_t first_untimed() const noexcept { return std::max(answered, settled); }
  [[nodiscard]] request_times& times_of(std::uint64_t sequence) noexcept {
    return ring[sequence & (ring.size() - 1)];
  }
  // Queues one more message.
  void plan(std::int64_t planned_ns) {
    if (planned - answered == ring.size()) [[unlikely]]
      grow();
    times_of(planned++) = {planned_ns, 0};
  }
  // A new stream: what was sent and has no answer is to be sent again. Differences to
  // `sent_before` stay what they were, also where it wraps.
  void restart() noexcept {
    sent_before -= whole_sent - answered;
    whole_sent = answered;
    sent_offset = 0;
    answer_offset = 0;
    matches_so_far = true;
    answer.clear();
  }
  // What was sent and has no answer will get none.
  void give_up_sent() noexcept {
    sent_before += begun - whole_sent;
    answered_before += begun - answered;
    whole_sent = answered = begun;
    sent_offset = 0;
  }

 private:
  void grow() {
    std::vector<request_times> larger(std::max<std::size_t>(16, ring.size() * 2));
    for (std::uint64_t i = answered; i < planned; ++i)
      larger[i & (larger.size() - 1)] = times_of(i);
    ring = std::move(larger);
  }
};

}  // namespace tailrace::load
