// SPDX-License-Identifier: MIT
// See load_class.hpp.
#include "harness/load/load_class.hpp"

#include <numeric>
#include <utility>

#include "harness/load/random.hpp"

namespace tailrace::load {
namespace {

class_split two_classes(const load_options& options, load_class first, load_class second,
                        std::vector<std::uint8_t> class_of) {
  first.seed = options.seed;
  second.seed = scramble(options.seed + 2);
  class_split made;
  made.class_of = std::move(class_of);
  for (const std::uint8_t which : made.class_of)
    ++(which == 0 ? first : second).connections;
  made.classes = {std::move(first), std::move(second)};
  return made;
}

// The first `count` of a seeded shuffle of all connection numbers (Fisher-Yates).
std::vector<std::uint8_t> seeded_set(std::uint32_t connections, std::uint32_t count,
                                     std::uint64_t seed) {
  std::vector<std::uint32_t> order(connections);
  std::iota(order.begin(), order.end(), 0U);
  random_source random(scramble(seed + 3));
  std::vector<std::uint8_t> chosen(connections);
  for (std::uint32_t i = 0; i < count; ++i) {
    std::swap(order[i], order[i + random.below(connections - i)]);
    chosen[order[i]] = 1;
  }
  return chosen;
}

}  // namespace

class_split split_of(const load_options& o) {
  if (o.hog_every > 0) {
    std::vector<std::uint8_t> hogs(o.connections);
    for (std::uint32_t number = 0; number < o.connections; number += o.hog_every)
      hogs[number] = 1;
    class_split made = two_classes(o, {.name = "others", .rate_per_s = o.rate_per_s},
                                   {.name = "hogs", .rate_per_s = o.hog_rate_per_s}, hogs);
    made.first_leads = true;
    return made;
  }
  if (o.hot_connections > 0) {
    const double hot_per_s = o.rate_per_s * o.hot_share;
    return two_classes(o, {.name = "cold", .rate_per_s = o.rate_per_s - hot_per_s},
                       {.name = "hot", .rate_per_s = hot_per_s},
                       seeded_set(o.connections, o.hot_connections, o.seed));
  }
  class_split plain;
  plain.classes = {
      {.name = "", .rate_per_s = o.rate_per_s, .seed = o.seed, .connections = o.connections}};
  return plain;
}

}  // namespace tailrace::load
