// SPDX-License-Identifier: MIT
// The contestants that this machine has: executables `tailrace-target-<id>` in the folders given
// and beside this program, asked with `describe`. One that is absent, broken or unsupported here is
// an entry with a cause and a remedy, never an error. Main thread only (starts children).
#pragma once

#include <map>
#include <string>
#include <vector>

namespace tailrace::campaign {

struct contestant {
  std::string id;
  bool available = false;
  std::string cause;
  std::string remedy;
  std::string path;    // empty: no executable
  std::string digest;  // of the executable, to know another build on resume
  std::string family = "unknown";
  std::string backend;
  std::string summary;
  std::vector<std::string> workloads;
  std::vector<std::string> options;  // their names
  std::map<std::string, std::map<std::string, std::string>> forms;
  std::string describe_text;  // JSON, or empty
};

// Tells builds of one executable apart; not against an adversary.
std::string program_digest(const std::string& path);

// The folder of this program, then `extra` (later ones win).
std::vector<std::string> target_folders(const std::string& extra);

// Every executable in the folders, by id.
std::map<std::string, contestant> find_contestants(const std::vector<std::string>& folders);

// Ids of the peers in the folders: of those found, and of those that the build left a note on.
std::vector<std::string> peers_in(const std::vector<std::string>& folders,
                                  const std::map<std::string, contestant>& found);

// The one with this id, or an entry that says why there is none: where the build left a note in
// `tailrace-target-<id>.absent` beside the executables, in its words.
contestant contestant_or_missing(const std::map<std::string, contestant>& found,
                                 const std::string& id, const std::vector<std::string>& folders);

}  // namespace tailrace::campaign
