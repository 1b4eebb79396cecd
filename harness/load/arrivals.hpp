// SPDX-License-Identifier: MIT
// The plan of one thread in the open loop: seeded, absolute send times, generated one by one (a
// long run needs no table). Each phase (warm-up, measured) has exactly round(rate * length)
// arrivals over all threads:
// - constant: the i-th of N at i / rate, dealt to the threads in turn;
// - poisson: a Poisson process on the condition that N arrive in the phase: exponential gaps,
//   scaled so that the gap after the last ends with the phase. Gaps are those of the plain process,
//   but the planned count does not vary between runs, so that "achieved against offered" compares
//   the server and not two draws.
// One object a thread. Cost: one logarithm an arrival; construction draws the phases once to learn
// their sums.
#pragma once

#include <cstdint>

#include "harness/load/random.hpp"

namespace tailrace::load {

enum class arrival_kind { poisson, constant };

class arrivals {
 public:
  struct plan {
    arrival_kind kind = arrival_kind::poisson;
    double rate_per_s = 0;  // of all threads together
    std::int64_t warmup_ns = 0;
    std::int64_t measured_ns = 0;
    std::uint64_t seed = 1;
    std::uint32_t thread = 0;
    std::uint32_t threads = 1;
  };
  static constexpr std::int64_t none = INT64_MAX;

  // Requests of all threads that are planned for so long.
  [[nodiscard]] static std::uint64_t planned(double rate_per_s, double length_s) noexcept;

  // Times count from the start of the measured phase: those of the warm-up are negative.
  explicit arrivals(const plan& wanted);

  // The next planned time, `none` after the last. Never decreases.
  [[nodiscard]] std::int64_t next_ns() const noexcept { return next_ns_; }
  void advance() noexcept;
  // Arrivals not yet consumed, next_ns() included.
  [[nodiscard]] std::uint64_t remaining() const noexcept;

 private:
  struct phase {
    std::int64_t begin_ns = 0;
    std::int64_t length_ns = 0;
    std::uint64_t count = 0;  // of this thread
    double gap_sum = 0;       // of count + 1 gaps
  };
  [[nodiscard]] phase make_phase(std::int64_t begin_ns, std::int64_t length_ns, int which) const;
  void enter(const phase& entered) noexcept;
  void compute_next() noexcept;

  plan plan_;
  phase phases_[2];
  int phase_ = 0;
  std::uint64_t index_ = 0;
  double gap_position_ = 0;
  random_source random_{0};
  std::int64_t next_ns_ = none;
};

}  // namespace tailrace::load
