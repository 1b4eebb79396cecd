// SPDX-License-Identifier: MIT
// See object_sizes.hpp. Which come with which: net/socket.c (sock_alloc_file), fs/eventpoll.c
// (ep_insert, attach_epitem), io_uring/poll.c (io_arm_apoll), io_uring/net.c (io_msg_alloc_async),
// kernel/fork.c (copy_process), fs/file.c (alloc_fdtable).
#include "harness/observe/object_sizes.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>

namespace tailrace::observe {
namespace {

// Linux 6.18, x86-64, the configuration of a distribution.
const std::map<std::string, double> table = {
    {"TCP", 2368},
    {"TCPv6", 2496},
    {"UNIX", 1152},
    {"sock_inode_cache", 832},
    {"filp", 192},
    {"dentry", 192},
    {"io_kiocb", 256},
    {"eventpoll_epi", 128},
    {"eventpoll_pwq", 64},
    {"ep_head", 16},
    {"pid", 192},
    {"task_struct", 5888},
    {"vm_area_struct", 192},
    {"anon_vma", 104},
    {"maple_node", 256},
    {"anon_vma_chain", 64},
    {"lsm_file_cache", 24},
    {"lsm_inode_cache", 32},
    // By kmalloc, whose sizes leave room, so that kernels hardly differ.
    {"async_poll", 96},
    {"io_async_msghdr", 512}};

constexpr double areas_a_maple_node = 12;        // of 16 slots, as splits leave them
constexpr double table_slot_bytes = 8.0 + 0.25;  // a pointer and two bits

double count(std::int64_t value) {
  return static_cast<double>(value);
}

std::int64_t sockets_of(const kernel_objects& held) {
  return held.tcp + held.tcp6 + held.other_sockets;
}

// Linux 6.10 and later give each waiting message request its header at once.
bool has_message_headers() {
  utsname name{};
  int major = 0;
  int minor = 0;
  if (::uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return true;
  return major > 6 || (major == 6 && minor >= 10);
}

}  // namespace

std::span<const char* const> counted_caches() {
  static constexpr const char* names[] = {"TCP",  "TCPv6",    "UNIX",       "sock_inode_cache",
                                          "filp", "io_kiocb", "task_struct"};
  return names;
}

double kernel_stack_bytes() {
  static const double bytes = std::max<double>(16384, static_cast<double>(::sysconf(_SC_PAGESIZE)));
  return bytes;
}

const char* size_source_name(size_source source) {
  switch (source) {
    case size_source::slabs:
      return "slabinfo";
    case size_source::types:
      return "btf";
    case size_source::table:
      return "table";
  }
  return "table";
}

object_sizes::object_sizes(const slab_caches& slabs, const typed_caches& types, bool has_table)
    : slabs_(slabs), types_(types), has_table_(has_table) {}

double object_sizes::of(const std::string& cache) const {
  if (const auto bytes = slabs_.object_bytes(cache)) return *bytes;
  return slabs_.may_exist(cache) ? without_slabs(cache) : 0;
}

double object_sizes::without_slabs(const std::string& cache) const {
  if (const auto bytes = types_.object_bytes(cache)) {
    source_ = std::max(source_, size_source::types);
    return count(*bytes);
  }
  const auto found = table.find(cache);
  if (has_table_ && found != table.end()) {
    source_ = size_source::table;
    return found->second;
  }
  missing_ = cache;
  return 0;
}

double object_sizes::times(std::int64_t held, const std::string& cache) const {
  return held == 0 ? 0 : count(held) * of(cache);
}

double object_sizes::ring_extras(const ring_requests& ring) const {
  static const bool headers = has_message_headers();
  if (ring.all == 0) return 0;
  const double polls = count(ring.all) * without_slabs("async_poll");
  if (!headers || ring.messages == 0) return polls;
  return polls + count(ring.messages) * without_slabs("io_async_msghdr");
}

// What would drown in machine-wide numbers: caches that every process fills, and those that are
// merged with other things of the same size (epoll items with the ports of clients, say).
double object_sizes::of_process(const kernel_objects& held) const {
  double sum = count(held.table_slots) * table_slot_bytes + ring_extras(held.ring) +
               times(held.areas, "vm_area_struct") +
               times(held.areas, "maple_node") / areas_a_maple_node;
  for (const char* of_thread : {"pid", "anon_vma", "anon_vma_chain"})  // its stack is touched
    sum += times(held.threads, of_thread);
  for (const char* of_item : {"eventpoll_epi", "eventpoll_pwq", "ep_head"})
    sum += times(held.epoll_items, of_item);
  return sum;
}

// Security modules mark each file, and the inode of each socket.
double object_sizes::marks(const kernel_objects& held) const {
  return times(sockets_of(held), "lsm_inode_cache") + times(held.descriptors, "lsm_file_cache");
}

object_bytes object_sizes::computed(const kernel_objects& held) const {
  const std::int64_t sockets = sockets_of(held);
  object_bytes sum;
  sum.stacks = count(held.threads) * kernel_stack_bytes();
  sum.page_tables = count(held.page_table_bytes);
  sum.buffers = count(held.buffer_bytes);
  sum.others = of_process(held) + marks(held) + times(held.threads, "task_struct") +
               times(held.tcp, "TCP") + times(held.tcp6, "TCPv6") +
               times(held.other_sockets, "UNIX") + times(sockets, "sock_inode_cache") +
               times(sockets, "dentry") + times(held.descriptors, "filp") +
               times(held.ring.all, "io_kiocb");
  return sum;
}

std::optional<object_bytes> object_sizes::from_slabs(const kernel_objects& target,
                                                     const kernel_objects& client) const {
  object_bytes sum;
  bool whole = true;
  // Each object of the cache comes with `with` more bytes in caches that the machine fills too.
  const auto add = [&](const char* cache, std::int64_t of_client, double with) {
    if (!slabs_.may_exist(cache)) return;
    const auto row = slabs_.row(cache);
    whole = whole && row;
    if (row) sum.others += count(row->active - of_client) * (count(row->bytes) + with);
  };
  add("TCP", client.tcp, 0);
  add("TCPv6", client.tcp6, 0);
  add("UNIX", client.other_sockets, 0);
  add("sock_inode_cache", sockets_of(client), of("dentry") + of("lsm_inode_cache"));
  add("filp", client.descriptors, of("lsm_file_cache"));
  add("io_kiocb", client.ring.all, 0);
  add("task_struct", client.threads, 0);
  sum.stacks = count(target.threads) * kernel_stack_bytes();
  sum.page_tables = count(target.page_table_bytes);
  sum.buffers = count(target.buffer_bytes);
  sum.others += of_process(target);
  if (!whole) return std::nullopt;
  return sum;
}

double object_sizes::uncharged(const kernel_objects& held, bool accepted_are_charged) const {
  const double accepted =
      accepted_are_charged ? 0 : times(held.tcp, "TCP") + times(held.tcp6, "TCPv6");
  return ring_extras(held.ring) + marks(held) + accepted;
}

}  // namespace tailrace::observe
