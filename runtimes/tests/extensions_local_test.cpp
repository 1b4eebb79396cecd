// SPDX-License-Identifier: MIT
// TAILRACE_FILES=auto|pool|inline chooses where files are read (CMakeLists.txt lists it).
#include <gtest/gtest.h>

#include <cstdlib>

#include "runtimes/local/runtime.hpp"
#include "runtimes/tests/conformance_harness.hpp"

namespace tailrace {

using runtime_under_test = local::runtime;

template <>
struct conformance_harness<local::runtime> {
  using client = conformance::socket_client;
  static std::unique_ptr<local::runtime> make() {
    file_options files;
    if (const char* const mode = std::getenv("TAILRACE_FILES"); mode != nullptr) {
      EXPECT_TRUE(choose_file_mode(mode, files.mode)) << mode;
    }
    files.threads = 3;  // fewer than tasks that read at once
    return std::make_unique<local::runtime>(local::registration::once, files);
  }
  static client connect(local::runtime&, std::uint16_t port, int receive_bytes) {
    return client(port, receive_bytes);
  }
};

}  // namespace tailrace

#include "runtimes/tests/extensions_conformance.hpp"
