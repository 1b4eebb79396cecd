// SPDX-License-Identifier: MIT
// See child_output.hpp.
#include "harness/session/child_output.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "harness/observe/clock.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace::session {
namespace {

constexpr std::size_t error_tail_bytes = 2048;
constexpr std::int64_t slice_ns = 100'000'000;  // how late Ctrl-C may be noticed

}  // namespace

void output_pump::wait(std::int64_t deadline_ns) {
  throw_if_interrupted();
  take_ready(std::clamp<std::int64_t>(deadline_ns - observe::monotonic_ns(), 0, slice_ns));
}

bool output_pump::take_ready(std::int64_t limit_ns) {
  std::vector<pollfd> fds;
  std::vector<std::pair<child_output*, bool>> owners;
  for (child_output* each : outputs_) {
    for (const bool is_error : {false, true}) {
      const int fd = is_error ? each->err_fd_ : each->out_fd_;
      if (fd < 0) continue;
      fds.push_back({fd, POLLIN, 0});
      owners.emplace_back(each, is_error);
    }
  }
  const timespec timeout = {limit_ns / observe::ns_per_s, limit_ns % observe::ns_per_s};
  if (::ppoll(fds.data(), fds.size(), &timeout, nullptr) <= 0) return false;
  for (std::size_t i = 0; i < fds.size(); ++i) {
    if (fds[i].revents == 0) continue;
    auto [owner, is_error] = owners[i];
    owner->take(is_error ? owner->err_fd_ : owner->out_fd_, is_error);
  }
  return true;
}

void output_pump::drain() {
  constexpr int most = 64;
  for (int i = 0; i < most && take_ready(0); ++i) {
  }
}

void output_pump::drain_until(std::int64_t deadline_ns) {
  while (observe::monotonic_ns() < deadline_ns)
    wait(deadline_ns);
}

child_output::child_output(output_pump& pump, child_process& child, output_limits limits)
    : pump_(pump),
      child_(child),
      limits_(limits),
      out_fd_(child.out_fd()),
      err_fd_(child.err_fd()) {
  pump_.outputs_.push_back(this);
}

child_output::~child_output() {
  std::erase(pump_.outputs_, this);
}

void child_output::take(int& fd, bool is_error) {
  char piece[65536];
  const ssize_t count = ::read(fd, piece, sizeof piece);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    fd = -1;  // the process object owns and closes it
    return;
  }
  const std::string_view text(piece, static_cast<std::size_t>(count));
  if (is_error) {
    error_ += text;
    if (error_.size() > 2 * error_tail_bytes) error_.erase(0, error_.size() - error_tail_bytes);
    return;
  }
  total_ += text.size();
  // Beyond the limit it is read and dropped: the child is not stalled, and memory stays bounded.
  if (total_ <= limits_.total_bytes) pending_ += text;
}

child_output::outcome child_output::next_line(std::int64_t deadline_ns, std::string& line) {
  for (;;) {
    const auto end = pending_.find('\n');
    if (std::min(end, pending_.size()) > limits_.line_bytes) return outcome::line_too_long;
    if (end != std::string::npos) {
      line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      return outcome::line;
    }
    if (total_ > limits_.total_bytes) return outcome::too_much;
    if (ended()) {
      if (pending_.empty()) return outcome::ended;
      line = std::move(pending_);
      pending_.clear();
      return outcome::torn;
    }
    if (observe::monotonic_ns() >= deadline_ns) return outcome::late;
    pump_.wait(deadline_ns);
  }
}

child_output::outcome child_output::everything(std::int64_t deadline_ns, std::string& text) {
  while (!ended()) {
    if (total_ > limits_.total_bytes) return outcome::too_much;
    if (observe::monotonic_ns() >= deadline_ns) return outcome::late;
    pump_.wait(deadline_ns);
  }
  if (total_ > limits_.total_bytes) return outcome::too_much;
  text = std::move(pending_);
  pending_.clear();
  return outcome::ended;
}

std::optional<int> child_output::wait_exit(std::int64_t deadline_ns) {
  for (;;) {
    const auto status = child_.poll_exit();
    const std::int64_t now_ns = observe::monotonic_ns();
    if (status || now_ns >= deadline_ns) return status;
    pump_.drain_until(std::min(deadline_ns, now_ns + observe::ns_per_ms));
  }
}

std::string child_output::error_tail() const {
  const std::size_t from = error_.size() > error_tail_bytes ? error_.size() - error_tail_bytes : 0;
  std::string tail = error_.substr(from);
  for (char& c : tail) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte > 0x7e) c = '?';
  }
  return tail;
}

std::string quoted_excerpt(std::string_view text, std::size_t most) {
  std::string excerpt(text.substr(0, most));
  for (char& c : excerpt) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e) c = '?';
  }
  return "\"" + excerpt + (text.size() > most ? "...\"" : "\"");
}

}  // namespace tailrace::session
