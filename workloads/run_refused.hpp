// SPDX-License-Identifier: MIT
// A run that cannot start or go on, with its remedy: the one exception of a target. It ends the
// target with an `error` event and the exit code. Any thread throws it, the main thread reports it.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace tailrace {

class run_refused : public std::runtime_error {
 public:
  enum class kind { failed = 1, unsupported = 3 };  // the exit code
  run_refused(const std::string& cause, std::string remedy, kind why = kind::failed)
      : std::runtime_error(cause), remedy_(std::move(remedy)), kind_(why) {}
  const std::string& remedy() const { return remedy_; }
  int exit_code() const { return static_cast<int>(kind_); }

 private:
  std::string remedy_;
  kind kind_;
};

}  // namespace tailrace
