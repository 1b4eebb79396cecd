// SPDX-License-Identifier: MIT
// Workers that share one listening socket (accept=shared). The runtime that listens first accepts
// for all of them: each connection goes to the ring that has the fewest, as a message through the
// acceptor's ring (IORING_OP_MSG_RING). A descriptor belongs to the process, so that its number is
// the whole message.
//
// No message may find its ring gone. So each ring's place counts the messages to it, before they
// are queued; a ring that ends leaves the group, after which nothing more is counted, and takes
// messages until it has had all. One that the kernel refused is taken back: the acceptor then
// serves the connection itself. When the acceptor leaves, nobody accepts any more.
//
// Any thread. Cost: a lock for each connection, none for what it sends. Outlives its runtimes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtimes/base/check.hpp"
#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/mutex.hpp"
#include "runtimes/base/single_writer_counter.hpp"

namespace tailrace::uring {

class accept_group {
 public:
  // Of one runtime. index and ring are constant once it has one; all else but `ended` is guarded by
  // the group's lock.
  struct alignas(64) place {
    std::size_t index = 0;
    int ring = -1;                  // its descriptor
    bool open = false;              // connections may be sent to it
    std::uint64_t messages = 0;     // to it, without those taken back
    std::uint64_t connections = 0;  // given to it
    single_writer_counter ended;    // of those; written by its runtime alone
  };

  explicit accept_group(std::size_t workers) : places_(workers) {
    for (std::size_t index = 0; index < workers; ++index)
      places_[index].index = index;
  }
  accept_group(const accept_group&) = delete;
  accept_group& operator=(const accept_group&) = delete;

  // A place for a runtime that listens at `where`, where the group listens already; `own` is the
  // one it had before, or null. Null: the group does not listen there, or has no place left.
  place* follow(place* own, const endpoint& where, int ring);
  // ... and for one that has opened a listening socket. Null: another one is the group's.
  place* lead(place* own, std::uint16_t port, int ring);
  // Its listener closes: nothing more is counted for it. Leaving again changes nothing.
  void leave(place& leaving);

  // Whose the next connection is, of those the acceptor's if there is no better one; a message is
  // counted for any other.
  place& choose(place& acceptor);
  // The message was refused; the connection is the acceptor's now.
  void take_back(std::size_t index, place& acceptor);
  std::uint64_t messages_to(const place& receiver);

 private:
  place* enter(place* own, int ring);

  mutex mutex_;  // guards what follows
  std::vector<place> places_;
  std::size_t taken_ = 0;      // places that have a runtime
  std::size_t next_ = 0;       // where the search for the fewest connections begins
  place* acceptor_ = nullptr;  // while it listens
  std::uint16_t port_ = 0;     // of the acceptor
};

}  // namespace tailrace::uring
