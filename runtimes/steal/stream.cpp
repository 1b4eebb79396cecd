// SPDX-License-Identifier: MIT
#include "runtimes/steal/stream.hpp"

namespace tailrace::steal {

void receive_awaiter::cancelled(worker& here) noexcept {
  if (buffer_ != nullptr) here.buffers().give_back(std::exchange(buffer_, nullptr));
  status_ = io_result::of_error(ECANCELED);
}

call_outcome accept_awaiter::call(worker&) noexcept {
  accepted_ = sys::accept_stream(slot_.fd, false);
  const bool would_block = !accepted_ && accepted_.error() == EAGAIN;
  return would_block ? call_outcome::would_block : call_outcome::done_and_still_ready;
}

void accept_awaiter::cancelled(worker&) noexcept {
  if (accepted_) sys::close(*accepted_);
  accepted_ = std::unexpected(ECANCELED);
}

}  // namespace tailrace::steal
