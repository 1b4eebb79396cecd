// SPDX-License-Identifier: MIT
// See worker_threads.hpp.
#include "harness/targets/worker_threads.hpp"

#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "harness/targets/refused_by_kernel.hpp"

namespace tailrace {

finish_signal::finish_signal() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) {
    std::perror("tailrace: eventfd");
    std::abort();
  }
}

finish_signal::~finish_signal() {
  ::close(descriptor_);
}

void finish_signal::raise() noexcept {
  const std::uint64_t one = 1;
  // EAGAIN means that the counter is full, and so raised already.
  while (::write(descriptor_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

std::vector<int> inherited_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;  // more CPUs than a set holds
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

void pin_worker(const std::vector<int>& cpus, int workers, int index) {
  if (cpus.size() < static_cast<std::size_t>(workers)) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(cpus[static_cast<std::size_t>(index)]), &set);
  ::sched_setaffinity(0, sizeof set, &set);  // a CPU taken away meanwhile: as good as it gets
}

void worker_threads::start(int workers, const std::vector<int>& cpus, finish_signal& finished,
                           std::function<void(int)> body) {
  body_ = std::move(body);
  // relaxed: the threads below are created after it.
  running_.store(workers, std::memory_order_relaxed);
  threads_.reserve(static_cast<std::size_t>(workers));
  for (int index = 0; index < workers; ++index)
    try {
      threads_.emplace_back([this, workers, cpus, &finished, index] {
        pin_worker(cpus, workers, index);
        body_(index);
        // acq_rel: pairs with the other workers' fetch_sub; the last one raises after all have
        // ended.
        if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) finished.raise();
      });
    } catch (const std::system_error& error) {
      throw refused_by_kernel("cannot start worker " + std::to_string(index), error.code().value());
    }
}

void worker_threads::join() {
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace tailrace
