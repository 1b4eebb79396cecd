// SPDX-License-Identifier: MIT
// The threads of a target that serve: worker i runs on its own thread, pinned where there are CPUs
// enough. When the last of them has ended, for whatever reason, the main thread is told by an
// eventfd, so that its control loop ends too. Not a pool: a worker runs one function once.
// Owner: one thread (the main thread). finish_signal::raise(): any thread, also a signal handler.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace tailrace {

// "All work of this target has ended." Raising it again changes nothing.
class finish_signal {
 public:
  finish_signal();
  ~finish_signal();
  finish_signal(const finish_signal&) = delete;
  finish_signal& operator=(const finish_signal&) = delete;

  void raise() noexcept;
  int descriptor() const { return descriptor_; }  // readable once raised

 private:
  int descriptor_;
};

// The CPUs that the calling thread may use, ascending. The main thread, before others start.
std::vector<int> inherited_cpus();

// Pins the calling thread to the worker's own CPU: the index-th of the list where there are at
// least as many CPUs as workers; else nothing is done.
void pin_worker(const std::vector<int>& cpus, int workers, int index);

class worker_threads {
 public:
  worker_threads() = default;
  worker_threads(const worker_threads&) = delete;
  worker_threads& operator=(const worker_threads&) = delete;
  ~worker_threads() { join(); }

  // Runs body(0) .. body(workers - 1), each on a thread pinned by pin_worker(). `finished` is
  // raised after the last body has returned and must outlive join(). May be called once. Throws
  // run_refused where the kernel refuses a thread; those already started go on running.
  void start(int workers, const std::vector<int>& cpus, finish_signal& finished,
             std::function<void(int)> body);
  void join();

 private:
  std::vector<std::thread> threads_;
  std::function<void(int)> body_;
  std::atomic<int> running_{0};  // each worker counts itself out; the last one raises
};

}  // namespace tailrace
