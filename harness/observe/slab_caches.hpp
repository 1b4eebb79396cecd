// SPDX-License-Identifier: MIT
// The kernel's slab caches by name: how many objects each has in use, and how large one is. Numbers
// of the whole machine, from /proc/slabinfo (root). Caches of one size and kind may be merged:
// slabinfo then lists one of the names only, and /sys/kernel/slab, which anybody may list, says by
// links which belong together, and by the link's own name how large an object is. Any thread; a few
// ms. Formats: slabinfo(5), Documentation/mm/slab.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tailrace::observe {

struct slab_row {
  std::int64_t active = 0;  // of the machine; of all merged caches together
  std::int64_t bytes = 0;   // an object takes up, its alignment included
};
using slab_rows = std::map<std::string, slab_row>;

// nullopt where it is no slabinfo of version 2; rows that make no sense are left out.
std::optional<slab_rows> parse_slabinfo(std::string_view text);

class slab_caches {
 public:
  // Tests give the root of another file tree.
  explicit slab_caches(const std::string& root = "");

  // Why no counts can be had, or empty. Sizes may still be known.
  const std::string& cause() const { return cause_; }
  // Reads the counts again. False where they cannot be had any more. What each CPU has in stock of
  // these caches counts as in use, so the kernel is asked to give it back before, where it may be.
  bool refresh(std::span<const char* const> caches);
  // nullopt where there is no cache of the name, or none in slabinfo that it is merged with.
  std::optional<slab_row> row(const std::string& name) const;
  // Bytes of an object: of slabinfo, else of the link, else of the cache's slab_size, which root
  // may read where slabinfo is hidden. nullopt where none says it.
  std::optional<double> object_bytes(const std::string& name) const;
  // False only where the list of caches can be read and does not have it.
  bool may_exist(const std::string& name) const { return links_.empty() || links_.contains(name); }

 private:
  void read_rows();

  std::string root_;
  std::string cause_;
  slab_rows rows_;
  std::map<std::string, std::string> links_;  // each cache, and what its link points to, or ""
};

}  // namespace tailrace::observe
