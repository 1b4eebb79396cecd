// SPDX-License-Identifier: MIT
// What a runtime may offer beyond the concept Runtime. Each is optional: code that needs one asks
// for it by its concept and is not compiled for a runtime without it. The types cannot carry these
// promises; tests/extensions.hpp checks them.
//
// R::event, an auto-reset event for at most one waiting task:
// - set() ends the wait of the task that waits, else the next wait; at most one set is remembered.
//   It never resumes the waiter inside the call, allocates nothing and cannot fail. Any thread may
//   call it where tasks of R run on several threads; else only the runtime's thread may.
// - wait() gives 0 once set, -ECANCELED when the waiting task's scope is stopped. A set is never
//   lost: one that comes with the stop is either reported by this wait or left for the next.
// - What a thread did before set() happened before the return of the wait that it ends.
// - The event may be destroyed as soon as that wait has returned: set() then touches it no more.
//   Nobody may be waiting when it is destroyed.
// - A second waiter is a bug and aborts.
//
// R::run_blocking(callable): awaitable that gives the callable's result. The callable may block;
// the runtime's other tasks run on meanwhile. The awaiting task does not see a stop while it waits.
//
// R::spawns_from_any_thread: scope<R>::spawn() may be called by threads that are not the runtime's,
// while a task of the runtime keeps that scope alive and unjoined.
//
// R::file, from open_file(path, how), a regular file to read; move-only, and not to be moved or
// destroyed while a read of it is pending. Several tasks may read at once.
// - open_file() may block; refusals are values with the sentence to show.
// - read_at(offset, memory) gives the count of bytes, fewer than asked for only where the file
//   ends, or a refusal by the kernel. The memory belongs to the kernel, or to a thread that reads
//   into it, until the await returns, also after a stop.
// - A stopped task's read gives -ECANCELED: at once if it starts after the stop; if it was under
//   way by then, when it ends, which a stop need not speed up.
// - The runtime's other tasks run on while a read waits for the device, unless an option of the
//   runtime says that it reads on the spot.
// - register_memory(), where there is one, tells the runtime which memory reads will go to; that
//   must outlive them and be unregistered before it goes.
//
// R::task_limit(): how many tasks besides main run at once; further ones wait until one of those
// has ended, however long that takes. For a runtime whose tasks keep their thread until they end.
//
// R::tasks_at_once: how many tasks an ordinary system lets R have at once, where that is far below
// a million.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "runtimes/base/file_calls.hpp"
#include "runtimes/runtime.hpp"

namespace tailrace {

template <class R>
concept HasEvent = requires(R& runtime, typename R::event& event) {
  requires std::constructible_from<typename R::event, R&>;
  { event.set() } noexcept;
  { event.wait() } -> Awaits<io_result>;
};

template <class R>
concept RunsBlocking = requires(R& runtime, int (*callable)()) {
  { runtime.run_blocking(callable) } -> Awaits<int>;
};

template <class R>
concept ReadsFiles = requires(R& runtime, typename R::file& file, const std::string& path,
                              file_access how, std::uint64_t offset, std::span<std::byte> into) {
  requires std::movable<typename R::file>;
  { runtime.open_file(path, how) } -> std::same_as<std::expected<typename R::file, start_error>>;
  { file.bytes() } -> std::same_as<std::uint64_t>;
  { file.read_at(offset, into) } -> Awaits<io_result>;
};

template <class R>
concept RegistersMemory = requires(R& runtime, std::span<std::byte> memory) {
  { runtime.register_memory(memory) } -> std::same_as<bool>;
  runtime.unregister_memory();
};

template <class R>
concept SpawnsFromAnyThread = requires { requires R::spawns_from_any_thread; };

template <class R>
concept LimitsTasks = requires(const R& runtime) {
  { runtime.task_limit() } -> std::same_as<std::size_t>;
};

// wanted, or as many tasks as R can have at once.
template <class R>
constexpr std::size_t tasks_up_to(std::size_t wanted) noexcept {
  if constexpr (requires { R::tasks_at_once; })
    return std::min<std::size_t>(wanted, R::tasks_at_once);
  else
    return wanted;
}

}  // namespace tailrace
