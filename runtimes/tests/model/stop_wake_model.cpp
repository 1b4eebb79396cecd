// SPDX-License-Identifier: MIT
// A stop request from another thread against a loop that is about to sleep: local/runtime.cpp,
// request_stop() and take_events(), written out again for Relacy, which tries every interleaving
// and lets each load return the newest value or the one before, where the memory model does.
//
// Held: the loop ends (no wake-up is lost), and it sees what the requester wrote before its
// request, also when somebody else's signal woke it.
//
// Each mutant breaks one step of the protocol and must be found; a model whose mutants pass proves
// nothing. This is a transcript: whoever changes the protocol changes it here too.
#include <iostream>
#include <relacy/relacy.hpp>

namespace {

enum class protocol { as_written, flag_relaxed, signal_before_flag, drain_after_check };

// An eventfd as the kernel has it: a counter under a lock, readers sleep while it is zero.
class event_descriptor {
 public:
  void signal() {
    mutex_.lock($);
    count_($) = count_($) + 1;
    readable_.notify_all($);
    mutex_.unlock($);
  }
  void wait_until_readable() {
    mutex_.lock($);
    while (count_($) == 0)
      readable_.wait(mutex_, $);
    mutex_.unlock($);
  }
  void drain() {
    mutex_.lock($);
    count_($) = 0;
    mutex_.unlock($);
  }

 private:
  rl::var<int> count_{0};
  rl::mutex mutex_;
  rl::condition_variable readable_;
};

// Thread 0 is the loop, thread 1 asks it to stop, thread 2 wakes it for nothing.
template <protocol Variant>
struct stop_wake : rl::test_suite<stop_wake<Variant>, 3> {
  static constexpr bool relaxed = Variant == protocol::flag_relaxed;
  static constexpr rl::memory_order store_order = relaxed ? rl::mo_relaxed : rl::mo_release;
  static constexpr rl::memory_order load_order = relaxed ? rl::mo_relaxed : rl::mo_acquire;

  rl::atomic<int> stop_requested{0};
  event_descriptor wake;
  rl::var<int> written_before{0};

  void thread(unsigned index) {
    if (index == 0) run_loop();
    if (index == 1) request_stop();
    if (index == 2) wake.signal();
  }

  void request_stop() {
    written_before($) = 1;
    if (Variant == protocol::signal_before_flag) wake.signal();
    // release: pairs with the acquire load in run_loop().
    stop_requested($).store(1, store_order);
    if (Variant != protocol::signal_before_flag) wake.signal();
  }

  void run_loop() {
    bool stop = false;
    while (!stop) {
      wake.wait_until_readable();
      if (Variant != protocol::drain_after_check) wake.drain();
      // acquire: pairs with the release store in request_stop().
      stop = stop_requested($).load(load_order) != 0;
      if (Variant == protocol::drain_after_check) wake.drain();
    }
    RL_ASSERT(written_before($) == 1);
  }
};

template <protocol Variant>
bool holds(std::ostream& log, rl::iteration_t& executions) {
  rl::test_params parameters;
  parameters.search_type = rl::fair_full_search_scheduler_type;
  parameters.output_stream = &log;
  parameters.progress_stream = &log;
  const bool result = rl::simulate<stop_wake<Variant>>(parameters);
  executions = parameters.stop_iteration;
  return result;
}

template <protocol Variant>
bool behaves(const char* name, bool expected) {
  // Relacy replaces operator new while it runs, so the log must not allocate: nowhere, or stdout.
  std::ostream nowhere(nullptr);
  rl::iteration_t executions = 0;
  const bool result = holds<Variant>(nowhere, executions);
  std::cout << name << ": " << (result ? "holds" : "fails") << " after " << executions
            << " executions" << std::endl;
  if (result == expected) return true;
  std::cout << "WRONG: expected that it " << (expected ? "holds" : "fails") << std::endl;
  if (!result) holds<Variant>(std::cout, executions);
  return false;
}

}  // namespace

int main() {
  bool good = behaves<protocol::as_written>("as written", true);
  good &= behaves<protocol::flag_relaxed>("mutant: flag relaxed", false);
  good &= behaves<protocol::signal_before_flag>("mutant: signal before flag", false);
  good &= behaves<protocol::drain_after_check>("mutant: drain after check", false);
  return good ? 0 : 1;
}
