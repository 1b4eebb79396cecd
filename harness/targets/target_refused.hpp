// SPDX-License-Identifier: MIT
// A run that cannot start or go on, with its remedy: the one exception of a target. It ends in
// target_main() as one `error` event and the exit code. Thrown on the main thread.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace tailrace {

class target_refused : public std::runtime_error {
 public:
  enum class kind { failed = 1, unsupported = 3 };
  target_refused(const std::string& message, std::string remedy, kind why = kind::failed)
      : std::runtime_error(message), remedy_(std::move(remedy)), kind_(why) {}
  const std::string& remedy() const { return remedy_; }
  int exit_code() const { return static_cast<int>(kind_); }

 private:
  std::string remedy_;
  kind kind_;
};

// "cannot listen on 127.0.0.1:80: Permission denied (EACCES)" and what to do about it.
target_refused refused_by_kernel(const std::string& what, int error_number);

}  // namespace tailrace
