// SPDX-License-Identifier: MIT
// Base64 (RFC 4648, with padding) of histogram bytes. Decoding is strict: any other character,
// wrong padding or length is refused as std::nullopt. Pure functions, any thread, linear in the
// length.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::load {

[[nodiscard]] std::string to_base64(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace tailrace::load
