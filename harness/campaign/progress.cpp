// SPDX-License-Identifier: MIT
// See progress.hpp.
#include "harness/campaign/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cmath>

namespace tailrace::campaign {
namespace {

constexpr int bar_cells = 10;

std::size_t terminal_columns(std::FILE* out) {
  winsize size{};
  if (::ioctl(::fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

void tally::count(const std::string& status) {
  if (status == "ok") ++ok;
  if (status == "overloaded") ++overloaded;
  if (status == "invalid") ++invalid;
  if (status == "failed") ++failed;
  if (status == "skipped") ++skipped;
}

std::string tally::text() const {
  return fmt::format("{} ok, {} overloaded, {} invalid, {} failed, {} skipped", ok, overloaded,
                     invalid, failed, skipped);
}

std::string cut_to(const std::string& text, std::size_t columns) {
  std::size_t at = 0;
  for (std::size_t seen = 0; at < text.size(); ++at) {
    // Bytes of the form 10xxxxxx continue a character.
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xc0U) != 0x80U;
    if (begins && ++seen > columns) break;
  }
  return text.substr(0, at);
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(std::lround(std::max(0.0, seconds)));
  if (whole < 90) return fmt::format("{} s", whole);
  if (whole < 5400) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

progress::progress(std::FILE* out, bool terminal, int done_before, std::vector<double> expected_s)
    : out_(out),
      terminal_(terminal),
      done_before_(done_before),
      total_(done_before + static_cast<int>(expected_s.size())),
      expected_s_(std::move(expected_s)) {}

double progress::remaining_s() const {
  double expected = 0;
  for (std::size_t i = done_; i < expected_s_.size(); ++i)
    expected += expected_s_[i];
  // What the machine took so far against what was expected corrects the rest.
  const double factor = spent_expected_s_ > 5 ? spent_s_ / spent_expected_s_ : 1;
  return expected * factor;
}

void progress::clear_line() {
  if (terminal_) fmt::print(out_, "\r\033[K");
}

void progress::note(const std::string& text) {
  if (terminal_) return;
  fmt::print(out_, "{}\n", text);
  std::fflush(out_);
}

void progress::begin_step(const std::string& doing) {
  if (!terminal_) return;
  const int done = done_before_ + static_cast<int>(done_);
  const int filled = total_ > 0 ? bar_cells * done / total_ : 0;
  const std::string line =
      fmt::format("[{:#<{}}{:.<{}}] {}, {} left{}{}", "", filled, "", bar_cells - filled, doing,
                  duration_text(remaining_s()), resolution_.empty() ? "" : "; ", resolution_);
  clear_line();
  fmt::print(out_, "{}", cut_to(line, terminal_columns(out_) - 1));
  std::fflush(out_);
}

void progress::end_step(const std::string& id, const std::string& status, const std::string& cause,
                        double wall_s) {
  spent_s_ += wall_s;
  if (done_ < expected_s_.size()) spent_expected_s_ += expected_s_[done_];
  ++done_;
  clear_line();
  // Only what is not plain ok deserves a line that stays.
  if (status != "ok" || !cause.empty()) {
    fmt::print(out_, "{}/{} {} {:.1f} s: {}{}\n", done_before_ + static_cast<int>(done_), total_,
               id, wall_s, status, cause.empty() ? "" : " (" + cause + ")");
  }
  std::fflush(out_);
}

void progress::end_generation(int number, int of, const std::string& resolution) {
  resolution_ = resolution;
  note(fmt::format("generation {} of {}: {}{}{} left", number, of, resolution_,
                   resolution_.empty() ? "" : "; ", duration_text(remaining_s())));
}

void progress::finish() {
  clear_line();
  std::fflush(out_);
}

}  // namespace tailrace::campaign
