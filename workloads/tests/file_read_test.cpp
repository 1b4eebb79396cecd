// SPDX-License-Identifier: MIT
// The workload file-read on the local executor: what it counts when all goes well, when the file is
// not what it was said to be, and when it is stopped. (The order of the blocks and the stamps:
// harness/files/tests.)
#include "workloads/file_read.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "runtimes/local/runtime.hpp"

namespace tailrace {
namespace {

class file_reads : public testing::Test {
 protected:
  static constexpr std::uint64_t blocks = 64;

  file_reads() {
    std::string name = testing::TempDir() + "/tailrace-reads-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    rules_.path = folder_ / "file";
    rules_.file_bytes = blocks * stamped_bytes;
    rules_.readers = 5;
    rules_.reads = 100;
    std::ofstream file(rules_.path, std::ios::binary);
    std::string block(stamped_bytes, 'x');
    for (std::uint64_t number = 0; number < blocks; ++number) {
      const std::uint64_t stamp = stamp_of(rules_.stamp_seed, number);
      for (std::size_t i = 0; i < 8; ++i)
        block[i] = static_cast<char>(stamp >> (8 * i));
      file << block;
    }
  }
  ~file_reads() override { std::filesystem::remove_all(folder_); }

  void run(file_read_run& reads, std::uint64_t runtimes = 1) {
    for (std::uint64_t index = 0; index < runtimes; ++index) {
      local::runtime runtime;
      file_read_side<local::runtime> side(runtime, rules_, readers_of(rules_, index, runtimes));
      runtime.run(run_file_read<local::runtime>(runtime, reads, side, index, runtimes));
    }
  }

  static std::uint64_t sum(const file_read_run& reads, single_writer_counter file_reader::* count) {
    std::uint64_t all = 0;
    for (const auto& reader : reads.readers())
      all += (reader.*count).get();
    return all;
  }

  std::filesystem::path folder_;
  file_read_rules rules_;
};

TEST_F(file_reads, are_as_many_as_asked_for_and_find_what_has_to_be_there) {
  for (const std::uint64_t runtimes : {1U, 2U, 7U}) {
    file_read_run reads(rules_);
    run(reads, runtimes);
    EXPECT_EQ(sum(reads, &file_reader::reads), 100U);
    EXPECT_EQ(sum(reads, &file_reader::read_bytes), 100U * stamped_bytes);
    EXPECT_EQ(sum(reads, &file_reader::errors) + sum(reads, &file_reader::short_reads), 0U);
    EXPECT_EQ(sum(reads, &file_reader::stamp_sum), sum(reads, &file_reader::expected_sum));
    EXPECT_GT(sum(reads, &file_reader::stamp_sum), 0U);
    for (const file_reader& each : reads.readers()) {
      std::uint64_t timed = 0;
      for (const auto& [ns, count] : each.latency.pairs())
        timed += count;
      EXPECT_EQ(timed, 20U);
    }
  }
}

TEST_F(file_reads, of_a_cold_file_end_when_it_has_been_read_through) {
  rules_.cache = file_cache::cold;
  rules_.reads = 0;
  rules_.duration = std::chrono::hours(1);
  file_read_run reads(rules_);
  run(reads);
  EXPECT_EQ(sum(reads, &file_reader::reads), blocks);
  EXPECT_EQ(sum(reads, &file_reader::stamp_sum), sum(reads, &file_reader::expected_sum));
}

TEST_F(file_reads, by_time_end) {
  rules_.reads = 0;
  rules_.duration = std::chrono::milliseconds(20);
  file_read_run reads(rules_);
  reads.note_begin();
  run(reads);
  EXPECT_GE(reads.whole_ns(), 20'000'000U);
  EXPECT_GE(sum(reads, &file_reader::reads), rules_.readers);
}

TEST_F(file_reads, of_other_content_are_found_out) {
  rules_.stamp_seed = 2;
  file_read_run reads(rules_);
  run(reads);
  EXPECT_EQ(sum(reads, &file_reader::reads), 100U);
  EXPECT_NE(sum(reads, &file_reader::stamp_sum), sum(reads, &file_reader::expected_sum));
}

TEST_F(file_reads, beyond_the_end_are_counted_as_short) {
  std::filesystem::resize_file(rules_.path, 10 * stamped_bytes + 100);
  file_read_run reads(rules_);
  run(reads);
  EXPECT_EQ(sum(reads, &file_reader::reads), 100U);
  EXPECT_GT(sum(reads, &file_reader::short_reads), 50U);
  EXPECT_NE(sum(reads, &file_reader::stamp_sum), sum(reads, &file_reader::expected_sum));
}

TEST_F(file_reads, a_stop_ends_them) {
  rules_.reads = 0;
  rules_.duration = std::chrono::hours(1);
  file_read_run reads(rules_);
  local::runtime runtime;
  file_read_side<local::runtime> side(runtime, rules_, rules_.readers);
  std::thread stopper([&] {
    while (sum(reads, &file_reader::reads) < 1000)
      std::this_thread::yield();
    runtime.request_stop();
  });
  runtime.run(run_file_read<local::runtime>(runtime, reads, side, 0, 1));
  stopper.join();
  EXPECT_EQ(sum(reads, &file_reader::errors), 0U);
  EXPECT_EQ(sum(reads, &file_reader::stamp_sum), sum(reads, &file_reader::expected_sum));
}

TEST_F(file_reads, of_a_file_that_is_gone_are_refused_before_they_begin) {
  rules_.path += ".gone";
  file_read_run reads(rules_);
  EXPECT_THROW(run(reads), std::runtime_error);
}

}  // namespace
}  // namespace tailrace
