// SPDX-License-Identifier: MIT
// The file-read workload, once for every runtime that reads files: tasks that each read one block
// after the other of one file, at places in seeded random order, and time each read. In process: no
// client, no connection. Whether the file is in the page cache is the harness's to arrange; that
// the reads go past it (direct) is the runtime's to obey.
//
// The order is a permutation of the file's blocks, so that no block comes again before all have
// been read: a cold file stays cold until it has been read through, and then the work ends.
// Read number s of all is block permuted(s mod blocks); of K readers, reader t makes the reads t,
// t + K, t + 2K, ...
//
// Proof of work: every 4 KiB of the file begin with a stamp of eight bytes that their place and a
// seed determine. The stamps of what was read are summed, and so are those that should have been
// there; the sums must be equal. A reader that meets a refusal counts it and ends.
//
// Cost beside the read: two readings of the clock, a look at each 4 KiB read, a dozen instructions
// for the order and the histogram; no atomic read-modify-write, since each reader counts for
// itself. Sources: splitmix64 (Steele, Lea, Flood 2014) for the stamps; multiply and xor-shift with
// cycle walking (Black, Rogaway 2002) for the order.
#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "runtimes/base/file_calls.hpp"
#include "runtimes/base/single_writer_counter.hpp"
#include "runtimes/base/splitmix64.hpp"
#include "runtimes/base/sys.hpp"
#include "runtimes/extensions.hpp"
#include "runtimes/runtime.hpp"
#include "workloads/moment.hpp"
#include "workloads/run_refused.hpp"
#include "workloads/workload.hpp"

namespace tailrace {

inline constexpr std::uint64_t stamped_bytes = 4096;

// The stamp of the stamped_bytes at number * stamped_bytes, little-endian in the file. Below 2^32,
// so that sums of them are exact.
constexpr std::uint64_t stamp_of(std::uint64_t seed, std::uint64_t number) noexcept {
  return splitmix64(seed, number) >> 32;
}

// The order in which `blocks` blocks are read: a bijection of 0 .. blocks - 1. Each step is one of
// the numbers of so many bits; where it leads beyond the last block it is taken again.
class block_order {
 public:
  // blocks: at least 1.
  constexpr block_order(std::uint64_t blocks, std::uint64_t seed) noexcept
      : blocks_(blocks),
        bits_(blocks < 2 ? 1 : static_cast<unsigned>(std::bit_width(blocks - 1))),
        mask_(~std::uint64_t{0} >> (64 - bits_)),
        seed_(seed) {}

  constexpr std::uint64_t at(std::uint64_t number) const noexcept {
    std::uint64_t x = number % blocks_;
    do {
      x = step((x + seed_) & mask_, 0x9e3779b97f4a7c15U);
      x = step(x, 0xbf58476d1ce4e5b9U);
    } while (x >= blocks_);
    return x;
  }
  constexpr std::uint64_t blocks() const noexcept { return blocks_; }

 private:
  constexpr std::uint64_t step(std::uint64_t x, std::uint64_t odd) const noexcept {
    x = (x * odd) & mask_;
    return x ^ (x >> ((bits_ + 1) / 2));
  }

  std::uint64_t blocks_;
  unsigned bits_;
  std::uint64_t mask_;
  std::uint64_t seed_;
};

// cold: no block twice, so that the work ends when the file has been read through.
enum class file_cache { warm, cold, direct };

struct file_read_rules {
  std::string path;
  file_cache cache = file_cache::warm;
  std::uint64_t file_bytes = 0;      // a rest that is no block is left alone
  std::uint64_t block_bytes = 4096;  // a multiple of stamped_bytes
  std::uint64_t readers = 16;        // of all runtimes
  std::uint64_t reads = 0;           // of all readers; 0: as many as `duration` allows
  std::chrono::nanoseconds duration = std::chrono::seconds(1);
  std::uint64_t seed = 1;  // of the order
  std::uint64_t stamp_seed = 1;
};

using file_read_table = option_table<file_read_rules>;
inline const file_read_table file_read_options{
    file_read_table::text("file", &file_read_rules::path, "path of the stamped file to read"),
    file_read_table::choice(
        "cache", &file_read_rules::cache,
        {{"warm", file_cache::warm}, {"cold", file_cache::cold}, {"direct", file_cache::direct}},
        "direct: past the page cache (O_DIRECT); cold: no block twice"),
    file_read_table::integer("block_bytes", &file_read_rules::block_bytes, 4096, 1'048'576,
                             "bytes of a read, a multiple of 4096"),
    file_read_table::integer("concurrency", &file_read_rules::readers, 1, 4096,
                             "tasks that read, of all workers"),
    file_read_table::integer("reads", &file_read_rules::reads, 0, INT64_MAX,
                             "reads of all tasks; 0: as many as duration_ms allows"),
    file_read_table::integer<std::chrono::milliseconds>("duration_ms", &file_read_rules::duration,
                                                        1, 3'600'000,
                                                        "how long to read where reads is 0"),
    file_read_table::integer("seed", &file_read_rules::seed, 0, INT64_MAX,
                             "of the order of the blocks"),
    file_read_table::integer("stamp_seed", &file_read_rules::stamp_seed, 0, INT64_MAX,
                             "of the stamps in the file")};

// What one reader counts; written by its task alone, read by any thread.
struct alignas(64) file_reader {
  single_writer_counter reads;
  single_writer_counter read_bytes;
  single_writer_counter short_reads;
  single_writer_counter errors;
  single_writer_counter stamp_sum;
  single_writer_counter expected_sum;
  value_counts latency;  // whoever reads it waits until the work has ended
};

// What all runtimes share.
class file_read_run {
 public:
  explicit file_read_run(const file_read_rules& rules)
      : rules_(rules),
        order_(std::max<std::uint64_t>(1, rules.file_bytes / rules.block_bytes), rules.seed),
        limit_(limit_of(rules, order_.blocks())),
        readers_(rules.readers) {}

  const file_read_rules& rules() const noexcept { return rules_; }
  std::span<const file_reader> readers() const noexcept { return readers_; }
  std::span<file_reader> readers() noexcept { return readers_; }

  // Before the first reader, and when the readers of a runtime have ended. Any thread.
  void note_begin() noexcept { begun_ = ended_ = moment::now(); }
  void note_end() noexcept {
    const std::lock_guard lock(mutex_);
    ended_ = moment::now();
  }
  // From the first to the last of them, once all have ended: wall-clock time, and CPU time of the
  // whole process.
  std::uint64_t whole_ns() const noexcept {
    return static_cast<std::uint64_t>((ended_.at - begun_.at).count());
  }
  std::uint64_t whole_cpu_ns() const noexcept {
    return static_cast<std::uint64_t>(ended_.cpu_ns - begun_.cpu_ns);
  }

  // Read number `number` is still to be made.
  bool wants(std::uint64_t number) const noexcept { return number < limit_; }
  bool by_time() const noexcept { return rules_.reads == 0; }
  std::uint64_t offset_of(std::uint64_t number) const noexcept {
    return order_.at(number) * rules_.block_bytes;
  }

  // By the reader: what the read at `offset` gave.
  void note(file_reader& reader, std::uint64_t offset, std::span<const std::byte> got,
            std::chrono::nanoseconds took) const noexcept {
    reader.latency.record(took.count());
    reader.reads.add(1);
    reader.read_bytes.add(got.size());
    if (got.size() != rules_.block_bytes) reader.short_reads.add(1);
    std::uint64_t found = 0;
    std::uint64_t expected = 0;
    for (std::uint64_t at = 0; at < rules_.block_bytes; at += stamped_bytes) {
      expected += stamp_of(rules_.stamp_seed, (offset + at) / stamped_bytes);
      if (at + stamped_bytes <= got.size()) found += stamp_in(got.subspan(at));
    }
    reader.stamp_sum.add(found);
    reader.expected_sum.add(expected);
  }

 private:
  static std::uint64_t limit_of(const file_read_rules& rules, std::uint64_t blocks) noexcept {
    const std::uint64_t wanted = rules.reads != 0 ? rules.reads : ~std::uint64_t{0};
    return rules.cache == file_cache::cold ? std::min(wanted, blocks) : wanted;
  }
  static std::uint64_t stamp_in(std::span<const std::byte> block) noexcept {
    std::uint64_t stamp = 0;
    std::memcpy(&stamp, block.data(), sizeof stamp);
    if constexpr (std::endian::native == std::endian::big) stamp = __builtin_bswap64(stamp);
    return stamp;
  }

  file_read_rules rules_;
  block_order order_;
  std::uint64_t limit_;
  std::vector<file_reader> readers_;
  moment begun_;
  moment ended_;
  std::mutex mutex_;  // guards ended_ while runtimes end
};

// run, the file and the memory, a block, outlive it. `end` counts only where the run is by time.
template <ReadsFiles R>
task<void> read_blocks(file_read_run& run, typename R::file& file, std::uint64_t index,
                       std::span<std::byte> memory, steady_time end) {
  file_reader& reader = run.readers()[index];
  for (std::uint64_t number = index; run.wants(number); number += run.rules().readers) {
    const std::uint64_t offset = run.offset_of(number);
    const steady_time asked = std::chrono::steady_clock::now();
    if (run.by_time() && asked >= end) break;
    const io_result got = co_await file.read_at(offset, memory);
    if (!got.ok()) {
      if (!got.cancelled()) reader.errors.add(1);
      break;
    }
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - asked;
    run.note(reader, offset, memory.first(got.count()), took);
  }
}

// Where blocks are read to: aligned for direct reads, its pages there before the first.
class block_memory {
 public:
  explicit block_memory(std::size_t bytes)
      : bytes_(static_cast<std::byte*>(std::aligned_alloc(direct_alignment, bytes))), size_(bytes) {
    if (bytes_ == nullptr) throw std::bad_alloc();
    std::memset(bytes_.get(), 0, bytes);
  }
  std::span<std::byte> all() const noexcept { return {bytes_.get(), size_}; }

 private:
  struct free_it {
    void operator()(std::byte* memory) const noexcept { std::free(memory); }
  };
  std::unique_ptr<std::byte, free_it> bytes_;
  std::size_t size_;
};

// Gives memory to a runtime that registers it, for as long as this lives.
template <class R>
class memory_registration {
 public:
  memory_registration(R& runtime, std::span<std::byte> memory) : runtime_(runtime) {
    if constexpr (RegistersMemory<R>) registered_ = runtime.register_memory(memory);
  }
  memory_registration(const memory_registration&) = delete;
  memory_registration& operator=(const memory_registration&) = delete;
  ~memory_registration() {
    if constexpr (RegistersMemory<R>)
      if (registered_) runtime_.unregister_memory();
  }
  bool registered() const noexcept { return registered_; }

 private:
  R& runtime_;
  bool registered_ = false;
};

// What one runtime needs before its readers begin. On the runtime's thread, both ways.
template <ReadsFiles R>
class file_read_side {
 public:
  // Throws std::runtime_error where the file cannot be opened, std::bad_alloc.
  file_read_side(R& runtime, const file_read_rules& rules, std::uint64_t readers)
      : file_(opened(runtime, rules)),
        memory_(std::max<std::uint64_t>(1, readers) * rules.block_bytes),
        registration_(runtime, memory_.all()) {}

  typename R::file& file() noexcept { return file_; }
  std::span<std::byte> memory() const noexcept { return memory_.all(); }

 private:
  static typename R::file opened(R& runtime, const file_read_rules& rules) {
    auto file = runtime.open_file(rules.path, {.direct = rules.cache == file_cache::direct});
    if (!file) throw std::runtime_error(file.error().message);
    return std::move(*file);
  }

  typename R::file file_;
  block_memory memory_;
  memory_registration<R> registration_;
};

// How many of the readers index, index + runtimes, ... there are.
constexpr std::uint64_t readers_of(const file_read_rules& rules, std::uint64_t index,
                                   std::uint64_t runtimes) noexcept {
  return index < rules.readers ? (rules.readers - index + runtimes - 1) / runtimes : 0;
}

// Those readers. All it refers to outlives it.
template <ReadsFiles R>
task<void> run_file_read(R& runtime, file_read_run& run, file_read_side<R>& side,
                         std::uint64_t index, std::uint64_t runtimes) {
  const file_read_rules& rules = run.rules();
  const std::uint64_t own = readers_of(rules, index, runtimes);
  scope<R> readers(runtime);
  const steady_time end = std::chrono::steady_clock::now() + rules.duration;
  for (std::uint64_t i = 0; i < own; ++i)
    readers.spawn(read_blocks<R>(run, side.file(), index + i * runtimes,
                                 side.memory().subspan(i * rules.block_bytes, rules.block_bytes),
                                 end));
  co_await readers.join();
  run.note_end();
}

template <ReadsFiles R>
class file_read_workload final : public workload<R> {
 public:
  static constexpr const char* name = "file-read";
  static std::vector<option_spec> options() { return file_read_options.specs(); }
  static std::string objection(const option_values& options) {
    const file_read_rules rules = file_read_options.rules_of(options);
    if (rules.path.empty()) return "workload file-read needs --set file=PATH";
    if (rules.block_bytes == 0 || rules.block_bytes % stamped_bytes != 0)
      return "block_bytes is a multiple of 4096";
    return {};
  }

  file_read_workload(const option_values& options, std::size_t runtimes)
      : rules_(file_read_options.rules_of(options)), sides_(runtimes) {}

  // Opens and closes the file, so that a wrong path is refused before a thread is started.
  named_counts prepare() override {
    const auto file = sys::open_file(rules_.path, {.direct = rules_.cache == file_cache::direct});
    if (!file) throw run_refused(file.error().message, "give an existing file as `file`");
    rules_.file_bytes = sys::file_bytes(file->get());
    if (rules_.file_bytes < rules_.block_bytes)
      throw run_refused("the file " + rules_.path + " is smaller than a block",
                        "give a larger file as `file`, or smaller block_bytes");
    run_ = std::make_unique<file_read_run>(rules_);
    return {};
  }
  void set_up(R& runtime, std::size_t index) override {
    sides_[index] = std::make_unique<file_read_side<R>>(runtime, rules_,
                                                        readers_of(rules_, index, sides_.size()));
  }
  void tear_down(std::size_t index) noexcept override { sides_[index].reset(); }
  void begin() override { run_->note_begin(); }
  task<void> run(R& runtime, std::size_t index) override {
    return run_file_read<R>(runtime, *run_, *sides_[index], index, sides_.size());
  }

  named_counts counts() const override {
    const auto sum = [this](single_writer_counter file_reader::* count) {
      std::uint64_t all = 0;
      for (const file_reader& reader : std::as_const(*run_).readers())
        all += (reader.*count).get();
      return all;
    };
    return {{"reads", sum(&file_reader::reads)},
            {"read_bytes", sum(&file_reader::read_bytes)},
            {"short_reads", sum(&file_reader::short_reads)},
            {"errors", sum(&file_reader::errors)},
            {"stamp_sum", sum(&file_reader::stamp_sum)},
            {"expected_sum", sum(&file_reader::expected_sum)}};
  }
  void complete(workload_result& result) const override {
    result.counts.emplace_back("whole_ns", run_->whole_ns());
    result.counts.emplace_back("whole_cpu_ns", run_->whole_cpu_ns());
    value_counts all;
    for (const file_reader& reader : std::as_const(*run_).readers())
      all.add(reader.latency);
    result.histograms["read_ns"] = all.pairs();
  }

 private:
  file_read_rules rules_;
  std::unique_ptr<file_read_run> run_;
  std::vector<std::unique_ptr<file_read_side<R>>> sides_;  // by runtime, while it lives
};

}  // namespace tailrace
