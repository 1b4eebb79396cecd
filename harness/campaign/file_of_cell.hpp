// SPDX-License-Identifier: MIT
// The stamped file of one cell: made where it is missing, brought into the page cache or out of it
// as the point says, and looked at before and after the work. What this machine cannot give is a
// refusal that says so (skipped). Main thread only.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/campaign/file_check.hpp"
#include "harness/campaign/profile.hpp"
#include "harness/files/stamped_file.hpp"
#include "harness/observe/thread_watch.hpp"

namespace tailrace::campaign {

class file_of_cell {
 public:
  file_of_cell(const std::filesystem::path& folder, const point& work);

  // What the target is given beside the point's own options.
  std::map<std::string, std::string> options() const;
  // Just before the work begins: the page cache as the point wants it, proven.
  void arrange();
  // Once the target is gone.
  void look_after(std::int64_t device_read_bytes);
  const file_evidence& evidence() const { return seen_; }
  nlohmann::json json(const observe::thread_peak& threads) const;

 private:
  files::stamped_file file_;
  std::string cache_;
  file_evidence seen_;
};

}  // namespace tailrace::campaign
