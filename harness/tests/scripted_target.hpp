// SPDX-License-Identifier: MIT
// Scripted servers under the target protocol. The main thread.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "harness/targets/loop_target.hpp"
#include "harness/tests/scripted_server.hpp"

namespace tailrace::scripted {

using make_script = std::function<std::unique_ptr<script>(const option_values&)>;

class scripted_target : public loop_target<server> {
 public:
  explicit scripted_target(make_script make, const faults& wrong = {})
      : loop_target("epoll", [make = std::move(make), wrong](auto& servers, int listener,
                                                             const option_values& options) {
          servers.emplace_back(listener, make(options), wrong);
        }) {}
};

}  // namespace tailrace::scripted
