// SPDX-License-Identifier: MIT
// Each argument reaches the kernel in its place, and the result or the errno comes back.
#include "runtimes/base/kernel_call.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>

#include "runtimes/base/sys.hpp"

namespace tailrace {
namespace {

class kernel_call_to : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    near_ = sys::descriptor(ends[0]);
    far_ = sys::descriptor(ends[1]);
  }

  long send(const std::string& bytes) {
    return kernel_call(SYS_sendto, near_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  long receive(std::string& into, int flags) {
    return kernel_call(SYS_recvfrom, far_.get(), into.data(), into.size(), flags);
  }

  sys::descriptor near_;
  sys::descriptor far_;
};

TEST_F(kernel_call_to, sendto_and_recvfrom_moves_that_many_bytes) {
  EXPECT_EQ(send("seven bytes"), 11);
  std::string got(5, '.');
  EXPECT_EQ(receive(got, 0), 5);
  EXPECT_EQ(got, "seven");
  got.assign(20, '.');
  EXPECT_EQ(receive(got, 0), 6);
  EXPECT_EQ(got.substr(0, 7), " bytes.");
}

TEST_F(kernel_call_to, recvfrom_honours_flags) {
  std::string got(5, '.');
  EXPECT_EQ(receive(got, MSG_DONTWAIT), -EAGAIN);  // else it would wait for ever
  EXPECT_EQ(send("x"), 1);
  EXPECT_EQ(receive(got, MSG_PEEK), 1);
  EXPECT_EQ(receive(got, 0), 1);
}

TEST_F(kernel_call_to, sendto_nobody_is_an_errno_and_no_signal) {
  far_.reset();
  EXPECT_EQ(send("x"), -EPIPE);  // MSG_NOSIGNAL arrived, or SIGPIPE would end this
}

TEST_F(kernel_call_to, no_descriptor_is_an_errno) {
  near_.reset();
  EXPECT_EQ(send("x"), -EBADF);
}

}  // namespace
}  // namespace tailrace
