// SPDX-License-Identifier: MIT
// Counts the calls of operator new and of aligned_alloc in an executable that links this, on all
// its threads. malloc called directly is not counted. Any thread. Cost: two relaxed accesses to
// memory of the calling thread an allocation, no locked instruction.
#pragma once

#include <cstddef>

namespace tailrace::micro {

// False under a sanitizer: the allocator is then not ours to replace.
extern const bool counts_allocations;

// A thread that allocates meanwhile is counted or not; what happened before the call is.
std::size_t allocations_so_far();

}  // namespace tailrace::micro
