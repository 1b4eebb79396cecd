// SPDX-License-Identifier: MIT
// `tailrace file`: makes or finds the stamped file outside of a campaign, brings it into the page
// cache or out of it where asked, and prints one JSON object about it. See commands.hpp.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/cli/commands.hpp"
#include "harness/files/residency.hpp"
#include "harness/files/stamped_file.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::cli {

int file_command(int argc, char** argv) {
  CLI::App app("Makes the file that the workload file-read reads.", "tailrace file");
  std::string folder = "results/.files";
  std::uint32_t mib = 256;
  std::uint64_t stamp_seed = 1;
  std::string cache;
  app.add_option("--folder", folder, "where it is kept")->capture_default_str();
  app.add_option("--mib", mib, "its size")->capture_default_str()->check(CLI::Range(1U, 1U << 20));
  app.add_option("--stamp-seed", stamp_seed, "of its stamps")->capture_default_str();
  app.add_option("--cache", cache, "warm: bring it into the page cache; cold: drop it")
      ->check(CLI::IsMember({"warm", "cold"}));
  if (const auto code = parse(app, argc, argv)) return *code;

  const files::stamped_file file = files::have_stamped_file(std::filesystem::absolute(folder),
                                                            std::uint64_t{mib} << 20, stamp_seed);
  const auto cached = cache == "warm"   ? files::warm(file.path)
                      : cache == "cold" ? files::evict(file.path)
                                        : files::read_residency(file.path);
  if (!cached) throw refusal(cached.error());
  const files::file_place place = files::place_of(file.path);
  const nlohmann::json object = {{"path", file.path.string()},   {"bytes", file.bytes},
                                 {"stamp_seed", file.seed},      {"filesystem", place.filesystem},
                                 {"device", place.device},       {"pages", cached->pages},
                                 {"resident", cached->resident}, {"source", cached->source}};
  fmt::print("{}\n", object.dump());
  return 0;
}

}  // namespace tailrace::cli
