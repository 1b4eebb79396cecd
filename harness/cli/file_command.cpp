// SPDX-License-Identifier: MIT
// `tailrace file`: the stamped file outside of a campaign. See commands.hpp.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/cli/commands.hpp"
#include "harness/files/residency.hpp"
#include "harness/files/stamped_file.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::cli {

int file_command(std::FILE* out, const file_options& options) {
  const auto file = files::have_stamped_file(std::filesystem::absolute(options.folder),
                                             std::uint64_t{options.mib} << 20, options.stamp_seed);
  if (!file) throw refusal(file.error().cause + ": " + file.error().remedy, refusal::failed);
  const auto cached = options.cache == "warm"   ? files::warm(file->path)
                      : options.cache == "cold" ? files::evict(file->path)
                                                : files::read_residency(file->path);
  if (!cached) throw refusal(cached.error(), refusal::failed);
  const files::file_place place = files::place_of(file->path);
  const nlohmann::json told = {{"path", file->path.string()},  {"bytes", file->bytes},
                               {"stamp_seed", file->seed},     {"filesystem", place.filesystem},
                               {"device", place.device},       {"pages", cached->pages},
                               {"resident", cached->resident}, {"source", cached->source}};
  fmt::print(out, "{}\n", told.dump());
  return 0;
}

}  // namespace tailrace::cli
