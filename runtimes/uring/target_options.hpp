// SPDX-License-Identifier: MIT
// The options of the io_uring runtime by their names, for its target and its tests. README.md here
// explains them, with what they cost.
#pragma once

#include "harness/targets/runtime_options.hpp"
#include "runtimes/uring/options.hpp"
#include "workloads/options.hpp"

namespace tailrace::uring {

inline option_table<options> named_options() {
  using table = option_table<options>;
  return table{
      table::choice("taskrun", &options::completions,
                    {{"defer", taskrun::defer}, {"coop", taskrun::coop}, {"none", taskrun::none}},
                    "when the kernel finishes operations: inside the wait, at the next system "
                    "call, or by interrupting the thread"),
      table::choice("receive", &options::receive,
                    {{"auto", receive_mode::adaptive},
                     {"multishot", receive_mode::multishot},
                     {"single", receive_mode::single}},
                    "multishot: into provided buffers; single: a call once bytes are there; auto: "
                    "by the size of what comes"),
      table::choice("send", &options::send,
                    {{"auto", send_mode::adaptive},
                     {"ring", send_mode::through_ring},
                     {"direct", send_mode::direct}},
                    "with the next submission, or by a call at once; auto: direct where receives "
                    "are single"),
      table::choice("accept", &options::shared_accept, {{"reuseport", false}, {"shared", true}},
                    "each worker listens by itself, or one accepts for all and hands connections "
                    "to the ring with the fewest"),
      table::choice("wake", &options::wake_by_message, {{"msg_ring", true}, {"eventfd", false}},
                    "by what other threads wake a ring: a message to it (Linux 6.13), or a "
                    "descriptor that it polls"),
      table::on_off("direct_descriptors", &options::direct_descriptors,
                    "connections live in the ring's own table of files"),
      table::on_off("registered_ring", &options::registered_ring,
                    "register the ring's own descriptor"),
      table::on_off("sqpoll", &options::sqpoll, "a kernel thread submits"),
      table::integer("min_wait_us", &options::min_wait_us, 0, 10'000,
                     "wait that long for a batch of completions; 0: take the first"),
      timer_window_option<options>(&options::timer_window_us),
      table::integer("large_bytes", &options::large_bytes, 64, 1'048'576,
                     "receive=auto: from this size on a receive is large")}
      .with({"file-read"},
            {table::choice("files", &options::files,
                           {{"auto", file_reads::adaptive},
                            {"inline", file_reads::by_ring},
                            {"async", file_reads::by_threads}},
                           "inline: the kernel tries a read as it takes the entry, and waits for "
                           "the device in the background; async: its worker threads (io-wq) read; "
                           "auto: async for direct reads"),
             table::on_off("fixed_files", &options::fixed_files,
                           "the file is in the ring's own table"),
             table::on_off("registered_buffers", &options::registered_buffers,
                           "the memory that is read to is registered with the kernel")});
}

}  // namespace tailrace::uring
