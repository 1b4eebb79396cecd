// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/record/campaign.hpp"
#include "harness/record/durable_file.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::record {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class folder_test : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "tailrace-record-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(folder_test, torn_last_line_is_cut_off_before_the_next_is_appended) {
  const fs::path path = folder_ / "lines";
  std::ofstream(path) << "one\ntwo\nthr";
  line_file(path).append({"four"});
  EXPECT_EQ(read_whole(path, 100), "one\ntwo\nfour\n");
}

TEST_F(folder_test, lines_have_one_writer_at_a_time) {
  const fs::path path = folder_ / "lines";
  std::ofstream(path) << "one\n";
  {
    const line_file writer(path);
    std::ofstream(path, std::ios::app) << "two";
    EXPECT_THROW(line_file{path}, refusal);
    EXPECT_EQ(read_whole(path, 100), "one\ntwo");
  }
  line_file(path).append({"three"});
  EXPECT_EQ(read_whole(path, 100), "one\nthree\n");
}

TEST_F(folder_test, lock_that_a_child_of_a_killed_writer_holds_until_exec_is_waited_for) {
  const fs::path path = folder_ / "lines";
  pid_t child = -1;
  {
    const line_file killed(path);
    child = ::fork();
    if (child == 0) {
      ::usleep(100'000);
      ::_exit(0);
    }
  }
  EXPECT_NO_THROW(line_file(path).append({"one"}));
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(folder_test, whole_write_leaves_no_draft) {
  write_whole(folder_ / "a", "text");
  write_whole(folder_ / "a", "other");
  EXPECT_EQ(read_whole(folder_ / "a", 100), "other");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(folder_test, longer_file_than_expected_is_refused) {
  write_whole(folder_ / "a", std::string(101, 'x'));
  EXPECT_THROW(read_whole(folder_ / "a", 100), refusal);
}

TEST_F(folder_test, full_disk_is_one_sentence) {
  // Every write to /dev/full fails with ENOSPC.
  try {
    line_file("/dev/full").append({"x"});
    FAIL();
  } catch (const refusal& refused) {
    EXPECT_NE(refused.cause().find("/dev/full: "), std::string::npos);
    EXPECT_EQ(refused.cause().find("--results"), std::string::npos);
  }
}

TEST_F(folder_test, link_is_replaced) {
  replace_link(folder_ / "latest", "one");
  replace_link(folder_ / "latest", "two");
  EXPECT_EQ(fs::read_symlink(folder_ / "latest"), "two");
}

TEST_F(folder_test, campaign_that_cannot_be_made_says_what_to_do) {
  try {
    campaign::create("/proc/tailrace", "c", json(), json());
    FAIL();
  } catch (const refusal& refused) {
    EXPECT_EQ(refused.remedy(), "give a folder that can be written with --results");
    EXPECT_EQ(refused.cause().find("--results"), std::string::npos);
  }
}

const json document = {{"schema", schema_version}};

TEST_F(folder_test, campaign_is_opened_with_what_is_finished) {
  {
    campaign made = campaign::create(folder_, "c", document, document);
    made.append_cells({{{"schema", schema_version}, {"cell", "one"}, {"status", "ok"}}});
    made.append_cost(
        {{"schema", schema_version}, {"subject", {{"id", "local"}}}, {"status", "failed"}});
    EXPECT_EQ(made.failed_costs(), 1);
  }
  std::ofstream(folder_ / "c" / "cells.jsonl", std::ios::app) << "{\"torn";
  const campaign opened = campaign::open(folder_ / "c");
  EXPECT_EQ(opened.finished(), (std::map<std::string, std::string>{{"one", "ok"}}));
  EXPECT_TRUE(opened.has_cost_of({{"id", "local"}}));
  EXPECT_EQ(opened.failed_costs(), 1);
  EXPECT_FALSE(opened.has_cost_of({{"id", "uring"}}));
  EXPECT_THROW(campaign::create(folder_, "c", document, document), refusal);
}

TEST_F(folder_test, another_format_names_the_version_that_reads_it) {
  campaign::create(folder_, "c", document, document);
  std::ofstream(folder_ / "c" / "manifest.json") << R"({"schema": 1})";
  try {
    campaign::open(folder_ / "c");
    FAIL();
  } catch (const refusal& refused) {
    EXPECT_NE(std::string(refused.what())
                  .find("manifest.json has result format 1, and this program reads format 2: use "
                        "the version of Tailrace that wrote it, 0.1.0"),
              std::string::npos);
  }
}

TEST_F(folder_test, line_that_is_no_record_is_named) {
  campaign::create(folder_, "c", document, document);
  std::ofstream(folder_ / "c" / "cells.jsonl") << "{}\n";
  try {
    campaign::open(folder_ / "c");
    FAIL();
  } catch (const refusal& refused) {
    EXPECT_NE(std::string(refused.what()).find("cells.jsonl line 1 is no record"),
              std::string::npos);
  }
}

TEST(campaign_name, paths_and_hidden_names_are_refused) {
  EXPECT_TRUE(is_campaign_name("quick-20260101-000000"));
  for (const char* bad : {"", "..", "a/b", ".a", "latest", "a b"}) {
    EXPECT_FALSE(is_campaign_name(bad)) << bad;
  }
}

}  // namespace
}  // namespace tailrace::record
