// SPDX-License-Identifier: MIT
// See file_point.hpp.
#include "harness/campaign/file_point.hpp"

#include <fmt/format.h>

namespace tailrace::campaign {
namespace {

std::string size_text(std::int64_t bytes) {
  return bytes % (1 << 20) == 0 ? fmt::format("{}m", bytes >> 20) : fmt::format("{}k", bytes >> 10);
}

}  // namespace

void read_file_keys(const table_reader& in, point& work) {
  in.allow_only({"id", "kind", "workload", "cache", "block_bytes", "concurrency", "duration_s",
                 "file_mib", "workers", "blocks", "forms"});
  if (!in.has("cache")) {
    in.refuse(in.node("kind"), "a file point needs cache, one of warm, cold, direct");
  }
  const std::int64_t block_bytes = in.integer("block_bytes", 4096, 4096, 1 << 20);
  if (block_bytes % 4096 != 0) {
    in.refuse(in.node("block_bytes"), "block_bytes must be a multiple of 4096");
  }
  const double duration_s = in.number("duration_s", 1, 0.05, 3600);
  work.options = {
      {"cache", in.choice("cache", "warm", {"warm", "cold", "direct"})},
      {"block_bytes", std::to_string(block_bytes)},
      {"concurrency", std::to_string(in.integer("concurrency", 16, 1, 4096))},
      {"duration_ms", fmt::format("{:.0f}", duration_s * 1000)},
  };
  work.file_mib = in.integer("file_mib", 256, 1, 1 << 20);
  work.workers = static_cast<int>(in.integer("workers", 0, 1, 1024));
}

std::string derived_file_id(const point& work) {
  return fmt::format("file-{}-{}-{}", work.options.at("cache"),
                     size_text(std::stoll(work.options.at("block_bytes"))),
                     work.options.at("concurrency"));
}

}  // namespace tailrace::campaign
