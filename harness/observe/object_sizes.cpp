// SPDX-License-Identifier: MIT
// See object_sizes.hpp. Which come with which: net/socket.c (sock_alloc_file), fs/eventpoll.c
// (ep_insert, attach_epitem), io_uring/poll.c (io_arm_apoll), io_uring/net.c (io_msg_alloc_async),
// kernel/fork.c (copy_process), fs/file.c (alloc_fdtable).
#include "harness/observe/object_sizes.hpp"

#include <sys/utsname.h>

#include <cstdio>
#include <map>

namespace tailrace::observe {
namespace {

// Linux 6.18, x86-64, the configuration of a distribution.
const std::map<std::string, double> table = {
    {"TCP", 2368},           {"TCPv6", 2496},        {"UNIX", 1152},      {"sock_inode_cache", 832},
    {"filp", 192},           {"dentry", 192},        {"io_kiocb", 256},   {"eventpoll_epi", 128},
    {"eventpoll_pwq", 64},   {"ep_head", 16},        {"pid", 192},        {"task_struct", 5888},
    {"vm_area_struct", 192}, {"anon_vma", 104},      {"maple_node", 256}, {"anon_vma_chain", 64},
    {"lsm_file_cache", 24},  {"lsm_inode_cache", 32}};

constexpr double areas_a_maple_node = 12;        // of 16 slots, as splits leave them
constexpr double table_slot_bytes = 8.0 + 0.25;  // a pointer and two bits
constexpr double poll_bytes = 96;                // struct async_poll, by kmalloc
constexpr double message_header_bytes = 512;     // struct io_async_msghdr, by kmalloc

double count(std::int64_t value) {
  return static_cast<double>(value);
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

double object_sizes::of(const std::string& cache) const {
  if (const auto bytes = slabs_.object_bytes(cache)) return *bytes;
  if (!slabs_.may_exist(cache)) return 0;
  from_table_ = true;
  const auto found = table.find(cache);
  return found == table.end() ? 0 : found->second;
}

double object_sizes::ring_extras(const ring_requests& ring) const {
  static const bool headers = has_message_headers();
  return count(ring.all) * poll_bytes + (headers ? count(ring.messages) * message_header_bytes : 0);
}

// What would drown in machine-wide numbers: caches that every process fills, and those that are
// merged with other things of the same size (epoll items with the ports of clients, say).
double object_sizes::of_process(const kernel_objects& held) const {
  const double area = of("vm_area_struct") + of("maple_node") / areas_a_maple_node;
  const double thread = of("pid") + of("anon_vma") + of("anon_vma_chain");  // its stack is touched
  const double item = of("eventpoll_epi") + of("eventpoll_pwq") + of("ep_head");
  return count(held.areas) * area + count(held.threads) * thread + count(held.epoll_items) * item +
         count(held.table_slots) * table_slot_bytes + ring_extras(held.ring);
}

object_bytes object_sizes::computed(const kernel_objects& held) const {
  const double sockets = count(held.tcp + held.tcp6 + held.other_sockets);
  object_bytes sum;
  sum.stacks = count(held.threads) * kernel_stack_bytes;
  sum.page_tables = count(held.page_table_bytes);
  sum.buffers = count(held.buffer_bytes);
  sum.others = of_process(held) + count(held.threads) * of("task_struct") +
               count(held.tcp) * of("TCP") + count(held.tcp6) * of("TCPv6") +
               count(held.other_sockets) * of("UNIX") +
               sockets * (of("sock_inode_cache") + of("dentry") + of("lsm_inode_cache")) +
               count(held.descriptors) * (of("filp") + of("lsm_file_cache"));
  if (held.ring.all > 0) sum.others += count(held.ring.all) * of("io_kiocb");
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
  add("sock_inode_cache", client.tcp + client.tcp6 + client.other_sockets,
      of("dentry") + of("lsm_inode_cache"));
  add("filp", client.descriptors, of("lsm_file_cache"));
  add("io_kiocb", client.ring.all, 0);
  add("task_struct", client.threads, 0);
  sum.stacks = count(target.threads) * kernel_stack_bytes;
  sum.page_tables = count(target.page_table_bytes);
  sum.buffers = count(target.buffer_bytes);
  sum.others += of_process(target);
  if (!whole) return std::nullopt;
  return sum;
}

double object_sizes::uncharged(const kernel_objects& held, bool accepted_are_charged) const {
  const double sockets = count(held.tcp + held.tcp6 + held.other_sockets);
  const double marks =
      sockets * of("lsm_inode_cache") + count(held.descriptors) * of("lsm_file_cache");
  const double accepted =
      accepted_are_charged ? 0 : count(held.tcp) * of("TCP") + count(held.tcp6) * of("TCPv6");
  return ring_extras(held.ring) + marks + accepted;
}

}  // namespace tailrace::observe
