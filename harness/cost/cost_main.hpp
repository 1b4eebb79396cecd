// SPDX-License-Identifier: MIT
// `tailrace cost`: what one operation of a target costs, as a measurement of its own, never part of
// a scored run (README.md). Parses its own options.
#pragma once

namespace tailrace::cost {

// argv[0] is the command's name. Exit code: 0 measured (absent metrics included), 1 the result
// could not be written, 2 bad usage or a target that crashed, hung or broke its protocol, 3 the
// target cannot run on this machine, 130 interrupted. Refusals are one sentence, printed here.
int cost_main(int argc, char** argv);

}  // namespace tailrace::cost
