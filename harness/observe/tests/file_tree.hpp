// SPDX-License-Identifier: MIT
// A tree of files in place of that of the machine, removed with the object.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tailrace::observe {

class file_tree {
 public:
  file_tree() {
    char name[] = "/tmp/tailrace-tree-XXXXXX";
    root_ = ::mkdtemp(name);
  }
  ~file_tree() { std::filesystem::remove_all(root_); }
  file_tree(const file_tree&) = delete;
  file_tree& operator=(const file_tree&) = delete;

  const std::string& root() const { return root_; }
  // path: from the root, such as /proc/loadavg; its folders are made.
  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path whole = root_ + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }
  // In v2 this process is in the cgroup `own`; `from`: which one is mounted.
  void own_cgroup_v2(const std::string& own, const std::string& from = "/") const {
    write("/proc/self/cgroup", "0::" + own + "\n");
    write("/proc/self/mountinfo", "22 1 0:21 / /proc rw - proc proc rw\n30 22 0:27 " + from +
                                      " /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n");
  }

 private:
  std::string root_;
};

}  // namespace tailrace::observe
