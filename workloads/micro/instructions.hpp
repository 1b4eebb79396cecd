// SPDX-License-Identifier: MIT
// The part of a benchmark whose instructions callgrind is to count, told to it by its client
// requests (valgrind's manual, 6.5). Outside of valgrind each is a few instructions without effect.
// One thread at a time.
#pragma once

#include <string>

namespace tailrace::micro {

// Compiled where valgrind's header was there; without it nothing here has an effect.
extern const bool speaks_to_callgrind;

// From now on the measured part is that of this row. While none is named nothing is counted.
void count_instructions_of(std::string row);

// Whether a row is named.
bool counting_instructions() noexcept;

// Callgrind begins again, and writes what it has counted so far to a profile without a name.
void instructions_begin();

// Callgrind writes what it has counted since, on all threads, to a profile with the row's name.
void instructions_end();

}  // namespace tailrace::micro
