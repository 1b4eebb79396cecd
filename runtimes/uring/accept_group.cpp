// SPDX-License-Identifier: MIT
// See accept_group.hpp.
#include "runtimes/uring/accept_group.hpp"

#include <mutex>

namespace tailrace::uring {

accept_group::place* accept_group::enter(place* own, int ring) {
  if (own == nullptr) {
    if (taken_ == places_.size()) return nullptr;
    own = &places_[taken_++];
    own->ring = ring;
  }
  own->open = true;
  return own;
}

accept_group::place* accept_group::follow(place* own, const endpoint& where, int ring) {
  const std::scoped_lock lock(mutex_);
  const bool here = acceptor_ != nullptr && where.shared && where.port == port_;
  return here && acceptor_ != own ? enter(own, ring) : nullptr;
}

accept_group::place* accept_group::lead(place* own, std::uint16_t port, int ring) {
  const std::scoped_lock lock(mutex_);
  if (acceptor_ != nullptr) return nullptr;
  acceptor_ = enter(own, ring);
  port_ = port;
  return acceptor_;
}

void accept_group::leave(place& leaving) {
  const std::scoped_lock lock(mutex_);
  leaving.open = false;
  if (acceptor_ == &leaving) acceptor_ = nullptr;
}

accept_group::place& accept_group::choose(place& acceptor) {
  const std::scoped_lock lock(mutex_);
  const auto load = [](const place& of) { return of.connections - of.ended.get(); };
  place* best = nullptr;
  for (std::size_t step = 0; step < taken_; ++step) {
    place& each = places_[(next_ + step) % taken_];
    if (each.open && (best == nullptr || load(each) < load(*best))) best = &each;
  }
  if (best == nullptr) best = &acceptor;
  next_ = (best->index + 1) % taken_;
  ++best->connections;
  if (best != &acceptor) ++best->messages;
  return *best;
}

void accept_group::take_back(std::size_t index, place& acceptor) {
  const std::scoped_lock lock(mutex_);
  place& refused = places_.at(index);
  TAILRACE_CHECK(refused.messages != 0);
  --refused.messages;
  --refused.connections;
  ++acceptor.connections;
}

std::uint64_t accept_group::messages_to(const place& receiver) {
  const std::scoped_lock lock(mutex_);
  return receiver.messages;
}

}  // namespace tailrace::uring
