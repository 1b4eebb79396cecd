// SPDX-License-Identifier: MIT
// The slices of one load session added up: those that were kept, and all that count as lived.
// Exact sums; about 3 MB. One thread.
#pragma once

#include <optional>
#include <vector>

#include "harness/load/load_result.hpp"

namespace tailrace::load {

enum class slice_use : std::uint8_t { kept, disturbed, warmup };

class slice_account {
 public:
  // The newest slice; its use is decided afterwards.
  void take(load_result slice);
  // False: there is no slice whose use is undecided.
  [[nodiscard]] bool count(slice_use as);

  // Whole messages over the life of the session, of every slice, are in both.
  [[nodiscard]] load_result kept() const { return with_life(kept_); }
  [[nodiscard]] load_result lived() const { return with_life(lived_); }

 private:
  [[nodiscard]] load_result with_life(load_result of) const;

  std::optional<load_result> newest_;
  load_result kept_;
  load_result lived_;
  whole_run_counts life_;
  std::vector<whole_run_counts> life_of_classes_;
};

}  // namespace tailrace::load
