// SPDX-License-Identifier: MIT
// What each completion means: the protocols between the kernel's requests and a socket's slot.
// README.md in this folder draws them.
#include <algorithm>
#include <cerrno>

#include "runtimes/uring/runtime.hpp"

namespace tailrace::uring {
namespace {

// A connection of which so many receives wait for their task gets no more of the shared buffers.
constexpr std::uint16_t queue_limit = 4;
// A batch of so many completions is nothing unusual.
constexpr std::uint32_t eager_window = 64;
// Receives in a row that change a connection's way of receiving.
constexpr std::uint8_t large_in_a_row = 2;
constexpr std::uint8_t small_in_a_row = 32;

}  // namespace

[[gnu::always_inline]] inline void runtime::received(socket_slot& slot,
                                                     const io_uring_cqe& done) noexcept {
  const bool settled = ended_request(slot, done);
  if (done.res <= 0) [[unlikely]]
    return receive_ended(slot, done, settled);
  const std::uint16_t buffer = buffer_ring::id_of(done);
  const auto length = static_cast<std::uint32_t>(done.res);
  receive_buffers_.provided().taken();
  if (slot.receiver != nullptr) [[likely]] {
    auto& receiver = static_cast<receive_awaiter&>(*std::exchange(slot.receiver, nullptr));
    receiver.fill(receive_buffers_.provided().address(buffer), length);
    if (length >= options_.large_bytes || slot.evidence != 0) [[unlikely]]
      judge_multishot(slot, length);
    return resume(receiver);
  }
  if (slot.closing) {
    receive_buffers_.provided().recycle(buffer);
    if (settled) settle(slot);
    return;
  }
  receive_buffers_.queue(slot, buffer, length);
  if (slot.waiting_buffers >= queue_limit) stop_armed(slot);
}

void runtime::receive_ended(socket_slot& slot, const io_uring_cqe& done, bool settled) noexcept {
  if ((done.flags & IORING_CQE_F_BUFFER) != 0) {  // taken, and nothing came into it
    receive_buffers_.provided().taken();
    receive_buffers_.provided().recycle(buffer_ring::id_of(done));
  }
  if (settled) return settle(slot);
  if (slot.closing || draining_) return;
  const int error = -done.res;
  if (error == ENOBUFS) {
    counters_.starved.add(1);
    if (slot.receiver != nullptr) starve(slot);
    return;
  }
  if (error == 0)
    slot.end = 0;
  else if (error != ECANCELED && error != EINTR && error != EAGAIN)
    slot.end = -sys::refused_transfer("io_uring recv", slot.fd, error).error();
  if (slot.receiver == nullptr) return;
  if (!slot.ended()) {
    counters_.rearmed.add(1);
    return arm(slot);
  }
  auto& receiver = static_cast<receive_awaiter&>(*std::exchange(slot.receiver, nullptr));
  receiver.status_ = slot.end == 0 ? io_result() : io_result::of_error(-slot.end);
  resume(receiver);
}

void runtime::polled(socket_slot& slot, const io_uring_cqe& done) noexcept {
  if (ended_request(slot, done)) return settle(slot);
  if (slot.closing || draining_) return;
  if (done.res != -ECANCELED) {
    // An error of the poll itself is found out by the call.
    slot.readable = true;
    if (done.res < 0 || (done.res & poll_hang_up) != 0) slot.hung_up = true;
  }
  if (slot.receiver == nullptr) return;
  if (slot.single && slot.readable) return attempt_single(slot);
  arm(slot);
}

void runtime::attempt_single(socket_slot& slot) noexcept {
  auto& receiver = static_cast<receive_awaiter&>(*slot.receiver);
  if (!receiver.attempt()) return arm(slot);
  slot.receiver = nullptr;
  resume(receiver);
}

[[gnu::always_inline]] inline void runtime::sent(operation& op, const io_uring_cqe& done) noexcept {
  auto& sender = static_cast<send_awaiter&>(op);
  if (!sender.completed(done.res)) return;
  socket_slot& slot = sender.slot_;
  slot.sender = nullptr;
  if (slot.closing && !slot.in_flight()) [[unlikely]]
    settle(slot);
  resume(sender);
}

inline void runtime::read_ended(operation& op, const io_uring_cqe& done) noexcept {
  auto& reader = static_cast<file::read_awaiter&>(op);
  --in_flight_;
  if (reader.completed(done.res)) resume(reader);
}

void runtime::take_completions() {
  if (ring_.overflown()) [[unlikely]]
    counters_.overflows.add(1);
  // The two of each echo are tried first, and all of what they mean is inlined here.
  const std::uint32_t count = ring_.take_completions([this](const io_uring_cqe& done) {
    const tag kind = tag_of(done.user_data);
    if (kind == tag::receive) return received(*object_of<socket_slot>(done.user_data), done);
    if (kind == tag::send) return sent(*object_of<operation>(done.user_data), done);
    dispatch(kind, done);
  });
  counters_.polls.add(count);
  counters_.completions.add(count);
  counters_.enters.set(ring_.enters());
  counters_.submissions.set(ring_.submitted());
}

void runtime::dispatch(tag kind, const io_uring_cqe& done) noexcept {
  switch (kind) {
    case tag::poll:
      return polled(*object_of<socket_slot>(done.user_data), done);
    case tag::read:
      return read_ended(*object_of<operation>(done.user_data), done);
    case tag::accept:
      return accepted(static_cast<listener_slot&>(*object_of<socket_slot>(done.user_data)), done);
    case tag::rare:
      return dispatch_rare(done);
    case tag::receive:
    case tag::send:
      break;
  }
  TAILRACE_CHECK_VALUES(false, done.user_data, done.res);
}

void runtime::dispatch_rare(const io_uring_cqe& done) noexcept {
  switch (rare_of(done.user_data)) {
    case rare::wake:
      return woken(done);
    case rare::message:
      return done.res >= 0 ? arrived(done.res) : look_for_stop();
    case rare::handed_over:
      return handed_over(done);
    case rare::ignored:
      return;
  }
}

void runtime::arm_now(socket_slot& slot) noexcept {
  io_uring_sqe& entry = ring_.entry();
  ++in_flight_;
  if (slot.single) {
    slot.armed = armed_request::poll;
    ::io_uring_prep_poll_multishot(&entry, 0, poll_input);
    entry.user_data = data_of(&slot, tag::poll);
  } else {
    slot.armed = armed_request::receive;
    ::io_uring_prep_recv_multishot(&entry, 0, nullptr, 0, 0);
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = receive_buffers_.provided().group();
    entry.user_data = data_of(&slot, tag::receive);
  }
  name_descriptor(entry, slot);
}

void runtime::cancel_request(std::uint64_t user_data) noexcept {
  // Entries are submitted in order: a later request with this user data is not there yet.
  io_uring_sqe& entry = ring_.entry();
  ::io_uring_prep_cancel64(&entry, user_data, 0);
  entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
  entry.user_data = data_of(rare::ignored);
}

void runtime::stop_armed(socket_slot& slot) noexcept {
  if (slot.armed == armed_request::none || slot.stopping) return;
  slot.stopping = true;
  cancel_request(data_of(&slot, slot.armed == armed_request::receive ? tag::receive : tag::poll));
}

void runtime::judge_multishot(socket_slot& slot, std::size_t bytes) noexcept {
  if (options_.receive != receive_mode::adaptive || options_.direct_descriptors) return;
  slot.evidence = bytes < options_.large_bytes ? 0 : slot.evidence + 1;
  if (slot.evidence < large_in_a_row) return;
  slot.evidence = 0;
  slot.single = true;
  stop_armed(slot);
}

void runtime::judge_single(socket_slot& slot, std::size_t bytes) noexcept {
  if (options_.receive != receive_mode::adaptive) return;
  slot.evidence = bytes >= options_.large_bytes / 2 ? 0 : slot.evidence + 1;
  if (slot.evidence < small_in_a_row) return;
  slot.evidence = 0;
  slot.single = false;
  stop_armed(slot);
}

void runtime::starve(socket_slot& slot) noexcept {
  if (slot.listed) return;  // its next attempt is on the way
  slot.listed = true;
  slot.next = nullptr;
  (starved_ == nullptr ? starved_ : last_starved_->next) = &slot;
  last_starved_ = &slot;
}

// Before each submission. The window was too small: it doubles, and up to eager_window it grows to
// what is starved. As many as there are buffers begin anew, the longest waiting first. The others
// receive by calls into pooled buffers, so that nobody waits for what slow readers hold; where
// calls are not allowed, they wait for buffers that come back.
void runtime::feed_starved() noexcept {
  if (starved_ == nullptr) return;
  buffer_ring& provided = receive_buffers_.provided();
  provided.widen();
  provided.publish();
  const bool may_call = options_.receive == receive_mode::adaptive && !options_.direct_descriptors;
  for (std::uint32_t fed = 0; starved_ != nullptr;) {
    if (fed == provided.published() && provided.window() < eager_window && provided.widen())
      provided.publish();
    const bool has_buffer = fed < provided.published();
    if (!has_buffer && !may_call && !draining_) return;
    socket_slot& slot = *std::exchange(starved_, starved_->next);
    slot.listed = false;
    if (slot.fd < 0) {  // closed while it was queued here
      slots_.give_back(slot);
      continue;
    }
    if (slot.receiver == nullptr) continue;
    slot.single = !has_buffer;
    fed += has_buffer ? 1 : 0;
    counters_.rearmed.add(1);
    arm(slot);
  }
}

void runtime::retry_later(socket_slot& slot) noexcept {
  if (slot.listed) return;
  slot.listed = true;
  counters_.forced_yields.add(1);
  slot.next = retries_;
  retries_ = &slot;
}

void runtime::run_retries() noexcept {
  socket_slot* slot = std::exchange(retries_, nullptr);
  while (slot != nullptr) {
    socket_slot& current = *slot;
    slot = current.next;
    current.listed = false;
    if (current.fd < 0) {  // closed while it was queued here
      slots_.give_back(current);
      continue;
    }
    if (current.receiver == nullptr) continue;
    counters_.polls.add(1);
    attempt_single(current);
  }
}

socket_slot& runtime::adopt(int fd) {
  socket_slot& slot = slots_.take(fd);
  slot.owner = this;
  slot.single = options_.receive == receive_mode::single;
  counters_.open_descriptors.add(1);
  counters_.accepted.add(1);
  return slot;
}

void runtime::close_socket(socket_slot& slot) noexcept {
  slot.closing = true;
  for (operation* op : {slot.receiver, slot.sender})
    if (op != nullptr) cancel(*op->node);
  receive_buffers_.drop_queued(slot);
  if (place_ != nullptr && !slot.listener) place_->ended.add(1);
  counters_.open_descriptors.subtract(1);
  if (!slot.in_flight()) return settle(slot);
  // By user data, which the kernel hashes; by descriptor it would look through all that is armed.
  // A send in flight was cancelled with its operation.
  stop_armed(slot);
}

// Closed, and the kernel has let go of it.
void runtime::settle(socket_slot& slot) noexcept {
  if (slot.listener) return settle_listener(static_cast<listener_slot&>(slot));
  close_descriptor(std::exchange(slot.fd, -1));
  if (slot.listed) return;  // that list hands it on
  slot.next = closed_;
  closed_ = &slot;
}

void runtime::close_descriptor(int fd) noexcept {
  if (!options_.direct_descriptors) return sys::close(fd);
  if (draining_) return;  // The table goes with the ring.
  io_uring_sqe& entry = ring_.entry();
  ::io_uring_prep_close_direct(&entry, static_cast<unsigned>(fd));
  entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
  entry.user_data = data_of(rare::ignored);
}

void runtime::recycle_closed() noexcept {
  while (closed_ != nullptr)
    slots_.give_back(*std::exchange(closed_, closed_->next));
}

void runtime::make_file_table() {
  const auto files = static_cast<unsigned>(std::min<std::uint64_t>(sys::open_file_limit(), 32768));
  const int refused = ::io_uring_register_files_sparse(&ring_.native(), files);
  if (refused != 0) throw unavailable(explain(-refused));
}

}  // namespace tailrace::uring
