// SPDX-License-Identifier: MIT
// The name of a function of this process from its address, for reports of what a thread is doing.
// Reads the executable's own .symtab, because coroutines' resume functions are local symbols, which
// dladdr() does not know. Any thread; a lookup maps the executable and scans its symbols: some
// milliseconds. Not for signal handlers.
// Source: the ELF specification (gabi), elf(5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tailrace {

// The function symbol of an ELF file in memory that covers this address (as the file counts them),
// as it is stored; empty where there is none, no .symtab, or the file is not what it should be.
std::string_view symbol_at(std::span<const std::byte> file, std::uint64_t address) noexcept;

// `name(...)` from a symbol: demangled, without parameters, return type and the suffixes that gcc
// and clang give to the parts of a coroutine.
std::string readable_name(std::string_view symbol);

// What a report calls this code: its readable name, or `module+0xoffset` where it has none.
std::string name_of_code(const void* address);

}  // namespace tailrace
