// SPDX-License-Identifier: MIT
// The switches of bare-uring by their names, for its target and its tests. README.md here says what
// each was measured to be worth.
#pragma once

#include "runtimes/bare/uring_form.hpp"
#include "workloads/options.hpp"

namespace tailrace {

inline option_table<uring_form> uring_switches() {
  using table = option_table<uring_form>;
  return {
      table::choice("receive", &uring_form::multishot, {{"multishot", true}, {"single", false}},
                    "one request for all receives of a connection, or one each"),
      table::choice("buffers", &uring_form::own_buffers, {{"ring", false}, {"own", true}},
                    "received into buffers that the ring lends, or one of each connection"),
      table::choice("large", &uring_form::large_direct, {{"direct", true}, {"ring", false}},
                    "direct: connections with large messages are polled through the ring and "
                    "served by recv and send through one warm buffer"),
      table::integer("buffer_bytes", &uring_form::buffer_bytes, 1024, 65536,
                     "of a buffer that the ring lends"),
      table::on_off("registered_ring", &uring_form::registered_ring,
                    "saves a descriptor look-up a call"),
      table::choice("taskrun", &uring_form::taskrun,
                    {{"defer", uring::taskrun::defer},
                     {"coop", uring::taskrun::coop},
                     {"none", uring::taskrun::none}},
                    "when the kernel finishes operations: in the wait, at the next system call, at "
                    "once by an interrupt"),
      table::integer("min_wait_us", &uring_form::min_wait_us, 0, 1'000'000,
                     "how long a wait hopes for a whole batch"),
      table::on_off("quiet_sends", &uring_form::quiet_sends,
                    "a send that does all at once leaves no completion")};
}

}  // namespace tailrace
