// SPDX-License-Identifier: MIT
// See histogram_codec.hpp. Layout, all big-endian:
//   outer   cookie 0x1c849314 (4), compressed length (4), zlib stream of the inner
//   inner   cookie 0x1c849313 (4), payload length (4), normalizing offset (4), digits (4), lowest
//   (8), highest (8),
//           conversion ratio as double (8), payload
//   payload ZigZag LEB128 (at most 9 bytes, the ninth carries 8 bits): a count, or minus the length
//   of a run of zeros
#include "harness/load/histogram_codec.hpp"

#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "harness/load/base64.hpp"
#include "harness/load/bug_check.hpp"

namespace tailrace::load {
namespace {

constexpr std::uint32_t inner_cookie = 0x1c849303 | 0x10;
constexpr std::uint32_t outer_cookie = 0x1c849304 | 0x10;
constexpr std::uint32_t cookie_mask =
    0xffffff0f;  // bits 4..7 carry the word size, which V2 ignores
constexpr std::size_t inner_header_bytes = 40;
constexpr std::size_t outer_header_bytes = 8;
constexpr std::size_t payload_bytes_max = 16U << 20;

void put(std::vector<std::uint8_t>& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint64_t get(std::span<const std::uint8_t> in, std::size_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value = (value << 8) | in[at + i];
  return value;
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

std::optional<std::int64_t> take_zigzag(std::span<const std::uint8_t>& in) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 9; ++i) {
    if (i >= in.size()) return std::nullopt;
    const std::uint64_t byte = in[i];
    value |= (i == 8 ? byte : byte & 0x7f) << (7 * i);
    if (i == 8 || byte < 0x80) {
      in = in.subspan(i + 1);
      return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
    }
  }
  return std::nullopt;
}

decoded_histogram refuse(const char* why) {
  return {std::nullopt, std::string("not a readable HdrHistogram V2 text: ") + why};
}

// The value range of any HdrHistogram of 0 to 5 digits; ours is {1, 3.6e12, 3}.
struct geometry {
  int unit_bits = 0;
  int half_bits = 10;
  std::uint64_t indices = histogram::bucket_count;

  [[nodiscard]] std::uint64_t middle_of(std::uint64_t index) const {
    const std::uint64_t half = std::uint64_t{1} << half_bits;
    const std::uint64_t power = index < 2 * half ? 0 : (index >> half_bits) - 1;
    const int shift = static_cast<int>(power) + unit_bits;
    const std::uint64_t low = (index - power * half) << shift;
    return low + ((std::uint64_t{1} << shift) >> 1);
  }
};

std::optional<geometry> read_geometry(std::span<const std::uint8_t> inner) {
  const std::uint64_t digits = get(inner, 12, 4);
  const std::uint64_t lowest = get(inner, 16, 8);
  const std::uint64_t highest = get(inner, 24, 8);
  if (digits > 5 || lowest < 1 || highest > (std::uint64_t{1} << 62)) return std::nullopt;
  if (lowest > highest / 2) return std::nullopt;
  std::uint64_t resolution = 2;
  for (std::uint64_t i = 0; i < digits; ++i)
    resolution *= 10;
  geometry found;
  found.unit_bits = static_cast<int>(std::bit_width(lowest)) - 1;
  found.half_bits = static_cast<int>(std::bit_width(resolution - 1)) - 1;
  if (found.unit_bits + found.half_bits + 1 > 61) return std::nullopt;
  std::uint64_t reach = std::uint64_t{2} << (found.half_bits + found.unit_bits);
  std::uint64_t powers = 1;
  for (; reach <= highest && reach < (std::uint64_t{1} << 62); reach <<= 1)
    ++powers;
  found.indices = (powers + 1) << found.half_bits;
  return found;
}

decoded_histogram read_counts(std::span<const std::uint8_t> payload, const geometry& from) {
  decoded_histogram result{histogram(), {}};
  std::uint64_t index = 0;
  std::uint64_t total = 0;
  while (!payload.empty()) {
    const auto number = take_zigzag(payload);
    if (!number) return refuse("a count is cut off");
    if (*number < 0) {
      const std::uint64_t run = ~static_cast<std::uint64_t>(*number) + 1;
      if (run > from.indices - index) return refuse("a run of zeros leaves the histogram");
      index += run;
      continue;
    }
    if (index >= from.indices) return refuse("more counts than its header allows");
    const auto count = static_cast<std::uint64_t>(*number);
    if (count > INT64_MAX - total) return refuse("its counts overflow");
    total += count;
    const std::uint64_t middle = from.middle_of(index++);
    constexpr auto highest = static_cast<std::uint64_t>(histogram::highest_ns);
    const auto value = static_cast<std::int64_t>(middle < highest ? middle : highest);
    result.value->add_to_bucket(histogram::index_of(value), count);
  }
  return result;
}

std::optional<std::vector<std::uint8_t>> inflate_bounded(std::span<const std::uint8_t> in) {
  std::vector<std::uint8_t> out(64 << 10);
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return std::nullopt;
  stream.next_in = const_cast<Bytef*>(in.data());  // zlib's interface; it only reads
  stream.avail_in = static_cast<uInt>(in.size());
  int status = Z_OK;
  while (status == Z_OK) {
    if (stream.total_out == out.size()) {
      if (out.size() >= payload_bytes_max) break;
      out.resize(out.size() * 4);
    }
    stream.next_out = out.data() + stream.total_out;
    stream.avail_out = static_cast<uInt>(out.size() - stream.total_out);
    status = inflate(&stream, Z_NO_FLUSH);
  }
  const bool whole = status == Z_STREAM_END && stream.avail_in == 0;
  out.resize(stream.total_out);
  inflateEnd(&stream);
  if (!whole) return std::nullopt;
  return out;
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

decoded_histogram decode_histogram(std::string_view text) {
  if (text.size() > histogram_text_bytes_max) return refuse("it is longer than 4 MiB");
  const auto outer = from_base64(text);
  if (!outer) return refuse("it is not base64");
  if (outer->size() < outer_header_bytes) return refuse("it is cut off");
  const std::span<const std::uint8_t> bytes(*outer);
  if ((get(bytes, 0, 4) & cookie_mask) != (outer_cookie & cookie_mask))
    return refuse("its first bytes are not those of the compressed V2 form");
  if (get(bytes, 4, 4) != bytes.size() - outer_header_bytes)
    return refuse("its length field and its length differ");
  const auto inner = inflate_bounded(bytes.subspan(outer_header_bytes));
  if (!inner) return refuse("its zlib part is damaged or larger than 16 MiB");
  if (inner->size() < inner_header_bytes) return refuse("its header is cut off");
  const std::span<const std::uint8_t> unpacked(*inner);
  if ((get(unpacked, 0, 4) & cookie_mask) != (inner_cookie & cookie_mask))
    return refuse("its inner form is not V2");
  if (get(unpacked, 4, 4) != unpacked.size() - inner_header_bytes)
    return refuse("its payload length and its payload differ");
  if (get(unpacked, 8, 4) != 0) return refuse("a normalizing offset is not supported");
  const auto from = read_geometry(unpacked);
  if (!from) return refuse("its digits or range are out of bounds");
  return read_counts(unpacked.subspan(inner_header_bytes), *from);
}

}  // namespace tailrace::load
