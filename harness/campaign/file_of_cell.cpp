// SPDX-License-Identifier: MIT
// See file_of_cell.hpp.
#include "harness/campaign/file_of_cell.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

constexpr std::uint64_t stamp_seed = 1;
constexpr const char* other_folder = "give a folder on a disk's own file system with --files";

files::residency or_skipped(std::expected<files::residency, std::string> found) {
  if (!found) {
    throw refusal("what the page cache has of the file cannot be told: " + found.error(),
                  other_folder, refusal::unsupported);
  }
  return std::move(*found);
}

nlohmann::json residency_json(const files::residency& found) {
  return {{"pages", found.pages}, {"resident", found.resident}, {"source", found.source}};
}

}  // namespace

file_of_cell::file_of_cell(const std::filesystem::path& folder, const point& work)
    : cache_(work.options.at("cache")) {
  auto file =
      files::have_stamped_file(folder, static_cast<std::uint64_t>(work.file_mib) << 20, stamp_seed);
  if (!file) throw refusal(file.error().cause, file.error().remedy, refusal::unsupported);
  file_ = std::move(*file);
}

std::map<std::string, std::string> file_of_cell::options() const {
  return {{"file", file_.path.string()}, {"stamp_seed", std::to_string(file_.seed)}};
}

void file_of_cell::arrange() {
  if (cache_ == "warm") {
    seen_.before = or_skipped(files::warm(file_.path));
    if (seen_.before.resident >= seen_.before.pages) return;
    throw refusal(
        fmt::format("the page cache keeps {} of the {} pages of the file: memory is short",
                    seen_.before.resident, seen_.before.pages),
        "make the point's file_mib smaller than the memory that is free", refusal::unsupported);
  }
  seen_.before = or_skipped(files::evict(file_.path));
  const std::string filesystem = files::place_of(file_.path).filesystem;
  if (seen_.before.resident * 2 > seen_.before.pages) {
    throw refusal(fmt::format("{} keeps the file in memory: {} of {} pages stay after eviction",
                              filesystem, seen_.before.resident, seen_.before.pages),
                  other_folder, refusal::unsupported);
  }
  const auto reached = files::device_bytes_of_read(file_.path, cache_ == "direct");
  if (!reached) throw refusal(reached.error(), other_folder, refusal::unsupported);
  if (*reached == 0) {
    throw refusal(
        fmt::format("{}: the kernel accounts no read from a device to who reads a {} file",
                    filesystem, cache_),
        other_folder, refusal::unsupported);
  }
  seen_.before = or_skipped(files::read_residency(file_.path));
}

void file_of_cell::look_after(std::int64_t device_read_bytes) {
  seen_.after = or_skipped(files::read_residency(file_.path));
  seen_.device_read_bytes = device_read_bytes;
}

nlohmann::json file_of_cell::json(const observe::thread_peak& threads) const {
  const files::file_place place = files::place_of(file_.path);
  return {{"cache", cache_},
          {"bytes", file_.bytes},
          {"stamp_seed", file_.seed},
          {"filesystem", place.filesystem},
          {"device", place.device},
          {"mount_options", place.mount_options},
          {"before", residency_json(seen_.before)},
          {"after", residency_json(seen_.after)},
          {"device_read_bytes", seen_.device_read_bytes},
          {"threads_peak", threads.threads},
          {"io_workers_peak", threads.io_workers}};
}

}  // namespace tailrace::campaign
