// SPDX-License-Identifier: MIT
// Conformance: R::file. Stands alone too, for runtimes that offer files and no events.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "runtimes/extensions.hpp"
#include "runtimes/tests/conformance_server.hpp"

namespace tailrace::conformance {

static_assert(ReadsFiles<R>);

// A file of `size` bytes in the folder for temporary ones; byte i is byte_at(i).
class sample_file {
 public:
  explicit sample_file(std::size_t size) {
    const char* const folder = std::getenv("TMPDIR");
    path_ = std::string(folder != nullptr ? folder : "/tmp") + "/tailrace-sample-XXXXXX";
    const int fd = ::mkstemp(path_.data());
    EXPECT_GE(fd, 0) << path_;
    ::close(fd);
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
      text[i] = static_cast<char>(byte_at(i));
    std::ofstream(path_, std::ios::binary) << text;
  }
  sample_file(const sample_file&) = delete;
  sample_file& operator=(const sample_file&) = delete;
  ~sample_file() { ::unlink(path_.c_str()); }

  const std::string& path() const { return path_; }
  static std::byte byte_at(std::size_t i) {
    return static_cast<std::byte>((i * 7 + i / 251) & 255);
  }

 private:
  std::string path_;
};

// Memory that direct reads may go to.
class aligned_memory {
 public:
  explicit aligned_memory(std::size_t size)
      : bytes_(static_cast<std::byte*>(std::aligned_alloc(direct_alignment, rounded_up(size)))),
        size_(size) {
    std::memset(bytes_, 0xEE, size);
  }
  aligned_memory(const aligned_memory&) = delete;
  aligned_memory& operator=(const aligned_memory&) = delete;
  ~aligned_memory() { std::free(bytes_); }

  std::span<std::byte> all() const { return {bytes_, size_}; }
  std::span<std::byte> part(std::size_t first, std::size_t size) const {
    return all().subspan(first, size);
  }

 private:
  static std::size_t rounded_up(std::size_t size) {
    return (size + direct_alignment - 1) / direct_alignment * direct_alignment;
  }

  std::byte* bytes_;
  std::size_t size_;
};

inline bool holds_sample(std::span<const std::byte> bytes, std::size_t offset) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    if (bytes[i] != sample_file::byte_at(offset + i)) return false;
  return true;
}

template <class Main>
void run_with_files(Main main) {
  const auto runtime = conformance_harness<R>::make();
  runtime->run(main(*runtime));
}

constexpr std::size_t sample_bytes = 64 * 1024 + 100;

inline task<void> read_everywhere(R& runtime, const std::string& path) {
  auto opened = runtime.open_file(path, {});
  if (!opened) throw std::runtime_error(opened.error().message);
  typename R::file& file = *opened;
  EXPECT_EQ(file.bytes(), sample_bytes);
  const aligned_memory memory(sample_bytes + 4096);
  struct place {
    std::size_t offset, size, expected;
  };
  const std::vector<place> places{{0, 1, 1},
                                  {0, 4096, 4096},
                                  {1, 4096, 4096},
                                  {8192, 4096, 4096},
                                  {0, sample_bytes, sample_bytes},
                                  {sample_bytes - 100, 4096, 100},
                                  {sample_bytes, 4096, 0},
                                  {sample_bytes + 4096, 10, 0}};
  for (const place& at : places) {
    const io_result got = co_await file.read_at(at.offset, memory.part(0, at.size));
    EXPECT_TRUE(got.ok()) << at.offset;
    EXPECT_EQ(got.count(), at.expected) << at.offset;
    EXPECT_TRUE(holds_sample(memory.part(0, got.count()), at.offset)) << at.offset;
  }
}

TEST(extensions_file, a_read_gives_what_is_there_and_less_only_at_the_end) {
  const sample_file sample(sample_bytes);
  run_with_files([&](R& runtime) { return read_everywhere(runtime, sample.path()); });
}

inline task<void> read_uncached(R& runtime, const std::string& path) {
  auto opened = runtime.open_file(path, {});
  if (!opened) throw std::runtime_error(opened.error().message);
  const aligned_memory memory(16 * 4096);
  // Some of it in the page cache, some not, where the file system lets go of it at all.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ::fsync(fd);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  std::byte one{};
  EXPECT_EQ(::pread(fd, &one, 1, 4096), 1);
  ::close(fd);
  const io_result got = co_await opened->read_at(0, memory.all());
  EXPECT_EQ(got.count(), memory.all().size());
  EXPECT_TRUE(holds_sample(memory.all(), 0));
}

TEST(extensions_file, what_is_partly_in_the_page_cache_is_read_whole) {
  const sample_file sample(sample_bytes);
  run_with_files([&](R& runtime) { return read_uncached(runtime, sample.path()); });
}

inline task<void> read_directly(R& runtime, const std::string& path, bool& refused) {
  auto opened = runtime.open_file(path, {.direct = true});
  refused = !opened;
  if (refused) co_return;
  const aligned_memory memory(4 * 4096);
  const io_result got = co_await opened->read_at(8192, memory.all());
  EXPECT_EQ(got.count(), memory.all().size());
  EXPECT_TRUE(holds_sample(memory.all(), 8192));
  // Not aligned: a value, whatever the file system makes of it.
  const io_result odd = co_await opened->read_at(1, memory.part(1, 10));
  EXPECT_TRUE(odd.error() == EINVAL || odd.count() == 10) << odd.error();
}

TEST(extensions_file, direct_reads_and_what_they_refuse_are_values) {
  const sample_file sample(sample_bytes);
  bool refused = false;
  run_with_files([&](R& runtime) { return read_directly(runtime, sample.path(), refused); });
  if (refused) GTEST_SKIP() << "the file system of temporary files has no O_DIRECT";
}

inline task<void> open_what_is_not(R& runtime, std::vector<std::string>& messages) {
  for (const char* const path : {"/nonexistent/file", "/tmp", "/dev/null"}) {
    const auto opened = runtime.open_file(path, {});
    messages.push_back(opened ? "" : opened.error().message);
  }
  co_return;
}

TEST(extensions_file, what_cannot_be_opened_is_refused_with_its_path) {
  std::vector<std::string> messages;
  run_with_files([&](R& runtime) { return open_what_is_not(runtime, messages); });
  EXPECT_EQ(messages, (std::vector<std::string>{"open /nonexistent/file: ENOENT",
                                                "open /tmp: it is not a regular file",
                                                "open /dev/null: it is not a regular file"}));
}

inline task<void> read_often(typename R::file& file, std::span<std::byte> into, std::size_t first,
                             int times, std::atomic<int>& whole) {
  for (int i = 0; i < times; ++i) {
    const std::size_t offset = (first + static_cast<std::size_t>(i) * 4099) % 60'000;
    const io_result got = co_await file.read_at(offset, into);
    if (got.count() == into.size() && holds_sample(into, offset)) whole.fetch_add(1);
  }
}

inline task<void> read_many(R& runtime, const std::string& path, std::atomic<int>& whole) {
  auto opened = runtime.open_file(path, {});
  if (!opened) throw std::runtime_error(opened.error().message);
  const aligned_memory memory(64 * 4096);
  scope<R> readers(runtime);
  for (std::size_t i = 0; i < 64; ++i)
    readers.spawn(read_often(*opened, memory.part(i * 4096, 4096), i * 100, 50, whole));
  co_await readers.join();
}

TEST(extensions_file, many_tasks_read_at_once) {
  const sample_file sample(sample_bytes);
  std::atomic<int> whole{0};
  run_with_files([&](R& runtime) { return read_many(runtime, sample.path(), whole); });
  EXPECT_EQ(whole.load(), 64 * 50);
}

inline task<void> read_until_stopped(typename R::file& file, std::span<std::byte> into,
                                     std::atomic<int>& began, int& error, int& error_after) {
  for (std::size_t offset = 0; error == 0; offset = (offset + 4096) % 60'000) {
    began.fetch_add(1);
    const io_result got = co_await file.read_at(offset, into);
    error = got.error();
  }
  const io_result after = co_await file.read_at(0, into);
  error_after = after.error();
}

inline task<void> stop_readers(R& runtime, const std::string& path, int& error, int& error_after) {
  auto opened = runtime.open_file(path, {});
  if (!opened) throw std::runtime_error(opened.error().message);
  // Freed as soon as the reader has ended: a sanitizer sees who still writes there.
  auto memory = std::make_unique<aligned_memory>(4096);
  std::atomic<int> began{0};
  scope<R> readers(runtime);
  readers.spawn(read_until_stopped(*opened, memory->all(), began, error, error_after));
  while (began.load() < 3)
    co_await runtime.yield();
  readers.request_stop();
  co_await readers.join();
  memory.reset();
}

TEST(extensions_file, a_stop_ends_reading_and_lets_go_of_the_memory_first) {
  const sample_file sample(sample_bytes);
  for (int round = 0; round < 20; ++round) {
    int error = 0;
    int error_after = 0;
    run_with_files(
        [&](R& runtime) { return stop_readers(runtime, sample.path(), error, error_after); });
    ASSERT_EQ(error, ECANCELED);
    ASSERT_EQ(error_after, ECANCELED);
  }
}

inline task<void> read_and_stop_all(R::file& file, std::span<std::byte> into, scope<R>& all,
                                    std::atomic<int>& given) {
  const io_result got = co_await file.read_at(0, into);
  if (!got.cancelled()) {
    given.fetch_add(1);
    all.request_stop();
  }
}

inline task<void> many_read_until_one_has(R& runtime, const std::string& path,
                                          std::atomic<int>& given) {
  auto opened = runtime.open_file(path, {});
  if (!opened) throw std::runtime_error(opened.error().message);
  constexpr std::size_t readers = 64;
  const aligned_memory memory(readers * 4096);
  scope<R> all(runtime);
  for (std::size_t i = 0; i < readers; ++i)
    all.spawn(read_and_stop_all(*opened, memory.part(i * 4096, 4096), all, given));
  co_await all.join();
}

// The first to be given something stops them all; what was under way then may have read, but is
// cancelled. With several threads some are given something at the same time.
TEST(extensions_file, a_read_under_way_at_a_stop_is_cancelled) {
  const sample_file sample(sample_bytes);
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> given{0};
    run_with_files(
        [&](R& runtime) { return many_read_until_one_has(runtime, sample.path(), given); });
    if constexpr (R::single_threaded)
      ASSERT_EQ(given.load(), 1);
    else
      ASSERT_GE(given.load(), 1);
  }
}

template <class T>
task<void> read_registered(T& runtime, const std::string& path) {
  if constexpr (RegistersMemory<T>) {
    auto opened = runtime.open_file(path, {});
    if (!opened) throw std::runtime_error(opened.error().message);
    const aligned_memory memory(4 * 4096);
    const aligned_memory other(4096);
    for (int round = 0; round < 3; ++round) {  // again, once it has been given up
      runtime.register_memory(memory.part(4096, 2 * 4096));
      // Inside, at its ends, across them, and elsewhere.
      const std::vector<std::span<std::byte>> pieces{
          memory.part(4096, 4096), memory.part(8192, 4096), memory.part(4096, 8192),
          memory.part(2048, 4096), memory.part(8192, 8192), other.all()};
      for (const std::span<std::byte> piece : pieces) {
        std::memset(piece.data(), 0, piece.size());
        const io_result got = co_await opened->read_at(4096, piece);
        EXPECT_EQ(got.count(), piece.size());
        EXPECT_TRUE(holds_sample(piece, 4096));
      }
      runtime.unregister_memory();
    }
  }
  co_return;
}

TEST_WHERE(RegistersMemory<R>, extensions_file, reads_into_registered_memory_and_elsewhere) {
  const sample_file sample(sample_bytes);
  run_with_files([&](R& runtime) { return read_registered(runtime, sample.path()); });
}

inline task<void> open_often(R& runtime, const std::string& path) {
  aligned_memory memory(4096);
  std::vector<typename R::file> files;
  for (int i = 0; i < 40; ++i) {  // more than any table of files has room for
    auto opened = runtime.open_file(path, {});
    if (!opened) throw std::runtime_error(opened.error().message);
    files.push_back(std::move(*opened));
  }
  for (int round = 0; round < 3; ++round) {
    for (typename R::file& file : files) {
      const io_result got = co_await file.read_at(100, memory.all());
      EXPECT_TRUE(got.count() == 4096 && holds_sample(memory.all(), 100));
    }
    files.erase(files.begin(), files.begin() + 10);
  }
}

TEST(extensions_file, many_files_may_be_open_and_close_in_any_order) {
  const sample_file sample(sample_bytes);
  run_with_files([&](R& runtime) { return open_often(runtime, sample.path()); });
}

}  // namespace tailrace::conformance
