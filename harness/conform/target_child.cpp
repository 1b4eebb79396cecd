// SPDX-License-Identifier: MIT
// See target_child.hpp.
#include "harness/conform/target_child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

namespace tailrace::conform {
namespace {

constexpr std::size_t line_bytes_max = 1 << 20;
constexpr std::size_t error_bytes_max = 64 << 10;

[[noreturn]] void refused(const char* call) {
  throw check_failed(std::string("this machine refuses the check itself: ") + call + ": " +
                     std::strerror(errno));
}

int wait_ms(steady::time_point until) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - steady::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left + 1, 0, 1'000'000));
}

// The child's side between fork and exec: async-signal-safe calls alone.
[[noreturn]] void become(char* const* arguments, int input, int output, int errors,
                         const rlimit& descriptors) {
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  ::signal(SIGPIPE, SIG_DFL);
  ::setrlimit(RLIMIT_NOFILE, &descriptors);
  ::execvp(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

target_child::target_child(const std::string& target, const how& wanted) {
  std::vector<std::string> words{target};
  words.insert(words.end(), wanted.arguments.begin(), wanted.arguments.end());
  std::vector<char*> arguments;
  for (std::string& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);

  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  if (wanted.descriptor_limit > 0) {
    descriptors.rlim_cur = static_cast<rlim_t>(wanted.descriptor_limit);
    descriptors.rlim_max = descriptors.rlim_cur;
  }
  std::array<int, 2> input;
  std::array<int, 2> output;
  if (::pipe2(input.data(), O_CLOEXEC) != 0 || ::pipe2(output.data(), O_CLOEXEC) != 0) {
    refused("pipe2");
  }
  errors_ = ::memfd_create("standard error of the target", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (errors_ < 0) refused("memfd_create");
  if (::ftruncate(errors_, error_bytes_max) != 0) refused("ftruncate");
  if (::fcntl(errors_, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0) refused("F_ADD_SEALS");

  pid_ = ::fork();
  if (pid_ < 0) refused("fork");
  if (pid_ == 0) become(arguments.data(), input[0], output[1], errors_, descriptors);
  ::close(input[0]);
  ::close(output[1]);
  input_ = input[1];
  output_ = output[0];
  ::fcntl(output_, F_SETFL, O_NONBLOCK);
  ::fcntl(input_, F_SETFL, O_NONBLOCK);
}

target_child::~target_child() {
  if (!status_) {
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  close_input();
  ::close(output_);
  ::close(errors_);
}

std::optional<std::string> target_child::next_line(steady::time_point until) {
  for (;;) {
    const std::size_t end = pending_.find('\n');
    if (end != std::string::npos) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      return line;
    }
    require(pending_.size() < line_bytes_max, "a line of output exceeds 1 MiB");
    if (output_ended_) {
      require(pending_.empty(), "the last line of output has no end");
      return std::nullopt;
    }
    pollfd readable{output_, POLLIN, 0};
    if (::poll(&readable, 1, wait_ms(until)) == 0) {
      throw check_failed(
          "no answer on standard output in time" +
          (error_text().empty() ? std::string() : " (stderr: " + error_text() + ")"));
    }
    std::array<char, 65536> buffer;
    const ssize_t count = ::read(output_, buffer.data(), buffer.size());
    if (count > 0) pending_.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0) output_ended_ = true;
    if (count < 0 && errno != EAGAIN && errno != EINTR) refused("read");
  }
}

target_event target_child::expect(const std::string& kind, steady::time_point until) {
  const std::optional<target_event> event = next_event(until);
  if (!event) {
    throw check_failed("standard output ended where a '" + kind + "' event was due" +
                       (error_text().empty() ? "" : " (stderr: " + error_text() + ")"));
  }
  if (event->kind != kind) {
    throw check_failed("a '" + event->kind + "' event came where '" + kind + "' was due" +
                       (event->message.empty() ? "" : ": " + event->message));
  }
  return *event;
}

void target_child::command(const std::string& word) {
  write_raw(word + "\n");
}

// The pipe holds 64 KiB: a target that reads nothing blocks nobody, the answer fails to come.
void target_child::write_raw(const std::string& bytes) {
  const steady::time_point until = steady::now() + std::chrono::seconds(5);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::write(input_, bytes.data() + done, bytes.size() - done);
    if (count > 0) done += static_cast<std::size_t>(count);
    if (count < 0 && errno == EPIPE) return;
    if (count < 0 && errno == EAGAIN) {
      pollfd writable{input_, POLLOUT, 0};
      require(::poll(&writable, 1, wait_ms(until)) > 0, "standard input is not read");
    }
  }
}

void target_child::close_input() {
  if (input_ >= 0) ::close(input_);
  input_ = -1;
}

void target_child::signal(int number) {
  if (!status_) ::kill(pid_, number);
}

bool target_child::has_ended() {
  if (status_) return true;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

int target_child::exit_code(steady::time_point until) {
  while (!has_ended()) {
    require(steady::now() < until, "the process has not ended in time");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return *status_;
}

std::string target_child::error_text() const {
  std::string text(error_bytes_max, '\0');
  const ssize_t count = ::pread(errors_, text.data(), text.size(), 0);
  if (count < 0) return {};
  text.resize(std::min(static_cast<std::size_t>(count), text.find('\0')));
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  return text;
}

}  // namespace tailrace::conform
