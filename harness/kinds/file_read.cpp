// SPDX-License-Identifier: MIT
// Kind `file`: readers inside the target, each reading one block after the other of a stamped file
// that is in the page cache (warm), out of it (cold) or read past it (direct). The harness makes
// the file and brings the page cache into that state; where the reads came from is seen from
// outside.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "harness/campaign/table_reader.hpp"
#include "harness/files/residency.hpp"
#include "harness/files/stamped_file.hpp"
#include "harness/kinds/file_evidence.hpp"
#include "harness/kinds/in_process.hpp"
#include "harness/kinds/registry.hpp"
#include "harness/observe/thread_watch.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::kinds {
namespace {

using campaign::validity_check;
using nlohmann::json;

constexpr std::uint64_t stamp_seed = 1;
constexpr const char* other_folder = "give a folder on a disk's own file system with --files";

template <class Value>
Value or_skipped(std::expected<Value, std::string> found) {
  if (!found) throw refusal(found.error(), other_folder, refusal::unsupported);
  return std::move(*found);
}

// The stamped file of one cell.
class file_of_cell : public cell_surroundings {
 public:
  file_of_cell(const std::string& folder, std::int64_t mib, std::string cache)
      : file_(files::have_stamped_file(folder, static_cast<std::uint64_t>(mib) << 20, stamp_seed)),
        cache_(std::move(cache)) {}

  std::map<std::string, std::string> options() const override {
    return {{"file", file_.path.string()}, {"stamp_seed", std::to_string(file_.seed)}};
  }

  void before_start(int pid) override {
    if (cache_ == "warm") {
      warm();
    } else {
      evict();
    }
    threads_.emplace(pid);
  }

  void after_end(std::int64_t device_read_bytes, json& record) override {
    const observe::thread_peak threads = threads_->peak();
    seen_.after = or_skipped(files::read_residency(file_.path));
    seen_.device_read_bytes = device_read_bytes;
    const files::file_place place = files::place_of(file_.path);
    record["file"] = {{"cache", cache_},
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

  std::vector<validity_check> checks(const session::count_map& counts) const override {
    const auto bytes = counts.find("read_bytes");
    return file_checks(cache_, bytes == counts.end() ? 0 : bytes->second, seen_);
  }

 private:
  static json residency_json(const files::residency& found) {
    return {{"pages", found.pages}, {"resident", found.resident}, {"source", found.source}};
  }

  void warm() {
    seen_.before = or_skipped(files::warm(file_.path));
    if (seen_.before.resident >= seen_.before.pages) return;
    throw refusal(
        fmt::format("the page cache keeps {} of the {} pages of the file: memory is short",
                    seen_.before.resident, seen_.before.pages),
        "make the point's file_mib smaller than the memory that is free", refusal::unsupported);
  }

  void evict() {
    const files::residency left = or_skipped(files::evict(file_.path));
    const std::string filesystem = files::place_of(file_.path).filesystem;
    if (left.resident * 2 > left.pages) {
      throw refusal(fmt::format("{} keeps the file in memory: {} of {} pages stay after eviction",
                                filesystem, left.resident, left.pages),
                    other_folder, refusal::unsupported);
    }
    if (or_skipped(files::device_bytes_of_read(file_.path, cache_ == "direct")) == 0) {
      throw refusal(
          fmt::format("{}: the kernel accounts no device reads to a process that reads a {} file",
                      filesystem, cache_),
          other_folder, refusal::unsupported);
    }
    seen_.before = or_skipped(files::read_residency(file_.path));
  }

  files::stamped_file file_;
  std::string cache_;
  file_evidence seen_;
  std::optional<observe::thread_watch> threads_;
};

std::string size_text(std::int64_t bytes) {
  return bytes % (1 << 20) == 0 ? fmt::format("{}m", bytes >> 20) : fmt::format("{}k", bytes >> 10);
}

class file_reads : public work_in_process {
 public:
  file_reads(std::map<std::string, std::string> options, std::int64_t mib)
      : work_in_process(std::move(options)), mib_(mib) {}

  std::string derived_id() const override {
    return fmt::format("file-{}-{}-{}", option("cache"), size_text(number("block_bytes")),
                       option("concurrency"));
  }
  nlohmann::json json() const override {
    nlohmann::json object = work_in_process::json();
    object["file_mib"] = mib_;
    return object;
  }

 private:
  double work_s() const override { return static_cast<double>(number("duration_ms")) / 1000; }
  std::unique_ptr<cell_surroundings> surround(const campaign::cell_context& cell) const override {
    return std::make_unique<file_of_cell>(cell.setting.files_folder, mib_, option("cache"));
  }
  std::vector<std::string> faults(const session::result_event& result,
                                  std::uint64_t) const override {
    return file_faults(result, number("block_bytes"));
  }

  std::int64_t mib_;
};

std::shared_ptr<const campaign::point_work> read_file(const campaign::table_reader& in) {
  std::map<std::string, std::string> options;
  options["cache"] = in.choice("cache", campaign::needed, {"warm", "cold", "direct"});
  const std::int64_t block_bytes = in.integer("block_bytes", 4096, 4096, 1 << 20);
  if (block_bytes % 4096 != 0) in.refuse("block_bytes", "block_bytes must be a multiple of 4096");
  options["block_bytes"] = std::to_string(block_bytes);
  options["concurrency"] = std::to_string(in.integer("concurrency", 16, 1, 4096));
  options["duration_ms"] = fmt::format("{:.0f}", in.number("duration_s", 1, 0.05, 3600) * 1000);
  return std::make_shared<file_reads>(std::move(options), in.integer("file_mib", 256, 1, 1 << 20));
}

}  // namespace

const campaign::kind file = {"file", "file-read", read_file};

}  // namespace tailrace::kinds
