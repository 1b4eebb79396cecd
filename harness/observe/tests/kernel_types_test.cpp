// SPDX-License-Identifier: MIT
// Sizes from a kernel's type information: a made-up one, hostile ones, and that of this machine
// beside its slabinfo.
#include "harness/observe/kernel_types.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "harness/observe/kernel_objects.hpp"
#include "harness/observe/object_sizes.hpp"
#include "harness/observe/slab_caches.hpp"
#include "harness/observe/tests/file_tree.hpp"
#include "harness/observe/tests/type_blob.hpp"
#include "harness/observe/typed_caches.hpp"

namespace tailrace::observe {
namespace {

constexpr const char* wanted[] = {"file", "tcp_sock", "fpregs_state", "pid"};
constexpr const char* vmlinux = "/sys/kernel/btf/vmlinux";

// As a kernel of 6.18 has them, among kinds of all shapes.
type_blob a_kernel() {
  type_blob blob;
  blob.add(type_blob::integer, "int", 4, 0, 0, 4)
      .a_struct("file", 184, 20)
      .add(type_blob::function_type, "", 1, 2, 8)
      .a_struct("tcp_sock", 2304)
      .add(type_blob::enum64, "file", 8, 4)  // no struct
      .add(type_blob::union_, "fpregs_state", 4096, 5)
      .a_struct("dentry", 192)
      .a_struct("socket_alloc", 768)
      .a_struct("anon_vma", 96)
      .a_struct("epitem", 120)
      .a_struct("epitems_head", 16)
      .a_struct("io_kiocb", 248)
      .a_struct("async_poll", 72)
      .a_struct("io_async_msghdr", 296)
      .a_struct("task_struct", 3264)
      .a_struct("thread_struct", 152)
      .a_struct("fpu", 4224);
  return blob;
}

TEST(kernel_types, structs_and_unions_are_found_by_name) {
  const auto found = sizes_in_btf(a_kernel().bytes(), wanted);
  EXPECT_EQ(found.cause, "");
  EXPECT_EQ(found.sizes, (type_sizes{{"file", 184}, {"tcp_sock", 2304}, {"fpregs_state", 4096}}));
}

TEST(kernel_types, a_name_with_two_sizes_is_left_out) {
  type_blob blob;
  blob.a_struct("file", 184).a_struct("pid", 144).a_struct("file", 232).a_struct("pid", 144);
  EXPECT_EQ(sizes_in_btf(blob.bytes(), wanted).sizes, (type_sizes{{"pid", 144}}));
}

TEST(kernel_types, sizes_that_nothing_has_are_left_out) {
  type_blob blob;
  blob.a_struct("file", 0).a_struct("pid", 0xFFFFFFFF).a_struct("tcp_sock", 2304);
  EXPECT_EQ(sizes_in_btf(blob.bytes(), wanted).sizes, (type_sizes{{"tcp_sock", 2304}}));
}

TEST(kernel_types, what_is_cut_is_not_believed) {
  const auto whole = a_kernel().bytes();
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const auto found = sizes_in_btf(std::span(whole).first(bytes), wanted);
    EXPECT_NE(found.cause, "") << bytes;
    EXPECT_TRUE(found.sizes.empty()) << bytes;
  }
}

TEST(kernel_types, other_formats_are_refused) {
  auto blob = a_kernel().bytes();
  for (const std::size_t at : {0U, 1U, 2U}) {  // magic, of the other byte order too; version
    auto changed = blob;
    changed[at] ^= std::byte{0x55};
    EXPECT_NE(sizes_in_btf(changed, wanted).cause, "") << at;
  }
  type_blob unknown = a_kernel();
  unknown.add(static_cast<type_blob::kind>(20), "later", 4);
  EXPECT_NE(sizes_in_btf(unknown.bytes(), wanted).cause.find("kind"), std::string::npos);
}

// Whatever the bytes say, what is read lies within them, and sizes are sane.
TEST(kernel_types, hostile_bytes_do_no_harm) {
  const auto whole = a_kernel().bytes();
  std::minstd_rand random(7);
  for (int round = 0; round < 20'000; ++round) {
    // A copy of its own, so that a sanitizer sees a step beyond its end.
    std::vector<std::byte> changed(whole.begin(), whole.end());
    for (unsigned left = 1 + random() % 4; left > 0; --left)
      changed[random() % changed.size()] = static_cast<std::byte>(random());
    if (random() % 4 == 0) changed.resize(random() % changed.size());
    for (const auto& [name, bytes] : sizes_in_btf(changed, wanted).sizes) {
      EXPECT_GT(bytes, 0);
      EXPECT_LE(bytes, 1 << 22);
    }
  }
}

TEST(kernel_types, a_machine_without_them_says_which_file_is_missing) {
  const file_tree none;
  const kernel_types types(wanted, none.root());
  EXPECT_FALSE(types.bytes_of("file"));
  EXPECT_NE(types.cause().find(vmlinux), std::string::npos);
  none.write(vmlinux, "no such thing");
  EXPECT_NE(kernel_types(wanted, none.root()).cause().find(vmlinux), std::string::npos);
}

class caches : public ::testing::Test, protected file_tree {
 protected:
  caches() { write(vmlinux, a_kernel().text()); }
};

TEST_F(caches, take_up_what_alignment_and_the_free_pointer_add) {
  const typed_caches typed(root(), 2448);
  EXPECT_EQ(typed.object_bytes("TCP"), 2368);
  EXPECT_EQ(typed.object_bytes("sock_inode_cache"), 832);
  EXPECT_EQ(typed.object_bytes("filp"), 192);
  EXPECT_EQ(typed.object_bytes("dentry"), 192);
  EXPECT_EQ(typed.object_bytes("io_kiocb"), 256);
  EXPECT_EQ(typed.object_bytes("eventpoll_epi"), 128);
  EXPECT_EQ(typed.object_bytes("ep_head"), 16);
  EXPECT_EQ(typed.object_bytes("anon_vma"), 104);
  EXPECT_EQ(typed.object_bytes("async_poll"), 96);
  EXPECT_EQ(typed.object_bytes("io_async_msghdr"), 512);
  EXPECT_EQ(typed.object_bytes("task_struct"), 5888);
  EXPECT_EQ(typed.object_bytes("TCPv6"), std::nullopt);  // it has no tcp6_sock
  EXPECT_EQ(typed.object_bytes("no_such_cache"), std::nullopt);
}

// Before Linux 6.16 the room for all registers there may be is within task_struct.
TEST_F(caches, a_thread_has_the_registers_of_its_cpu) {
  type_blob blob;
  blob.a_struct("task_struct", 9792)
      .a_struct("thread_struct", 4416)
      .a_struct("fpu", 4224)
      .add(type_blob::union_, "fpregs_state", 4096);
  write(vmlinux, blob.text());
  EXPECT_EQ(typed_caches(root(), 832).object_bytes("task_struct"), 6528);
  EXPECT_EQ(typed_caches(root(), 0).object_bytes("task_struct"), 9792);  // no x86
}

TEST_F(caches, whoever_knows_a_size_best_is_asked_first) {
  kernel_objects held;
  held.tcp = 1;
  const slab_caches none(root());
  const typed_caches typed(root(), 2448);
  const object_sizes by_type(none, typed, false);
  EXPECT_EQ(by_type.computed(held).sum(), 2368 + 832 + 192 + 32);
  EXPECT_EQ(by_type.source(), size_source::types);
  EXPECT_EQ(by_type.missing(), "");
  write("/proc/slabinfo", "slabinfo - version: 2.1\nTCP 6 13 2048 13 8\n");
  const slab_caches slabs(root());
  EXPECT_EQ(object_sizes(slabs, typed, false).of("TCP"), 2048);
  EXPECT_EQ(object_sizes(slabs, typed, false).source(), size_source::slabs);
}

TEST_F(caches, without_types_the_table_is_used_where_it_is_of_such_a_machine) {
  kernel_objects held;
  held.tcp6 = 1;
  const slab_caches none(root());
  const typed_caches typed(root(), 2448);
  const object_sizes with_table(none, typed, true);
  EXPECT_GT(with_table.computed(held).sum(), 3000);
  EXPECT_EQ(with_table.source(), size_source::table);
  const object_sizes without(none, typed, false);
  without.computed(held);
  EXPECT_EQ(without.missing(), "TCPv6");
}

// What an ordinary user computes is what root reads.
TEST(kernel_types, agree_with_the_slabs_of_this_machine) {
  const slab_caches slabs;
  const typed_caches typed;
  if (!slabs.cause().empty()) GTEST_SKIP() << slabs.cause();
  if (!typed.cause().empty()) GTEST_SKIP() << typed.cause();
  int compared = 0;
  for (const char* cache :
       {"TCP", "TCPv6", "UNIX", "sock_inode_cache", "filp", "dentry", "io_kiocb", "eventpoll_epi",
        "eventpoll_pwq", "ep_head", "pid", "task_struct", "vm_area_struct", "anon_vma",
        "anon_vma_chain", "maple_node", "lsm_file_cache", "lsm_inode_cache"}) {
    const auto by_slab = slabs.object_bytes(cache);
    const auto by_type = typed.object_bytes(cache);
    if (!by_slab || !by_type) continue;
    ++compared;
    // Kernels make caches in ways of their own; an alignment is what that changes.
    EXPECT_NEAR(static_cast<double>(*by_type), *by_slab, std::max(64.0, 0.03 * *by_slab)) << cache;
  }
  EXPECT_GT(compared, 8);
}

}  // namespace
}  // namespace tailrace::observe
