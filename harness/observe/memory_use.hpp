// SPDX-License-Identifier: MIT
// How much memory a target holds at one moment, user and kernel apart.
// User: private pages (clean and dirty) less those it has given back lazily (MADV_FREE). Equal to
// the proportional set size for anonymous memory and io_uring rings, but does not move when an
// unrelated process maps or unmaps the same shared library; the proportional size is in the parts.
// Kernel, best source first, and the meter says which:
//   cgroup-v2, cgroup-v1  what is charged to a cgroup of the target's own, and what is known not to
//                         be charged (object_sizes.hpp), counted
//   computed              the target's objects, counted, times their sizes
//   slab                  only where asked for, as a check of the others: machine-wide objects in
//                         use, less the client's, and the target's own stacks, page tables and
//                         buffers; needs /proc/slabinfo (root)
//   none                  a part of it is not known: no number, and a cause
// Levels of a number of things are meant to be compared: what the machine holds anyway is in them.
// Single-threaded callers only (fork).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/observe/object_sizes.hpp"
#include "harness/observe/slab_caches.hpp"
#include "harness/observe/target_cgroup.hpp"

namespace tailrace::observe {

enum class memory_source { cgroup_v2, cgroup_v1, slab, computed, none };
const char* memory_source_name(memory_source source);

struct memory_reading {
  double user_bytes = 0;
  std::optional<double> kernel_bytes;
  std::string kernel_cause;  // why there are none
  std::map<std::string, double> parts;
};

// The user bytes alone. nullopt once the process is gone.
std::optional<double> read_user_bytes(int pid);

// Whom to leave out, and what must be found.
struct reading_context {
  int client_pid = 0;        // its objects are the client's half; 0: none
  std::int64_t sockets = 0;  // TCP connections that the target holds
};

class memory_meter {
 public:
  // Chooses the best source among the allowed; all of them where the list is empty.
  explicit memory_meter(const std::vector<memory_source>& allowed = {});

  memory_source source() const { return source_; }
  const std::string& cause() const { return cause_; }  // why not a better source, or empty
  // size_source_name() of the worst of the sizes until now.
  std::string size_source() const;
  // With a cgroup: whether accepted TCP sockets are charged to it; else nullopt.
  std::optional<bool> charges_accepted() const { return charges_accepted_; }
  std::string join_path() const { return group_ ? group_->join_path() : ""; }
  double settle_s() const { return group_ ? group_->settle_s() : 0.0; }
  // nullopt once the process is gone.
  std::optional<memory_reading> read(int pid, const reading_context& context = {});

 private:
  void read_kernel(int pid, const reading_context& context, memory_reading& into);
  // By the source; nullopt with a cause where it cannot be read.
  std::optional<object_bytes> sum_up(const kernel_objects& target, const kernel_objects& client,
                                     std::string& cause);
  double uncharged(const kernel_objects& held) const;

  std::optional<target_cgroup> group_;
  slab_caches slabs_;
  typed_caches types_;
  object_sizes sizes_{slabs_, types_};
  memory_source source_ = memory_source::none;
  std::string cause_;
  std::optional<bool> charges_accepted_;
};

}  // namespace tailrace::observe
