// SPDX-License-Identifier: MIT
// See typed_caches.hpp.
#include "harness/observe/typed_caches.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#ifdef __x86_64__
#include <cpuid.h>
#endif

namespace tailrace::observe {
namespace {

constexpr std::int64_t line_bytes = 64;  // of a CPU's cache: x86-64, most of arm64
constexpr std::int64_t pointer_bytes = 8;

enum class made {
  plain,             // aligned to a pointer
  in_lines,          // SLAB_HWCACHE_ALIGN
  in_lines_outside,  // the same, the pointer behind: it has a constructor or is freed by RCU
  outside,           // plain, the pointer behind
  kmalloced,         // no cache of its own
};

struct rule {
  const char* cache;
  const char* type;
  made how;
};
constexpr rule rules[] = {
    {"TCP", "tcp_sock", made::in_lines_outside},
    {"TCPv6", "tcp6_sock", made::in_lines_outside},
    {"UNIX", "unix_sock", made::in_lines},
    {"sock_inode_cache", "socket_alloc", made::in_lines_outside},
    {"filp", "file", made::in_lines},
    {"dentry", "dentry", made::plain},
    {"io_kiocb", "io_kiocb", made::in_lines},
    {"eventpoll_epi", "epitem", made::in_lines},
    {"eventpoll_pwq", "eppoll_entry", made::plain},
    {"ep_head", "epitems_head", made::plain},
    {"pid", "pid", made::in_lines},
    {"vm_area_struct", "vm_area_struct", made::in_lines},
    {"anon_vma", "anon_vma", made::outside},
    {"anon_vma_chain", "anon_vma_chain", made::plain},
    {"maple_node", "maple_node", made::plain},
    {"async_poll", "async_poll", made::kmalloced},
    {"io_async_msghdr", "io_async_msghdr", made::kmalloced},
};

// Of what a task keeps beside.
constexpr const char* types_of_tasks[] = {"task_struct", "thread_struct", "fpu", "fpregs_state"};

constexpr auto types_needed = [] {
  std::array<const char*, std::size(rules) + std::size(types_of_tasks)> all{};
  const auto rest = std::ranges::transform(rules, all.begin(), &rule::type).out;
  std::ranges::copy(types_of_tasks, rest);
  return all;
}();

// No type has these: what a security module keeps at each file and inode.
constexpr std::int64_t file_mark_bytes = 24;
constexpr std::int64_t inode_mark_bytes = 32;

constexpr std::int64_t kmalloc_sizes[] = {8,   16,  32,   64,   96,   128, 192,
                                          256, 512, 1024, 2048, 4096, 8192};

std::int64_t rounded(std::int64_t bytes, std::int64_t to) {
  return (bytes + to - 1) / to * to;
}

// Small objects share a line as long as two fit.
std::int64_t line_for(std::int64_t bytes) {
  std::int64_t line = line_bytes;
  while (line > pointer_bytes && bytes <= line / 2)
    line /= 2;
  return line;
}

std::int64_t slab_bytes(std::int64_t type_bytes, made how) {
  const std::int64_t bytes = rounded(type_bytes, pointer_bytes);
  switch (how) {
    case made::plain:
      return bytes;
    case made::in_lines:
      return rounded(bytes, line_for(type_bytes));
    case made::in_lines_outside:
      return rounded(bytes + pointer_bytes, line_for(type_bytes));
    case made::outside:
      return bytes + pointer_bytes;
    case made::kmalloced: {
      const auto* const fits = std::ranges::lower_bound(kmalloc_sizes, type_bytes);
      return fits == std::end(kmalloc_sizes) ? rounded(type_bytes, 4096) : *fits;
    }
  }
  return bytes;
}

}  // namespace

std::int64_t register_state_bytes() {
#ifdef __x86_64__
  constexpr unsigned leaf = 0xD;
  constexpr unsigned compacts = 0b1010;  // XSAVEC, XSAVES
  constexpr unsigned tiles = 18;         // of AMX, which who uses it gets apart
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid_count(leaf, 1, &a, &b, &c, &d) == 0) return 512;  // FXSAVE
  if ((a & compacts) == 0) __get_cpuid_count(leaf, 0, &a, &b, &c, &d);
  const std::int64_t all = b;
  if (__get_cpuid_count(leaf, tiles, &a, &b, &c, &d) == 0) return all;
  const std::int64_t of_tiles = a;
  return all > of_tiles ? all - of_tiles : all;
#else
  return 0;
#endif
}

typed_caches::typed_caches(const std::string& root, std::int64_t register_state)
    : types_(types_needed, root), register_state_(register_state) {}

// x86-64: the structure, with Linux 6.16 and later a struct fpu behind it, before that within; in
// either the room for the registers is replaced by what this CPU needs.
std::optional<std::int64_t> typed_caches::task_bytes() const {
  const auto task = types_.bytes_of("task_struct");
  if (!task || register_state_ == 0) return task ? std::optional(rounded(*task, line_bytes)) : task;
  const auto thread = types_.bytes_of("thread_struct");
  const auto fpu = types_.bytes_of("fpu");
  const auto registers = types_.bytes_of("fpregs_state");
  if (!thread || !fpu || !registers) return std::nullopt;
  const std::int64_t behind = *thread >= *fpu ? 0 : *fpu;
  const std::int64_t bytes = *task + behind - *registers + register_state_;
  if (bytes <= 0) return std::nullopt;
  return rounded(bytes, line_bytes);
}

std::optional<std::int64_t> typed_caches::object_bytes(const std::string& cache) const {
  if (cache == "task_struct") return task_bytes();
  if (!cause().empty()) return std::nullopt;
  if (cache == "lsm_file_cache") return file_mark_bytes;
  if (cache == "lsm_inode_cache") return inode_mark_bytes;
  const auto* const found = std::ranges::find(rules, cache, &rule::cache);
  if (found == std::end(rules)) return std::nullopt;
  const auto bytes = types_.bytes_of(found->type);
  if (!bytes) return std::nullopt;
  return slab_bytes(*bytes, found->how);
}

}  // namespace tailrace::observe
