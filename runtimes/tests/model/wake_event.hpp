// SPDX-License-Identifier: MIT
// What sleeping workers wait on, for models: the runtime's edge-triggered eventfd. Signals that
// nobody has waited for yet are one, and one signal wakes one waiter.
#pragma once

#include "runtimes/base/model.hpp"

namespace tailrace::model {

class wake_event {
 public:
  void signal() {
    mutex_.lock($);
    is_set_($) = 1;
    changed_.notify_one($);
    mutex_.unlock($);
  }
  void wait() {
    mutex_.lock($);
    while (is_set_($) == 0)
      changed_.wait(mutex_, $);
    is_set_($) = 0;
    mutex_.unlock($);
  }
  bool poll() {
    mutex_.lock($);
    const bool was_set = is_set_($) == 1;
    is_set_($) = 0;
    mutex_.unlock($);
    return was_set;
  }

 private:
  rl::var<int> is_set_{0};
  rl::mutex mutex_;
  rl::condition_variable changed_;
};

}  // namespace tailrace::model
