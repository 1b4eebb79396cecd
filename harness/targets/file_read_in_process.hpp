// SPDX-License-Identifier: MIT
// The workload `file-read` as in-process work: its options, counts and the histogram `read_ns`, as
// runtimes/README.md names them. See inprocess_target.hpp for who calls what when.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/load/histogram.hpp"
#include "harness/load/histogram_codec.hpp"
#include "harness/targets/inprocess_target.hpp"
#include "harness/targets/target_refused.hpp"
#include "workloads/file_read.hpp"

namespace tailrace {

inline file_read_rules file_read_rules_of(const option_values& options) {
  const auto number = [&](const char* name) {
    return static_cast<std::uint64_t>(options.integer(name));
  };
  const std::string& cache = options.text("cache");
  file_read_rules rules{.path = options.text("file"),
                        .direct = cache == "direct",
                        .once = cache == "cold",
                        .file_bytes = 0,
                        .block_bytes = number("block_bytes"),
                        .readers = number("concurrency"),
                        .reads = number("reads"),
                        .duration = std::chrono::milliseconds(number("duration_ms")),
                        .seed = number("seed"),
                        .stamp_seed = number("stamp_seed")};
  const auto file = sys::open_file(rules.path, {.direct = rules.direct});
  if (!file) throw target_refused(file.error().message, "give an existing file as `file`");
  rules.file_bytes = sys::file_bytes(file->get());
  if (rules.file_bytes < rules.block_bytes)
    throw target_refused("the file " + rules.path + " is smaller than a block",
                         "give a larger file as `file`, or smaller block_bytes");
  return rules;
}

template <Runtime R>
class file_read_in_process final : public work_in_process<R> {
 public:
  file_read_in_process(const option_values& options, std::size_t runtimes)
      : options_(options), runtimes_(runtimes), sides_(runtimes) {}

  // Opens and closes the file, so that a wrong path is refused before a thread is started.
  event_fields prepare() override {
    run_ = std::make_unique<file_read_run<load::histogram>>(file_read_rules_of(options_));
    return {};
  }
  void set_up(R& runtime, std::size_t index) override {
    const file_read_rules& rules = run_->rules();
    sides_[index] =
        std::make_unique<file_read_side<R>>(runtime, rules, readers_of(rules, index, runtimes_));
  }
  void tear_down(std::size_t index) noexcept override { sides_[index].reset(); }
  void begin() override { run_->note_begin(); }
  task<void> run(R& runtime, std::size_t index) override {
    return run_file_read<R>(runtime, *run_, *sides_[index], index, runtimes_);
  }
  void end() override {}

  event_fields counts() const override {
    const auto sum = [this](single_writer_counter file_reader<load::histogram>::* count) {
      std::uint64_t all = 0;
      for (const auto& reader : std::as_const(*run_).readers())
        all += (reader.*count).get();
      return all;
    };
    using reader = file_reader<load::histogram>;
    return {{"reads", sum(&reader::reads)},
            {"read_bytes", sum(&reader::read_bytes)},
            {"short_reads", sum(&reader::short_reads)},
            {"errors", sum(&reader::errors)},
            {"stamp_sum", sum(&reader::stamp_sum)},
            {"expected_sum", sum(&reader::expected_sum)}};
  }

  void complete(result_info& result) const override {
    result.counts.emplace_back("whole_ns", run_->whole_ns());
    result.counts.emplace_back("whole_cpu_ns", run_->whole_cpu_ns());
    load::histogram all;
    for (const auto& reader : std::as_const(*run_).readers())
      all.merge(reader.latency);
    result.histograms["read_ns"] = load::encode_histogram(all);
  }

 private:
  option_values options_;
  std::size_t runtimes_;
  std::unique_ptr<file_read_run<load::histogram>> run_;
  std::vector<std::unique_ptr<file_read_side<R>>> sides_;  // by runtime, while it lives
};

}  // namespace tailrace
