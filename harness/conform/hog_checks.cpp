// SPDX-License-Identifier: MIT
// Checks of the workload `hog`: what it counts as a message, and that only hogs burn CPU time. How
// long a burn takes is not checked: speed is for measurements. See check.hpp.
#include <array>

#include "harness/conform/check.hpp"
#include "harness/conform/peer.hpp"
#include "harness/conform/target_child.hpp"

namespace tailrace::conform {
namespace {

std::vector<std::string> options(std::initializer_list<const char*> settings) {
  std::vector<std::string> words;
  for (const char* each : settings)
    words.insert(words.end(), {"--set", each});
  return words;
}

void require_hog(const context& with) {
  const auto& names = with.described.workloads;
  if (std::ranges::find(names, "hog") == names.end()) {
    throw check_skipped("it has no workload hog");
  }
  for (const char* name : {"burn_us", "hog_every", "message_bytes"})
    require(with.described.options.contains(name),
            std::string("workload hog without an option '") + name + "'");
}

void burns_once_a_message(context& with) {
  require_hog(with);
  running_target target(with, "hog", options({"hog_every=3", "burn_us=200", "message_bytes=64"}));
  peer hog(with, target.address(), 6);
  for (int i = 0; i < 128; ++i)
    hog.echo(1);  // its number comes byte by byte
  target.await_count("burns", 2);
  hog.echo(63);
  hog.echo(std::uint64_t{64} * 50);  // every message in two pieces, many in one
  target.await_count("burns", 52);
  hog.echo(1);
  target.await_count("burns", 53);
  hog.finish_sending();
  hog.collect_to_end();
  const count_map counts = target.stop();
  require(counts.at("burns") == 53,
          "burns of the result is " + std::to_string(counts.at("burns")) + " instead of 53");
}

// A burn of a second would hold each of these messages up, and the check with them.
void spares_others(context& with) {
  require_hog(with);
  for (const char* every : {"hog_every=3", "hog_every=0"}) {
    running_target target(with, "hog", options({every, "burn_us=1000000", "message_bytes=64"}));
    const std::uint64_t number = every[10] == '0' ? 0 : 7;
    peer other(with, target.address(), number);
    other.echo(63);  // part of a message is not held back
    other.echo(1);
    for (int i = 0; i < 10; ++i)
      other.echo(64);
    const count_map counts = target.stop();
    require(counts.at("burns") == 0,
            "CPU time was burnt for connection " + std::to_string(number) + " with " + every);
  }
}

void refuses_bad_options(context& with) {
  require_hog(with);
  for (const char* setting : {"burn_us=1000001", "burn_us=-1", "hog_every=1000001", "hog_every=x",
                              "message_bytes=7", "message_bytes=65537"}) {
    target_child child(with.target, {run_arguments(with, "hog", options({setting}))});
    int code = -1;
    try {
      code = child.exit_code(with.soon());
    } catch (const check_failed&) {
      throw check_failed(std::string(setting) + " was not refused: it goes on running");
    }
    require(code == 2, std::string(setting) + ": exit code " + std::to_string(code));
  }
}

constexpr std::array checks{
    check{"hog_burns_once_a_message", "workload hog counts whole messages, however cut",
          burns_once_a_message},
    check{"hog_spares_others", "only hogs burn, and nobody's bytes are held back", spares_others},
    check{"hog_refuses_bad_options", "exit 2 outside of the ranges", refuses_bad_options},
};

}  // namespace

std::span<const check> hog_checks() {
  return checks;
}

}  // namespace tailrace::conform
