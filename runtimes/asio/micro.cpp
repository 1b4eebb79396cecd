// SPDX-License-Identifier: MIT
// tailrace-micro-asio-epoll: the micro benchmarks on Boost.Asio, whose io_context has one thread.
// None of them does I/O, so that the other backend would tell nothing new.
#include <memory>

#include "runtimes/asio/runtime.hpp"
#include "workloads/micro/catalogue.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  return micro::runtime_micro_main<asio::runtime>(
      argc, argv, {1}, [](const micro::wanted&) { return std::make_unique<asio::runtime>(); });
}
