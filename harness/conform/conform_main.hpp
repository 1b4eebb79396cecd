// SPDX-License-Identifier: MIT
// `tailrace conform TARGET`: checks any executable against the target contract
// (runtimes/PROTOCOL.md) and prints a line a check. Exit 0: none failed; 1: some did; 2: bad usage;
// 130: interrupted. The main thread; makes child processes and loopback connections.
#pragma once

namespace tailrace {

// argv[0] is the command's own name, as main() gets it.
int conform_main(int argc, char** argv);

}  // namespace tailrace
