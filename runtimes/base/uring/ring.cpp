// SPDX-License-Identifier: MIT
#include "runtimes/base/uring/ring.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtimes/base/sys.hpp"

namespace tailrace::uring {
namespace {

// In the order in which they are given up: newest first. What needs another goes before it.
struct rung {
  std::uint32_t flags;
  const char* name;
};
constexpr rung ladder[] = {
    {setup_no_sqarray, "no_sqarray"},               // Linux 6.6
    {IORING_SETUP_DEFER_TASKRUN, "defer_taskrun"},  // 6.1, needs SINGLE_ISSUER
    {IORING_SETUP_SINGLE_ISSUER, "single_issuer"},  // 6.0
    {IORING_SETUP_TASKRUN_FLAG, "taskrun_flag"},    // 5.19, needs either TASKRUN
    {IORING_SETUP_COOP_TASKRUN, "coop_taskrun"},    // 5.19
    {IORING_SETUP_SUBMIT_ALL, "submit_all"},        // 5.18
};

std::uint32_t wished_flags(const ring_wishes& wishes) {
  std::uint32_t flags = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER;
  if (wishes.no_sqarray) flags |= setup_no_sqarray;
  if (wishes.sqpoll) return flags;  // its thread is not interrupted: TASKRUN makes no sense there
  // COOP is what remains where DEFER is refused.
  if (wishes.completions == taskrun::defer)
    flags |= IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN;
  if (wishes.completions == taskrun::coop) flags |= IORING_SETUP_COOP_TASKRUN;
  if (wishes.completions != taskrun::none) flags |= IORING_SETUP_TASKRUN_FLAG;
  return flags;
}

// The first of the wished flags that may be given up.
std::uint32_t give_up_next(std::uint32_t flags) {
  for (const rung& each : ladder)
    if ((flags & each.flags) != 0) return flags & ~each.flags;
  return flags;
}

// COOP beside DEFER says nothing; the kernel takes both, but what is reported is what acts.
std::uint32_t without_idle_flags(std::uint32_t flags) {
  return (flags & IORING_SETUP_DEFER_TASKRUN) != 0 ? flags & ~IORING_SETUP_COOP_TASKRUN : flags;
}

// As io_uring_queue_init_params(), which fills the indirection array in, also where there is none
// (liburing 2.3: it overwrites the heads and tails). 0 or a negative errno value.
int set_up(std::uint32_t entries, io_uring& made, io_uring_params& parameters) {
  const int fd = ::io_uring_setup(entries, &parameters);
  if (fd < 0) return fd;
  const int refused = ::io_uring_queue_mmap(fd, &parameters, &made);
  if (refused != 0) {
    made.ring_fd = -1;
    sys::close(fd);
    return refused;
  }
  // From 2.4 on io_uring_queue_mmap() leaves these to its caller.
  made.ring_fd = made.enter_ring_fd = fd;
  made.flags = parameters.flags;
  made.features = parameters.features;
  if ((parameters.flags & setup_no_sqarray) != 0) made.sq.array = nullptr;  // 2.3: garbage
  if (made.sq.array == nullptr) return 0;
  for (std::uint32_t index = 0; index < made.sq.ring_entries; ++index)
    made.sq.array[index] = index;
  return 0;
}

}  // namespace

std::expected<ring, refusal> ring::open(const ring_wishes& wishes) {
  ring made;
  made.ring_.ring_fd = -1;
  const std::uint32_t fixed = IORING_SETUP_R_DISABLED | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE |
                              (wishes.sqpoll ? IORING_SETUP_SQPOLL : 0U);
  const std::uint32_t wished = wished_flags(wishes);
  std::uint32_t flags = wished;
  for (;;) {
    io_uring_params parameters{};
    parameters.flags = fixed | without_idle_flags(flags);
    parameters.cq_entries =
        wishes.cq_entries != 0 ? std::max(wishes.cq_entries, wishes.entries) : 2 * wishes.entries;
    parameters.sq_thread_idle = wishes.sqpoll_idle_ms;
    const int refused = set_up(wishes.entries, made.ring_, parameters);
    if (refused == 0) break;
    const std::uint32_t fewer = give_up_next(flags);
    if (refused != -EINVAL || fewer == flags) return std::unexpected(explain(-refused));
    flags = fewer;
  }
  const std::uint32_t obtained = without_idle_flags(flags);
  for (const rung& each : ladder)
    made.note((without_idle_flags(wished) & each.flags) != 0, (obtained & each.flags) != 0,
              each.name);
  if (wishes.sqpoll) made.note(true, true, "sqpoll");
  const bool no_iowait = (made.ring_.features & feature_no_iowait) != 0;
  made.note(wishes.no_iowait, wishes.no_iowait && no_iowait, "no_iowait");
  if (wishes.no_iowait && no_iowait) made.enter_flags_ |= enter_no_iowait;
  made.min_wait_ = (made.ring_.features & feature_min_timeout) != 0;
  made.register_fd_ = wishes.registered_fd;
  return made;
}

ring::ring(ring&& other) noexcept {
  ring_.ring_fd = -1;
  *this = std::move(other);
}

ring& ring::operator=(ring&& other) noexcept {
  std::swap(ring_, other.ring_);
  std::swap(enter_flags_, other.enter_flags_);
  std::swap(min_wait_, other.min_wait_);
  std::swap(register_fd_, other.register_fd_);
  std::swap(enters_, other.enters_);
  std::swap(submitted_, other.submitted_);
  std::swap(granted_, other.granted_);
  std::swap(missing_, other.missing_);
  return *this;
}

ring::~ring() {
  if (ring_.ring_fd >= 0) ::io_uring_queue_exit(&ring_);
}

int ring::enable() noexcept {
  // io_uring_enable_rings() is in the headers of liburing 2.3, but its library does not export it.
  const int refused = ::io_uring_register(static_cast<unsigned>(ring_.ring_fd),
                                          IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  if (refused < 0) return -refused;
  if (register_fd_) {
    const bool registered = ::io_uring_register_ring_fd(&ring_) == 1;
    if (registered) enter_flags_ |= IORING_ENTER_REGISTERED_RING;
    note(true, registered, "registered_ring");
  }
  return 0;
}

void ring::note(bool wanted, bool obtained, const char* name) {
  if (!wanted && !obtained) return;
  (obtained ? granted_ : missing_).emplace_back(name);
}

bool ring::has(std::string_view granted_name) const noexcept {
  return std::ranges::find(granted_, granted_name) != granted_.end();
}

void ring::publish_tail() noexcept {
  // release: pairs with the acquire of the kernel (of its thread, with SQPOLL); the entries before
  // the tail are written.
  io_uring_smp_store_release(ring_.sq.ktail, ring_.sq.sqe_tail);
}

int ring::enter(std::uint32_t submit, std::uint32_t want, std::uint32_t flags,
                wait_argument* argument) noexcept {
  ++enters_;
  const std::size_t size = argument != nullptr ? sizeof *argument : _NSIG / 8;
  const int taken =
      ::io_uring_enter2(static_cast<unsigned>(ring_.enter_ring_fd), submit, want,
                        flags | enter_flags_, reinterpret_cast<sigset_t*>(argument), size);
  if (taken >= 0) [[likely]] {
    submitted_ += static_cast<std::uint32_t>(taken);
    return taken;
  }
  switch (-taken) {
    case EINTR:   // a signal
    case ETIME:   // the deadline
    case EAGAIN:  // no memory for requests now: what is in flight will free some
    case EBUSY:   // completions without room must be taken first
      return 0;
    default:
      sys::die("io_uring_enter", ring_.ring_fd, -taken);
  }
}

void ring::submit() noexcept {
  publish_tail();
  if ((ring_.flags & IORING_SETUP_SQPOLL) == 0) {
    if (queued() != 0) enter(queued(), 0, 0, nullptr);
    return;
  }
  // The tail must be seen before the thread's wish to be woken is read: io_uring(7), SQPOLL.
  io_uring_smp_mb();
  if ((io_uring_smp_load_acquire(ring_.sq.kflags) & IORING_SQ_NEED_WAKEUP) != 0)
    enter(0, 0, IORING_ENTER_SQ_WAKEUP, nullptr);
}

void ring::make_room() noexcept {
  // With SQPOLL its thread makes room; else the call takes entries, unless memory is short for a
  // moment.
  while (queued() == ring_.sq.ring_entries) {
    submit();
    if ((ring_.flags & IORING_SETUP_SQPOLL) != 0) enter(0, 0, IORING_ENTER_SQ_WAIT, nullptr);
  }
}

void ring::submit_and_wait(std::uint32_t want, time deadline, std::uint32_t min_wait_us) noexcept {
  std::uint32_t flags = IORING_ENTER_GETEVENTS;
  std::uint32_t count = 0;
  publish_tail();
  if ((ring_.flags & IORING_SETUP_SQPOLL) == 0) {
    count = queued();
  } else {
    io_uring_smp_mb();  // as in submit()
    if ((io_uring_smp_load_acquire(ring_.sq.kflags) & IORING_SQ_NEED_WAKEUP) != 0)
      flags |= IORING_ENTER_SQ_WAKEUP;
  }
  const bool min_wait = min_wait_us != 0 && min_wait_ && want > 1;
  if (want == 0 || (deadline == time::max() && !min_wait)) {
    enter(count, want, flags, nullptr);
    return;
  }
  wait_argument argument;
  __kernel_timespec limit{};
  if (deadline != time::max()) {
    const time now = std::chrono::steady_clock::now();
    if (deadline <= now) {
      enter(count, 0, flags, nullptr);
      return;
    }
    const std::chrono::nanoseconds left = deadline - now;
    limit.tv_sec = left.count() / 1'000'000'000;
    limit.tv_nsec = left.count() % 1'000'000'000;
    argument.timeout = reinterpret_cast<std::uint64_t>(&limit);
  }
  if (min_wait) argument.min_wait_us = min_wait_us;
  enter(count, want, flags | IORING_ENTER_EXT_ARG, &argument);
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : " ") + name;
  return text;
}

int post_message(int ring, std::int32_t result, std::uint64_t user_data) noexcept {
  // As io_uring_register_sync_msg() of liburing 2.8.
  io_uring_sqe message{};
  ::io_uring_prep_msg_ring(&message, ring, static_cast<unsigned>(result), user_data, 0);
  constexpr auto no_ring = static_cast<unsigned>(-1);
  return -::io_uring_register(no_ring, register_send_msg_ring, &message, 1);
}

}  // namespace tailrace::uring
