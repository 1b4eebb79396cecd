// SPDX-License-Identifier: MIT
// Which rounds count. A round in which others took more than a little of the target's CPUs is
// disturbed: dropped for all its subjects and made again, where that is worth the time.
//
// It is while neighbours come and go: then a repeat is likely to be undisturbed. Beside one that
// stays, a compiler for instance, repeats are as disturbed as what they replace, and the campaign
// would take twice as long for nothing. So where nearly all of the last rounds were disturbed, what
// comes counts as it is: all subjects of a round had the same neighbour, and the report
// sees from `others_ns` that it was disturbed. What the last rounds were like is
// remembered over generations, since such a neighbour outlives them, and three undisturbed rounds
// are enough to repeat again. Never is asked what the response times were.
// Pure values, any thread.
#pragma once

#include <bitset>
#include <cstddef>

namespace tailrace::campaign {

// How the last rounds at a point were, over generations.
class recent_rounds {
 public:
  void add(bool disturbed);
  // At least three of four of the last eight were disturbed; fewer than four tell nothing.
  bool neighbour_stays() const;

 private:
  static constexpr std::size_t remembered = 8;
  static constexpr std::size_t telling = 4;

  std::bitset<remembered> disturbed_;  // the last one first
  std::size_t seen_ = 0;               // at most `remembered`
};

// The rounds at one point of one generation.
class round_budget {
 public:
  // wanted: rounds that have to count; as many may be dropped, so that the generation ends. recent:
  // of the point; outlives the object.
  round_budget(int wanted, recent_rounds& recent)
      : missing_(wanted), repeats_(wanted), recent_(&recent) {}

  // taken: of the target's CPU time over a round that was made, by others. Whether the round
  // counts.
  bool keep(double taken);
  // Whether as many count as were wanted.
  bool complete() const { return missing_ <= 0; }

 private:
  int missing_;
  int repeats_;  // that may still be made
  recent_rounds* recent_;
};

}  // namespace tailrace::campaign
