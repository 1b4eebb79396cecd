// SPDX-License-Identifier: MIT
// Checks of the workload `hog`: what it counts as a message, and that only hogs burn CPU time. How
// long a burn takes is not checked: speed is for measurements. See check.hpp.
#include <array>

#include "harness/conform/check.hpp"
#include "harness/conform/checked_target.hpp"

namespace tailrace::conform {
namespace {

void require_hog(const context& with) {
  require_workload(with, "hog", {"burn_us", "hog_every", "message_bytes"});
}

void burns_once_a_message(context& with) {
  require_hog(with);
  checked_target target(with, "hog", {.options = {{"hog_every", "3"}, {"burn_us", "200"}}});
  peer hog = target.connect(6);
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
  const count_map counts = target.stop().counts;
  require(count_at(counts, "burns") == 53,
          "burns of the result is " + std::to_string(counts.at("burns")) + " instead of 53");
}

// A burn of a second would hold each of these messages up, and the check with them.
void spares_others(context& with) {
  require_hog(with);
  for (const char* every : {"3", "0"}) {
    checked_target target(with, "hog", {.options = {{"hog_every", every}, {"burn_us", "1000000"}}});
    const std::uint64_t number = every[0] == '0' ? 0 : 7;
    peer other = target.connect(number);
    other.echo(63);  // part of a message is not held back
    other.echo(1);
    for (int i = 0; i < 10; ++i)
      other.echo(64);
    const count_map counts = target.stop().counts;
    require(
        count_at(counts, "burns") == 0,
        "CPU time was burnt for connection " + std::to_string(number) + " with hog_every=" + every);
  }
}

// What is due takes four minutes, of which a stop leaves 5 s.
void stops_inside_burn(context& with) {
  require_hog(with);
  checked_target target(with, "hog", {.options = {{"hog_every", "3"}, {"burn_us", "200000"}}});
  peer hog = target.connect(6);
  hog.send(std::uint64_t{64} * 1200);
  const std::int64_t until = with.soon();
  while (count_at(target.sample(), "burns") == 0) {
    require(observe::monotonic_ns() < until, "count 'burns' stays at 0");
    target.session().drain_for(0.002);
  }
  target.stop();
}

}  // namespace

std::span<const check> hog_checks() {
  static constexpr std::array checks{
      check{"hog_burns_once_a_message", "workload hog counts whole messages, however cut",
            burns_once_a_message},
      check{"hog_spares_others", "only hogs burn, and nobody's bytes are held back", spares_others},
      check{"hog_stops_inside_burn", "a stop ends the burn under way and those that are due",
            stops_inside_burn},
  };
  return checks;
}

}  // namespace tailrace::conform
