// SPDX-License-Identifier: MIT
// See slice_account.hpp.
#include "harness/load/slice_account.hpp"

#include <utility>

namespace tailrace::load {
namespace {

void add(whole_run_counts& to, const whole_run_counts& more) {
  to.sent += more.sent;
  to.answered += more.answered;
}

}  // namespace

void slice_account::take(load_result slice) {
  add(life_, slice.total.whole_run);
  life_of_classes_.resize(slice.classes.size());
  for (std::size_t i = 0; i < slice.classes.size(); ++i)
    add(life_of_classes_[i], slice.classes[i].counted.whole_run);
  newest_ = std::move(slice);
}

bool slice_account::count(slice_use as) {
  if (!newest_) return false;
  const load_result slice = std::move(*newest_);
  newest_.reset();
  if (as == slice_use::warmup) return true;
  lived_.add(slice);
  if (as == slice_use::kept) kept_.add(slice);
  return true;
}

load_result slice_account::with_life(load_result of) const {
  of.total.whole_run = life_;
  for (std::size_t i = 0; i < of.classes.size(); ++i)
    of.classes[i].counted.whole_run = life_of_classes_[i];
  return of;
}

}  // namespace tailrace::load
