// SPDX-License-Identifier: MIT
#include "runtimes/uring/options.hpp"

namespace tailrace::uring {

std::string conflict_of(const options& chosen) {
  if (chosen.direct_descriptors && chosen.receive == receive_mode::single)
    return "direct descriptors cannot be received from by a call: choose receive=multishot or auto";
  if (chosen.direct_descriptors && chosen.send == send_mode::direct)
    return "direct descriptors cannot be sent to by a call: choose send=ring or auto";
  if (chosen.direct_descriptors && chosen.shared_accept)
    return "direct descriptors belong to one ring and cannot be handed to another: choose "
           "accept=reuseport";
  return {};
}

}  // namespace tailrace::uring
