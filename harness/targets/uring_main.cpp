// SPDX-License-Identifier: MIT
// tailrace-target-uring: the thread-per-core runtime over io_uring; workers=N: N independent rings.
// Its options are explained, with what they cost, in runtimes/uring/README.md.
#include "harness/targets/runtime_target.hpp"
#include "harness/targets/target_refused.hpp"
#include "runtimes/uring/options.hpp"
#include "runtimes/uring/runtime.hpp"

namespace {

using namespace tailrace;

std::vector<option_spec> options_of_uring() {
  return {
      choice_option("taskrun", "defer", {"defer", "coop", "none"},
                    "when the kernel finishes operations: inside the wait, at the next system "
                    "call, or by interrupting the thread"),
      choice_option("receive", "auto", {"auto", "multishot", "single"},
                    "multishot: into provided buffers; single: a call once bytes are there; auto: "
                    "by the size of what comes"),
      choice_option("send", "auto", {"auto", "ring", "direct"},
                    "with the next submission, or by a call at once; auto: direct where receives "
                    "are single"),
      choice_option("accept", "reuseport", {"reuseport", "shared"},
                    "each worker listens by itself, or one accepts for all and hands connections "
                    "to the ring with the fewest"),
      choice_option("wake", "msg_ring", {"msg_ring", "eventfd"},
                    "by what other threads wake a ring: a message to it (Linux 6.13), or a "
                    "descriptor that it polls"),
      choice_option("direct_descriptors", "off", {"off", "on"},
                    "connections live in the ring's own table of files"),
      choice_option("registered_ring", "on", {"on", "off"}, "register the ring's own descriptor"),
      choice_option("sqpoll", "off", {"off", "on"}, "a kernel thread submits"),
      integer_option("min_wait_us", 0, 0, 10'000,
                     "wait that long for a batch of completions; 0: take the first"),
      timer_window_option(timer_window::default_length.count()),
      integer_option("large_bytes", 8192, 64, 1'048'576,
                     "receive=auto: from this size on a receive is large")};
}

std::vector<option_spec> options_of_files() {
  std::vector<option_spec> options = {
      choice_option("files", "inline", {"inline", "async"},
                    "inline: the kernel tries a read as it takes the entry, and waits for the "
                    "device in the background; async: its worker threads (io-wq) read"),
      choice_option("fixed_files", "on", {"on", "off"}, "the file is in the ring's own table"),
      choice_option("registered_buffers", "on", {"on", "off"},
                    "the memory that is read to is registered with the kernel")};
  for (option_spec& each : options)
    each.workloads = {"file-read"};
  return options;
}

uring::options chosen_options(const option_values& given) {
  uring::options chosen;
  for (const char* name :
       {"taskrun", "receive", "send", "accept", "wake", "direct_descriptors", "registered_ring",
        "sqpoll", "min_wait_us", "timer_window_us", "large_bytes"})
    TAILRACE_CHECK(uring::set_option(chosen, name, given.all().at(name)));
  for (const option_spec& of_files : options_of_files())
    if (given.has(of_files.name))
      TAILRACE_CHECK(uring::set_option(chosen, of_files.name, given.text(of_files.name)));
  return chosen;
}

std::unique_ptr<uring::runtime> make_runtime(const run_request& request) {
  static uring::accept_group all(static_cast<std::size_t>(request.workers));
  try {
    return std::make_unique<uring::runtime>(chosen_options(request.options), &all);
  } catch (const uring::unavailable& error) {
    throw target_refused(error.why().cause, error.why().remedy, target_refused::kind::unsupported);
  }
}

}  // namespace

int main(int argc, char** argv) {
  target_description description;
  description.id = uring::runtime::id;
  description.family = "in-house";
  description.summary =
      "thread-per-core runtime over io_uring; workers=N gives N independent rings";
  description.backend = "io_uring";
  description.options = options_of_uring();
  for (option_spec& each : options_of_files())
    description.options.push_back(std::move(each));
  description.objection = [](const option_values& given) {
    return uring::conflict_of(chosen_options(given));
  };
  description.needs = {{"kernel", "6.0"}};
  description.examine_machine = [](target_description& examined) {
    if (const auto possible = uring::check_available(); !possible)
      examined.refuse(possible.error().cause, possible.error().remedy);
  };
  return runtime_target_main<uring::runtime>(argc, argv, description, make_runtime);
}
