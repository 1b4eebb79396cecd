// SPDX-License-Identifier: MIT
// See histogram_codec.hpp. Layout, all big-endian:
//   outer    cookie 0x1c849314 (4), compressed length (4), zlib stream of the inner
//   inner    cookie 0x1c849313 (4), payload length (4), normalizing offset (4), digits (4),
//            lowest (8), highest (8), conversion ratio as double (8), payload
//   payload  ZigZag LEB128 (at most 9 bytes, the ninth carries 8 bits): a count, or minus the
//            length of a run of zeros
#include "harness/load/histogram_codec.hpp"

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "harness/load/bug_check.hpp"

namespace tailrace::load {
namespace {

constexpr std::uint32_t inner_cookie = 0x1c849303 | 0x10;
constexpr std::uint32_t outer_cookie = 0x1c849304 | 0x10;
constexpr std::size_t inner_header_bytes = 40;
constexpr std::size_t outer_header_bytes = 8;

void put(std::vector<std::uint8_t>& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put_zigzag(std::vector<std::uint8_t>& out, std::int64_t number) {
  std::uint64_t value =
      (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
  for (int i = 0; i < 8; ++i) {
    if (value < 0x80) break;
    out.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
    if (i == 7) {
      out.push_back(static_cast<std::uint8_t>(value));
      return;
    }
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

// RFC 4648, with padding.
std::string to_base64(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = bytes.size() - i;
    std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16;
    if (have > 1) group |= static_cast<std::uint32_t>(bytes[i + 1]) << 8;
    if (have > 2) group |= bytes[i + 2];
    text.push_back(alphabet[group >> 18]);
    text.push_back(alphabet[(group >> 12) & 63]);
    text.push_back(have > 1 ? alphabet[(group >> 6) & 63] : '=');
    text.push_back(have > 2 ? alphabet[group & 63] : '=');
  }
  return text;
}

}  // namespace

std::string encode_histogram(const histogram& source) {
  std::vector<std::uint8_t> payload;
  const std::uint32_t used = source.used_buckets();
  for (std::uint32_t i = 0; i < used;) {
    if (source.count_at(i) != 0) {
      put_zigzag(payload, static_cast<std::int64_t>(source.count_at(i++)));
      continue;
    }
    const std::uint32_t first = i;
    while (i < used && source.count_at(i) == 0)
      ++i;
    const std::uint32_t zeros = i - first;
    put_zigzag(payload, zeros == 1 ? 0 : -static_cast<std::int64_t>(zeros));
  }
  std::vector<std::uint8_t> inner;
  inner.reserve(inner_header_bytes + payload.size());
  put(inner, inner_cookie, 4);
  put(inner, payload.size(), 4);
  put(inner, 0, 4);
  put(inner, histogram::significant_digits, 4);
  put(inner, histogram::lowest_ns, 8);
  put(inner, histogram::highest_ns, 8);
  put(inner, std::bit_cast<std::uint64_t>(1.0), 8);
  inner.insert(inner.end(), payload.begin(), payload.end());

  uLongf length = compressBound(inner.size());
  std::vector<std::uint8_t> packed(length);
  const int status = compress2(packed.data(), &length, inner.data(), inner.size(), 6);
  check(status == Z_OK, "zlib compresses into a buffer of compressBound()", status);
  std::vector<std::uint8_t> outer;
  outer.reserve(outer_header_bytes + length);
  put(outer, outer_cookie, 4);
  put(outer, length, 4);
  outer.insert(outer.end(), packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(length));
  return to_base64(outer);
}

}  // namespace tailrace::load
