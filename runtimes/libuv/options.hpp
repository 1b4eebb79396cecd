// SPDX-License-Identifier: MIT
// The two ways in which the libuv runtime treats memory, named as the bare library's echo beside it
// names them (harness/tests/plain_libuv_main.cpp).
#pragma once

namespace tailrace::libuv {

enum class style {
  // As little as libuv allows: a receive is lent one of the loop's buffers, a send writes at once,
  // and only what the socket did not take is queued, with a request that the connection keeps.
  lean,
  // As libuv's guide writes an echo server (docs/code/tcp-echo-server): each read has a buffer from
  // malloc, of the size that libuv suggests (64 KiB), each write a request from malloc, and both
  // are freed once libuv has called back that it wrote.
  guide,
};

}  // namespace tailrace::libuv
