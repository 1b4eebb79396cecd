// SPDX-License-Identifier: MIT
// The fixed load under which costs are counted: in a round each connection sends one message, all
// before any answer is read, and every byte that comes back is compared. No clock decides anything,
// so the same program does the same work each time. On the caller's thread; every wait ends by the
// step limit in a refusal, or with `interrupted`.
//
// Answers are awaited from the last connection to the first: who serves in order is then woken for
// once a round, not once a message.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/load/simple_client.hpp"

namespace tailrace::cost {

class echo_rounds {
 public:
  // address: of the target's `ready`.
  echo_rounds(const std::string& address, std::size_t message_bytes, double step_limit_s);
  echo_rounds(const echo_rounds&) = delete;
  echo_rounds& operator=(const echo_rounds&) = delete;

  // Opens more connections until there are so many.
  void open(std::uint32_t connections);
  void round();
  void rounds(std::int64_t count);
  // One message on each connection from this one on, the next after the answer to the last.
  void echo_each_from(std::size_t first);

  // The two halves of a round, for who has other things to do meanwhile.
  void send_all();
  // Takes what has come, without waiting; true once nothing is outstanding.
  bool collect();
  // A descriptor that becomes readable before collect() can come to its end; -1: it has.
  int awaited_descriptor() const;

  // Messages that came back whole.
  std::int64_t operations() const;

 private:
  load::endpoint endpoint_;
  load::client_patience patience_;
  std::uint64_t message_bytes_;
  std::vector<load::simple_client> clients_;
};

}  // namespace tailrace::cost
