// SPDX-License-Identifier: MIT
// See timer_slack.hpp.
#include "harness/targets/timer_slack.hpp"

#include <sys/prctl.h>

namespace tailrace {

std::int64_t set_timer_slack(std::int64_t slack_ns) {
  // Neither call can fail with these arguments: PR_SET_TIMERSLACK(2const).
  ::prctl(PR_SET_TIMERSLACK, static_cast<unsigned long>(slack_ns), 0UL, 0UL, 0UL);
  return ::prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL);
}

}  // namespace tailrace
