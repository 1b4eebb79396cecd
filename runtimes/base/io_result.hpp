// SPDX-License-Identifier: MIT
// One vocabulary for the outcome of an I/O operation on every backend: a count of bytes (>= 0), or
// a refusal by the kernel or the peer (-errno). A refusal is a value, never an exception. Any
// thread; free.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace tailrace {

class [[nodiscard]] io_result {
 public:
  constexpr io_result() noexcept = default;

  static constexpr io_result of_count(std::size_t count) noexcept {
    return io_result(static_cast<std::int64_t>(count));
  }
  // error: a positive errno value.
  static constexpr io_result of_error(int error) noexcept {
    return io_result(-std::int64_t{error});
  }

  constexpr bool ok() const noexcept { return value_ >= 0; }
  // Bytes moved; 0 after a failure. A receive of 0 bytes is the peer's end of stream.
  constexpr std::size_t count() const noexcept {
    return value_ > 0 ? static_cast<std::size_t>(value_) : 0;
  }
  // A positive errno value, or 0. ECANCELED: the task's scope was asked to stop.
  constexpr int error() const noexcept { return value_ < 0 ? static_cast<int>(-value_) : 0; }
  constexpr bool cancelled() const noexcept { return error() == ECANCELED; }

  friend constexpr bool operator==(io_result, io_result) noexcept = default;

 private:
  constexpr explicit io_result(std::int64_t value) noexcept : value_(value) {}
  std::int64_t value_ = 0;
};

}  // namespace tailrace
