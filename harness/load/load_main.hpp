// SPDX-License-Identifier: MIT
// `tailrace load`: the load generator as a command. Called once, from main(); argv[0] is the name
// of the command.
#pragma once

namespace tailrace::load {

// Exit codes: 0 done, 1 could not run, 2 bad usage, 3 not possible here, 4 finished with wrong
// payload, errors, timeouts or lost connections. Installs handlers for SIGINT and SIGTERM that end
// the measured phase early; a second signal kills.
int load_main(int argc, char** argv);

}  // namespace tailrace::load
