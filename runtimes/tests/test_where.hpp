// SPDX-License-Identifier: MIT
// TEST() for what not every runtime offers: TEST_WHERE(constant, suite, name) is a test only where
// the constant holds, and not one that is skipped in each run. Its body is compiled in any case.
#pragma once

#include <gtest/gtest.h>

namespace tailrace::conformance {

class function_test : public testing::Test {
 public:
  explicit function_test(void (*body)()) : body_(body) {}
  void TestBody() override { body_(); }

 private:
  void (*body_)();
};

inline bool register_where(bool holds, const char* suite, const char* name, const char* file,
                           int line, void (*body)()) {
  if (!holds) return false;
  testing::RegisterTest(suite, name, nullptr, nullptr, file, line,
                        [body]() -> testing::Test* { return new function_test(body); });
  return true;
}

}  // namespace tailrace::conformance

#define TEST_WHERE(holds, suite, name)                                                \
  static void suite##_##name();                                                       \
  [[maybe_unused]] static const bool suite##_##name##_is_a_test =                     \
      tailrace::conformance::register_where(holds, #suite, #name, __FILE__, __LINE__, \
                                            suite##_##name);                          \
  static void suite##_##name()
