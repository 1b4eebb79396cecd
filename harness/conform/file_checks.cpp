// SPDX-License-Identifier: MIT
// Checks of the workload `file-read`. What the reads have to find is computed here from the text of
// the contract (harness/files/stamped_file.hpp), not with the workload's code. How fast they are is
// not checked: speed is for measurements. The file is made for each check and deleted after it. See
// check.hpp.
#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "harness/conform/check.hpp"
#include "harness/conform/checked_target.hpp"
#include "harness/files/stamped_file.hpp"
#include "harness/record/scratch_folder.hpp"

namespace tailrace::conform {
namespace {

constexpr std::uint64_t file_bytes = std::uint64_t{2} << 20;
constexpr std::uint64_t stamp_seed = 3;

void require_file_read(const context& with) {
  require_workload(with, "file-read",
                   {"file", "cache", "block_bytes", "concurrency", "reads", "duration_ms", "seed",
                    "stamp_seed"});
}

// Goes away with its folder.
class scratch_file {
 public:
  // No file: the check is skipped.
  scratch_file() : file_(files::have_stamped_file(folder_.path(), file_bytes, stamp_seed)) {}

  const files::stamped_file& file() const { return file_; }
  // The settings that read it.
  run_settings with(session::option_map options, const char* first_command = "") const {
    options["file"] = file_.path.string();
    return {.options = std::move(options), .first_command = first_command};
  }
  bool can_be_read_directly() const {
    const int fd = ::open(file_.path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (fd >= 0) ::close(fd);
    return fd >= 0;
  }

 private:
  scratch_folder folder_{"conform"};
  files::stamped_file file_;
};

void require_reads(const session::result_event& result, std::int64_t reads,
                   std::int64_t block_bytes, std::uint64_t sum) {
  require_count(result, "reads", reads);
  require_count(result, "read_bytes", reads * block_bytes);
  require_count(result, "short_reads", 0);
  require_count(result, "errors", 0);
  require_count(result, "expected_sum", static_cast<std::int64_t>(sum));
  require_count(result, "stamp_sum", static_cast<std::int64_t>(sum));
  for (const char* name : {"whole_ns", "whole_cpu_ns"})
    require(count_at(result.counts, name) > 0,
            std::string("count '") + name + "' of the result is 0");
  require_values(result, "read_ns", reads);
}

void reads_what_is_asked(context& with) {
  require_file_read(with);
  const scratch_file scratch;
  // More reads than blocks, and tasks that have not the same number of them.
  checked_target target(with, "file-read",
                        scratch.with({{"block_bytes", "8192"},
                                      {"concurrency", "7"},
                                      {"reads", "300"},
                                      {"seed", "5"},
                                      {"stamp_seed", "3"}}));
  require(target.sample().at("reads") == 0, "it read before `start`");
  target.session().start();
  require_reads(target.await_result(), 300, 8192,
                files::sum_of_reads(scratch.file(), 8192, 5, 300));
}

void reads_each_block_once(context& with) {
  require_file_read(with);
  const scratch_file scratch;
  constexpr std::uint64_t blocks = file_bytes / 4096;
  // `start` comes before anybody has seen `ready`.
  checked_target target(with, "file-read",
                        scratch.with({{"cache", "cold"},
                                      {"concurrency", "16"},
                                      {"duration_ms", "600000"},
                                      {"stamp_seed", "3"}},
                                     "start"));
  require_reads(target.await_result(), blocks, 4096,
                files::sum_of_reads(scratch.file(), 4096, 1, blocks));
}

void reads_past_the_cache(context& with) {
  require_file_read(with);
  const scratch_file scratch;
  if (!scratch.can_be_read_directly()) skip("the file system of temporary files has no O_DIRECT");
  checked_target target(with, "file-read",
                        scratch.with({{"cache", "direct"},
                                      {"block_bytes", "65536"},
                                      {"concurrency", "4"},
                                      {"reads", "40"},
                                      {"stamp_seed", "3"}},
                                     "start"));
  require_reads(target.await_result(), 40, 65536,
                files::sum_of_reads(scratch.file(), 65536, 1, 40));
}

// The stamps are those of another seed than the target expects: it must report what it found.
void reports_what_it_found(context& with) {
  require_file_read(with);
  const scratch_file scratch;
  checked_target target(with, "file-read",
                        scratch.with({{"reads", "50"}, {"stamp_seed", "4"}}, "start"));
  const session::result_event result = target.await_result();
  files::stamped_file other = scratch.file();
  other.seed = 4;
  require_count(result, "stamp_sum",
                static_cast<std::int64_t>(files::sum_of_reads(scratch.file(), 4096, 1, 50)));
  require_count(result, "expected_sum",
                static_cast<std::int64_t>(files::sum_of_reads(other, 4096, 1, 50)));
}

void stops_in_the_middle(context& with) {
  require_file_read(with);
  const scratch_file scratch;
  checked_target target(with, "file-read",
                        scratch.with({{"duration_ms", "600000"}, {"stamp_seed", "3"}}, "start"));
  const std::int64_t until = with.soon();
  while (target.sample().at("reads") == 0)
    require(observe::monotonic_ns() < until, "it reads nothing");
  const session::result_event result = target.stop();
  require(count_at(result.counts, "reads") > 0, "count 'reads' of the result is 0");
  require(count_at(result.counts, "stamp_sum") == count_at(result.counts, "expected_sum"),
          "count 'stamp_sum' of the result is not 'expected_sum'");
  require_count(result, "errors", 0);
}

void stops_before_the_start(context& with) {
  require_file_read(with);
  const scratch_file scratch;
  checked_target target(with, "file-read", scratch.with({}));
  require_count(target.stop(), "reads", 0);
}

void ends_with_its_input(context& with) {
  require_file_read(with);
  const scratch_file scratch;
  for (const bool started : {false, true}) {
    checked_target target(with, "file-read", scratch.with({{"duration_ms", "600000"}}));
    if (started) target.session().start();
    target.end_by_closed_input();
  }
}

// What the harness cannot see in `describe`.
void refuses_bad_options(context& with) {
  require_file_read(with);
  const scratch_file scratch;
  const std::string file = "file=" + scratch.file().path.string();
  const std::vector<std::string> usage = {"run", "--workload", "file-read"};
  std::vector<std::string> uneven = usage;
  uneven.insert(uneven.end(), {"--set", file, "--set", "block_bytes=5000"});
  require(run_to_end(with, usage).exit_code == 2, "without a file: exit code is not 2");
  require(run_to_end(with, uneven).exit_code == 2, "block_bytes=5000: exit code is not 2");
}

void says_what_it_cannot_open(context& with) {
  require_file_read(with);
  const refused_run seen = run_refused(
      with, request_of(with, "file-read", {.options = {{"file", "/nonexistent/tailrace"}}}));
  require(seen.event.message.find("/nonexistent/tailrace") != std::string::npos,
          "the error does not name the file: " + seen.event.message);
  require(seen.exit_code == 1, "exit code is not 1");
}

}  // namespace

std::span<const check> file_checks() {
  static constexpr std::array checks{
      check{"file_reads_what_is_asked", "nothing before start; then the reads of the contract",
            reads_what_is_asked},
      check{"file_reads_each_block_once", "cache=cold: ends when the file has been read through",
            reads_each_block_once},
      check{"file_reads_past_the_cache", "cache=direct: the same stamps", reads_past_the_cache},
      check{"file_reports_what_it_found", "stamps that are wrong are reported as they are",
            reports_what_it_found, depends::on_nothing},
      check{"file_stops_in_the_middle", "result and exit 0 within 5 s while it reads",
            stops_in_the_middle},
      check{"file_stops_before_start", "the same without any work", stops_before_the_start,
            depends::on_nothing},
      check{"file_input_closed", "exits when standard input ends, at work or not",
            ends_with_its_input, depends::on_nothing},
      check{"file_refuses_bad_options",
            "exit 2 without a file, or for blocks that are no multiple of 4096",
            refuses_bad_options, depends::on_nothing},
      check{"file_says_what_it_cannot_open", "error event with the path, exit 1",
            says_what_it_cannot_open, depends::on_nothing},
  };
  return checks;
}

}  // namespace tailrace::conform
