// SPDX-License-Identifier: MIT
// Threads for calls that block, so that no worker of a runtime is held: reads of files, and what
// run_blocking() is given. Threads are started as they are needed, up to a limit, and end after
// some idle seconds. One queue, one mutex. A call that was submitted is made, also where its task
// has been asked to stop meanwhile, as with Tokio's spawn_blocking once it runs.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace tailrace {

// Lives in the awaiter.
struct blocking_call {
  void (*run)(blocking_call&) noexcept;  // ends with the task made ready: nothing may follow it
  blocking_call* next = nullptr;
};

class blocking_pool {
 public:
  explicit blocking_pool(std::uint32_t most_threads) noexcept : most_threads_(most_threads) {}
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;
  ~blocking_pool();  // joins; no call is left by then

  // Any thread. Throws std::system_error where not even one thread can be had.
  void submit(blocking_call& call);

  std::uint32_t threads() const;
  std::uint32_t queued() const;

 private:
  void work() noexcept;
  void start_thread();

  const std::uint32_t most_threads_;
  mutable std::mutex mutex_;  // guards the rest
  std::condition_variable work_or_end_;
  std::condition_variable thread_left_;
  blocking_call* first_ = nullptr;
  blocking_call* last_ = nullptr;
  std::uint32_t queued_ = 0;
  std::uint32_t threads_ = 0;
  std::uint32_t idle_ = 0;
  bool ending_ = false;
};

}  // namespace tailrace
