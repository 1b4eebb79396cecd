// SPDX-License-Identifier: MIT
// See http_answer.hpp. The framing is that of RFC 9112, sections 6 and 9.3, for answers to GET with
// a Content-Length.
#include "harness/load/http_answer.hpp"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace tailrace::load {
namespace {

constexpr std::size_t head_bytes_max = 64U << 10;
constexpr std::string_view head_end = "\r\n\r\n";

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") + 1 - from);
}

// Whether a list such as "keep-alive, Upgrade" has the word.
bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (same_word(trimmed(list.substr(0, comma)), word)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// How much of `next` belongs to a head of which `before` came, where its end is there: it may lie
// across both.
std::optional<std::size_t> rest_of_head(std::string_view before, std::string_view next) {
  constexpr std::size_t across_max = head_end.size() - 1;
  const std::string_view tail = before.substr(before.size() - std::min(before.size(), across_max));
  std::string seam(tail);
  seam += next.substr(0, across_max);
  const auto across = seam.find(head_end);
  if (across != seam.npos) return across + head_end.size() - tail.size();
  const auto end = next.find(head_end);
  if (end == next.npos) return std::nullopt;
  return end + head_end.size();
}

std::optional<std::size_t> to_length(std::string_view text) {
  std::size_t length = 0;
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, length);
  if (error != std::errc() || next != end) return std::nullopt;
  return length;
}

}  // namespace

http_head read_http_head(std::string_view text) {
  http_head found;
  auto line_end = std::min(text.find("\r\n"), text.size());
  found.status_line = text.substr(0, line_end);
  bool keeps = !found.status_line.starts_with("HTTP/1.0");
  bool chunked = false;
  while (line_end + 2 < text.size()) {
    text.remove_prefix(line_end + 2);
    line_end = std::min(text.find("\r\n"), text.size());
    const std::string_view line = text.substr(0, line_end);
    const auto colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(std::min(colon + 1, line.size())));
    if (same_word(name, "Content-Length")) found.body_bytes = to_length(value);
    if (same_word(name, "Transfer-Encoding")) chunked = true;
    if (!same_word(name, "Connection")) continue;
    if (lists(value, "keep-alive")) keeps = true;
    if (lists(value, "close")) keeps = false;
  }
  if (chunked) found.body_bytes.reset();
  found.closes = !keeps;
  return found;
}

http_reader::verdict http_reader::judge(std::string_view head) const {
  const http_head found = read_http_head(head);
  if (!found.body_bytes) return {};
  const http_shape& wanted = format_->http_answer();
  return {
      .body_bytes = *found.body_bytes,
      .right = found.status_line == wanted.status_line && *found.body_bytes == wanted.body_bytes,
      .closes = found.closes};
}

void http_reader::begin_body(http_progress& of, const verdict& found) noexcept {
  of.in_body = true;
  of.body_left = found.body_bytes;
  of.right = found.right;
  of.closes = found.closes;
}

std::size_t http_reader::take_head(http_progress& of, const char* in, std::size_t count) {
  if (of.head.empty() && !last_head_.empty() && count >= last_head_.size() &&
      std::memcmp(in, last_head_.data(), last_head_.size()) == 0) [[likely]] {
    begin_body(of, last_);
    return last_head_.size();
  }
  const std::string_view next(in, std::min(count, head_bytes_max - of.head.size()));
  const auto rest = rest_of_head(of.head, next);
  of.head.append(next.substr(0, rest.value_or(next.size())));
  if (rest) {
    last_head_ = of.head;
    last_ = judge(last_head_);
    begin_body(of, last_);
  } else if (of.head.size() == head_bytes_max) {
    begin_body(of, {});
  }
  return rest.value_or(next.size());
}

std::size_t http_reader::take(http_progress& of, const char* in, std::size_t count) {
  std::size_t taken = 0;
  if (!of.in_body) taken = take_head(of, in, count);
  if (!of.in_body) return taken;
  const std::size_t part = std::min(count - taken, of.body_left);
  of.body_left -= part;
  of.whole = of.body_left == 0;
  return taken + part;
}

}  // namespace tailrace::load
