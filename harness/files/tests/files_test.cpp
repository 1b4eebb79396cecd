// SPDX-License-Identifier: MIT
// The stamped file and what is told about the page cache. The workload's own arithmetic is compared
// with the harness's here, because both were written from one text.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include "harness/files/residency.hpp"
#include "harness/files/stamped_file.hpp"
#include "harness/record/refusal.hpp"
#include "workloads/file_read.hpp"

namespace tailrace::files {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

class stamped_files : public testing::Test {
 protected:
  stamped_files() {
    std::string name = testing::TempDir() + "/tailrace-files-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~stamped_files() override { std::filesystem::remove_all(folder_); }

  stamped_file made(std::uint64_t bytes, std::uint64_t seed) {
    return have_stamped_file(folder_, bytes, seed);
  }

  std::filesystem::path folder_;
};

// Of one that is not to be had; empty where it is.
std::string cause_of_refusal(const std::filesystem::path& folder, std::uint64_t bytes) {
  try {
    have_stamped_file(folder, bytes, 1);
  } catch (const refusal& refused) {
    EXPECT_EQ(refused.exit_code(), refusal::unsupported);
    return refused.cause();
  }
  return "";
}

std::uint64_t stamp_read(const std::filesystem::path& path, std::uint64_t number) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(number * stamp_spacing));
  unsigned char bytes[8] = {};
  file.read(reinterpret_cast<char*>(bytes), sizeof bytes);
  std::uint64_t stamp = 0;
  for (int i = 7; i >= 0; --i)
    stamp = stamp << 8 | bytes[i];
  return stamp;
}

TEST_F(stamped_files, every_place_begins_with_its_stamp) {
  const stamped_file file = made(3 * mebibyte, 7);
  EXPECT_EQ(std::filesystem::file_size(file.path), 3 * mebibyte);
  for (std::uint64_t number = 0; number < 3 * mebibyte / stamp_spacing; ++number)
    ASSERT_EQ(stamp_read(file.path, number), stamp_at(7, number)) << number;
}

TEST_F(stamped_files, one_that_is_there_is_kept_and_one_that_is_wrong_is_made_again) {
  const stamped_file file = made(mebibyte, 1);
  const auto before = std::filesystem::last_write_time(file.path);
  EXPECT_EQ(made(mebibyte, 1).path, file.path);
  EXPECT_EQ(std::filesystem::last_write_time(file.path), before);
  std::filesystem::resize_file(file.path, 0);
  std::filesystem::resize_file(file.path, mebibyte);  // the right size, all zeros
  EXPECT_EQ(stamp_read(made(mebibyte, 1).path, 5), stamp_at(1, 5));
  EXPECT_NE(made(mebibyte, 2).path, file.path);
}

TEST_F(stamped_files, a_disk_is_never_filled) {
  const std::string cause = cause_of_refusal(folder_, std::uint64_t{1} << 60);
  EXPECT_NE(cause.find("are left alone"), std::string::npos) << cause;
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(stamped_files, a_folder_that_cannot_be_had_is_a_sentence) {
  const std::string cause = cause_of_refusal("/proc/tailrace", mebibyte);
  EXPECT_NE(cause.find("/proc/tailrace"), std::string::npos) << cause;
}

TEST(read_order, meets_every_block_once_before_any_comes_again) {
  for (const std::uint64_t blocks : {1U, 2U, 3U, 5U, 64U, 1000U, 4097U}) {
    std::set<std::uint64_t> met;
    for (std::uint64_t number = 0; number < blocks; ++number) {
      const std::uint64_t offset = offset_of_read(blocks * 8192, 8192, 42, number);
      EXPECT_EQ(offset % 8192, 0U);
      met.insert(offset / 8192);
    }
    EXPECT_EQ(met.size(), blocks);
    EXPECT_EQ(*met.rbegin(), blocks - 1);
    EXPECT_EQ(offset_of_read(blocks * 8192, 8192, 42, blocks),
              offset_of_read(blocks * 8192, 8192, 42, 0));
  }
}

TEST(read_order, is_no_sequence_that_a_kernel_would_read_ahead) {
  constexpr std::uint64_t blocks = 65536;
  std::uint64_t ahead = 0;
  std::set<std::uint64_t> strides;
  for (std::uint64_t number = 1; number < 1000; ++number) {
    const std::uint64_t before = offset_of_read(blocks * 4096, 4096, 1, number - 1);
    const std::uint64_t now = offset_of_read(blocks * 4096, 4096, 1, number);
    strides.insert(now - before);
    if (now > before && now - before < 32 * 4096) ++ahead;
  }
  EXPECT_GT(strides.size(), 500U);
  EXPECT_LT(ahead, 20U);
}

TEST(read_order, the_workload_has_the_same_from_the_same_text) {
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0} >> 1}) {
    for (const std::uint64_t blocks : {1U, 2U, 7U, 4096U, 5000U}) {
      const block_order order(blocks, seed);
      for (std::uint64_t number = 0; number < 2 * blocks; ++number)
        ASSERT_EQ(order.at(number) * 4096, offset_of_read(blocks * 4096, 4096, seed, number));
    }
    for (std::uint64_t number = 0; number < 1000; ++number)
      ASSERT_EQ(stamp_of(seed, number), stamp_at(seed, number));
  }
}

TEST(read_order, is_that_of_the_readme) {
  EXPECT_EQ(offset_of_read(1000 * 4096, 4096, 1, 0), 44U * 4096);
  EXPECT_EQ(offset_of_read(1000 * 4096, 4096, 1, 1), 515U * 4096);
  EXPECT_EQ(offset_of_read(1000 * 4096, 4096, 1, 2), 728U * 4096);
  EXPECT_EQ(stamp_at(1, 0), 2433363436U);
  EXPECT_EQ(stamp_at(1, 1), 3203108257U);
}

TEST(read_order, sums_are_those_of_the_reads) {
  const stamped_file file{"", 16 * 4096, 3};
  std::uint64_t sum = 0;
  for (std::uint64_t number = 0; number < 16; ++number)
    sum += stamp_at(3, number);
  EXPECT_EQ(sum_of_reads(file, 4096, 9, 16), sum);
  EXPECT_EQ(sum_of_reads(file, 8192, 9, 8), sum);
  EXPECT_EQ(sum_of_reads(file, 8192, 9, 16), 2 * sum);
}

// What the page cache does with a file is for the kernel to say; that both ways of asking agree,
// and that what is read is there, is for us.
TEST_F(stamped_files, both_ways_of_asking_for_residency_agree) {
  const stamped_file file = made(4 * mebibyte, 1);
  const auto warmed = warm(file.path);
  ASSERT_TRUE(warmed) << warmed.error();
  EXPECT_EQ(warmed->resident, warmed->pages);
  const auto asked = read_residency_by_mincore(file.path);
  ASSERT_TRUE(asked) << asked.error();
  EXPECT_EQ(asked->pages, warmed->pages);
  EXPECT_EQ(asked->resident, warmed->resident);
  EXPECT_EQ(asked->source, "mincore");
}

TEST_F(stamped_files, what_was_evicted_is_gone_and_what_is_read_then_is_there) {
  const stamped_file file = made(4 * mebibyte, 1);
  const auto evicted = evict(file.path);
  ASSERT_TRUE(evicted) << evicted.error();
  const std::string filesystem = place_of(file.path).filesystem;
  if (filesystem == "tmpfs" || filesystem == "ramfs")
    GTEST_SKIP() << filesystem << ", where temporary files are, keeps what it has";
  EXPECT_LT(evicted->share(), 0.05);
  const int fd = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
  char byte = 0;
  EXPECT_EQ(::pread(fd, &byte, 1, mebibyte), 1);
  ::close(fd);
  const auto after = read_residency(file.path);
  ASSERT_TRUE(after) << after.error();
  EXPECT_GT(after->resident, evicted->resident);
  EXPECT_LT(after->share(), 0.5);
}

TEST_F(stamped_files, tells_where_a_file_lies) {
  EXPECT_FALSE(place_of(folder_).filesystem.empty());
  EXPECT_TRUE(place_of(folder_ / "missing").filesystem.empty());
  EXPECT_FALSE(read_residency(folder_ / "missing"));
}

}  // namespace
}  // namespace tailrace::files
