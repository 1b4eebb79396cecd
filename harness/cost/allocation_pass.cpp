// SPDX-License-Identifier: MIT
// Allocations per operation: the target with a library preloaded that counts (preload/), its counts
// read before and after the rounds through memory that both have mapped. See passes.hpp.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "harness/cost/allocation_record.hpp"
#include "harness/cost/passes.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::cost {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t warm_rounds = 50;  // pools have grown
constexpr std::int64_t measured_rounds = 400;

// Memory to share with a target that inherits the descriptor.
class shared_record {
 public:
  shared_record() : fd_(::memfd_create("tailrace-allocations", MFD_CLOEXEC)) {
    void* memory = MAP_FAILED;
    if (fd_ >= 0 && ::ftruncate(fd_, sizeof(allocation_record)) == 0) {
      memory =
          ::mmap(nullptr, sizeof(allocation_record), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    }
    if (memory == MAP_FAILED) {
      throw refusal(fmt::format("cannot share memory with the target: {}", std::strerror(errno)));
    }
    record_ = static_cast<allocation_record*>(memory);
  }
  ~shared_record() {
    ::munmap(record_, sizeof(allocation_record));
    ::close(fd_);
  }
  shared_record(const shared_record&) = delete;
  shared_record& operator=(const shared_record&) = delete;

  int descriptor() const { return fd_; }
  struct tally {
    std::uint64_t processes;
    std::uint64_t calls;
    std::uint64_t bytes;
  };
  tally read() const {
    // relaxed: the target waits for a message.
    return {record_->processes.load(std::memory_order_relaxed),
            record_->calls.load(std::memory_order_relaxed),
            record_->bytes.load(std::memory_order_relaxed)};
  }

 private:
  int fd_;
  allocation_record* record_ = nullptr;
};

std::string library_path() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / "libtailrace-allocations.so").string();
}

// Before the target is started. Empty: it can be tried.
std::string known_cause(const std::string& library, const session::description& described) {
  if (::access(library.c_str(), R_OK) != 0) {
    return library +
           " is not there: a build with sanitizers, or without the GNU C library, has none";
  }
  return described.own_allocator ? described.language + " has its own allocator" : "";
}

}  // namespace

void count_allocations(const measured_target& target, int repeat, cost_sheet& sheet) {
  const auto absent = [&](const std::string& cause) {
    sheet.add_absent("allocations", cause);
    sheet.add_absent("allocated_bytes", cause);
  };
  const std::string library = library_path();
  const std::string cause = known_cause(library, target.described);
  if (!cause.empty()) return absent(cause);

  const shared_record shared;
  session::target_request request = target.request();
  request.in_child = [&library, fd = shared.descriptor()] {
    ::fcntl(fd, F_SETFD, 0);  // this one goes on into the program
    ::setenv("LD_PRELOAD", library.c_str(), 1);
    ::setenv(allocation_variable, std::to_string(fd).c_str(), 1);
    return 0;
  };
  serving_target serving(target, request, target.limits());
  echo_rounds& load = serving.load;
  load.open(target.options.connections);
  load.rounds(warm_rounds);
  const shared_record::tally before = shared.read();
  if (before.processes == 0 || before.calls == 0) {
    return absent("the target does not use the C library's allocator");
  }
  const std::int64_t operations_before = load.operations();
  load.rounds(measured_rounds);
  const shared_record::tally after = shared.read();
  const std::int64_t operations = load.operations() - operations_before;
  serving.session.stop();
  const auto each = [&](std::uint64_t of_all) {
    return static_cast<double>(of_all) / static_cast<double>(operations);
  };
  sheet.add(repeat, {"allocations", "calls/op", metric_kind::exact, {}, operations},
            each(after.calls - before.calls));
  sheet.add(repeat, {"allocated_bytes", "bytes/op", metric_kind::exact, {}, operations},
            each(after.bytes - before.bytes));
}

}  // namespace tailrace::cost
