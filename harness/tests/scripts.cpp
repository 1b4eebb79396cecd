// SPDX-License-Identifier: MIT
// See scripts.hpp.
#include "harness/tests/scripts.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>
#include <utility>

namespace tailrace::scripted {
namespace {

constexpr std::uint64_t us = 1'000;
constexpr std::uint64_t ms = 1'000'000;

std::uint64_t number(const option_values& options, const char* name) {
  return static_cast<std::uint64_t>(options.integer(name));
}

class echo_script : public script {
 public:
  void on_data(server& on, connection& from, bytes_view bytes) override { on.reply(from, bytes); }
};

class discard_script : public script {
 public:
  void on_data(server&, connection&, bytes_view) override {}
};

// Replies a fixed response to each end of a header block, however requests are cut or joined.
// Requests have no body: what follows the blank line is the next request.
class http_script : public script {
 public:
  http_script() {
    const std::string_view body = "Hello, World!";
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
                             std::to_string(body.size()) + "\r\n\r\n";
    for (std::size_t i = 0; i < batch; ++i)
      responses_ += head + std::string(body);
    response_bytes_ = responses_.size() / batch;
  }

  void on_data(server& on, connection& from, bytes_view bytes) override {
    static constexpr std::string_view end = "\r\n\r\n";
    std::size_t requests = 0;
    for (const std::byte each : bytes) {
      const char character = static_cast<char>(each);
      if (character == end[from.matched]) {
        if (++from.matched == end.size()) {
          from.matched = 0;
          ++requests;
        }
      } else {
        from.matched = character == '\r' ? 1 : 0;
      }
    }
    // One piece, so that the connection cannot end between two of them.
    if (requests == 0) return;
    if (requests > batch) {
      std::string many;
      for (std::size_t i = 0; i < requests; ++i)
        many.append(responses_, 0, response_bytes_);
      return on.reply(from, std::as_bytes(std::span(many)));
    }
    on.reply(from, std::as_bytes(std::span(responses_)).first(requests * response_bytes_));
  }

 private:
  static constexpr std::size_t batch = 64;
  std::string responses_;
  std::size_t response_bytes_;
};

class delay_script : public script {
 public:
  explicit delay_script(std::uint64_t delay_ns) : delay_ns_(delay_ns) {}
  void on_data(server& on, connection& from, bytes_view bytes) override {
    on.reply_at(server::now_ns() + delay_ns_, from, bytes);
  }

 private:
  std::uint64_t delay_ns_;
};

// Every k-th message is slow, the others fast.
class bimodal_script : public script {
 public:
  bimodal_script(std::uint64_t fast_ns, std::uint64_t slow_ns, std::uint64_t slow_every)
      : fast_ns_(fast_ns), slow_ns_(slow_ns), slow_every_(slow_every) {}
  void on_data(server& on, connection& from, bytes_view bytes) override {
    const bool slow = ++messages_ % slow_every_ == 0;
    on.reply_at(server::now_ns() + (slow ? slow_ns_ : fast_ns_), from, bytes);
  }

 private:
  std::uint64_t fast_ns_;
  std::uint64_t slow_ns_;
  std::uint64_t slow_every_;
  std::uint64_t messages_ = 0;
};

// The whole server stands still: once, so long after the first byte, or for the first part of each
// period since then. A stall of a period is a part of the wall clock: a message that comes in its
// midst waits for what is left of it, and none waits for a stall that passed while nothing came.
class stall_script : public script {
 public:
  struct times {
    std::uint64_t after_ns;
    std::uint64_t length_ns;
    std::uint64_t period_ns;  // 0: once
  };
  using halt = void (*)(std::uint64_t for_ns);

  stall_script(const times& when, halt how) : when_(when), halt_(how) {}
  void on_data(server& on, connection& from, bytes_view bytes) override {
    if (const std::uint64_t left_ns = left_of_stall(server::now_ns()); left_ns > 0) halt_(left_ns);
    on.reply(from, bytes);
  }

 private:
  std::uint64_t left_of_stall(std::uint64_t now_ns) {
    if (first_ns_ == 0) first_ns_ = now_ns;
    if (now_ns < first_ns_ + when_.after_ns) return 0;
    if (when_.period_ns == 0) return std::exchange(stalled_, true) ? 0 : when_.length_ns;
    const std::uint64_t phase = (now_ns - first_ns_ - when_.after_ns) % when_.period_ns;
    return phase < when_.length_ns ? when_.length_ns - phase : 0;
  }

  times when_;
  halt halt_;
  std::uint64_t first_ns_ = 0;
  bool stalled_ = false;
};

void sleep_for(std::uint64_t for_ns) {
  timespec pause{static_cast<time_t>(for_ns / (1000 * ms)),
                 static_cast<long>(for_ns % (1000 * ms))};
  while (::nanosleep(&pause, &pause) != 0) {
  }
}

// By SIGSTOP, from a child: a stopped process cannot wake itself.
void stop_for(std::uint64_t for_ns) {
  const pid_t self = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    ::kill(self, SIGSTOP);
    sleep_for(for_ns);
    ::kill(self, SIGCONT);
    ::_exit(0);
  }
  while (child > 0 && ::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// Echoes, after work that is known for each message.
class working_script : public echo_script {
 public:
  working_script(std::uint64_t burn_ns, std::uint64_t calls, std::uint64_t allocations)
      : burn_ns_(burn_ns), calls_(calls), allocations_(allocations) {}
  void on_data(server& on, connection& from, bytes_view bytes) override {
    for (std::uint64_t i = 0; i < calls_; ++i)
      ::syscall(SYS_getppid);
    for (std::uint64_t i = 0; i < allocations_; ++i) {
      void* volatile kept = std::malloc(allocated_bytes);  // volatile: or it would be left out
      std::free(kept);
    }
    if (burn_ns_ > 0) burn();
    echo_script::on_data(on, from, bytes);
  }

 private:
  static constexpr std::size_t allocated_bytes = 100;
  void burn() const {
    const std::uint64_t begin_ns = cpu_ns();
    while (cpu_ns() < begin_ns + burn_ns_) {
    }
  }
  static std::uint64_t cpu_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * (1000 * ms) +
           static_cast<std::uint64_t>(now.tv_nsec);
  }
  std::uint64_t burn_ns_;
  std::uint64_t calls_;
  std::uint64_t allocations_;
};

class holding_script : public echo_script {
 public:
  explicit holding_script(std::size_t bytes) : bytes_(bytes) {}
  std::size_t held_bytes() const override { return bytes_; }

 private:
  std::size_t bytes_;
};

// Echoes each connection's first bytes, then ends it in the midst of a message.
class ending_script : public script {
 public:
  ending_script(std::uint64_t after_bytes, bool by_reset)
      : after_bytes_(after_bytes), by_reset_(by_reset) {}
  void on_data(server& on, connection& from, bytes_view bytes) override {
    if (from.received < after_bytes_) return on.reply(from, bytes);
    const std::uint64_t over = std::min<std::uint64_t>(from.received - after_bytes_, bytes.size());
    if (by_reset_) return on.reset(from);
    // Unread bytes would turn the FIN into a reset; they have just been read.
    from.ended = true;
    on.reply(from, bytes.first(bytes.size() - over));
  }

 private:
  std::uint64_t after_bytes_;
  bool by_reset_;
};

// Spoils the byte at one place of each connection's stream, or adds one after it.
class spoiling_script : public script {
 public:
  spoiling_script(std::uint64_t at_byte, bool adds) : at_byte_(at_byte), adds_(adds) {}
  void on_data(server& on, connection& from, bytes_view bytes) override {
    const std::uint64_t start = from.received - bytes.size();
    if (at_byte_ < start || at_byte_ >= from.received) return on.reply(from, bytes);
    std::vector<std::byte> spoilt(bytes.begin(), bytes.end());
    const auto place = spoilt.begin() + static_cast<std::ptrdiff_t>(at_byte_ - start);
    if (adds_) {
      spoilt.insert(place + 1, *place);
    } else {
      *place ^= std::byte{0xff};
    }
    on.reply(from, spoilt);
  }

 private:
  std::uint64_t at_byte_;
  bool adds_;
};

class slow_reader_script : public echo_script {
 public:
  explicit slow_reader_script(std::uint64_t bytes_per_s)
      : bytes_(std::max<std::uint64_t>(bytes_per_s / 100, 1)) {}
  std::size_t read_bytes_max() const override { return bytes_; }
  std::uint64_t pace_ns() const override { return 10 * ms; }

 private:
  std::size_t bytes_;
};

class unread_script : public discard_script {
 public:
  bool reads() const override { return false; }
};

}  // namespace

std::vector<option_spec> calibration_options() {
  return {
      choice_option("behaviour", "echo",
                    {"echo", "delay", "bimodal", "stall", "stop", "work", "hold", "close", "reset",
                     "wrong-bytes", "extra-bytes", "slow-reader", "never-reads"},
                    "what it does with what arrives"),
      integer_option("delay_us", 1000, 0, 60'000'000, "delay, bimodal: of a reply"),
      integer_option("slow_us", 10'000, 0, 60'000'000, "bimodal: of a slow reply"),
      integer_option("slow_every", 100, 1, 1'000'000'000, "bimodal: one slow reply in so many"),
      integer_option("stall_after_ms", 500, 0, 3'600'000,
                     "stall, stop (the same by SIGSTOP): so long after the first byte"),
      integer_option("stall_ms", 200, 0, 3'600'000, "stall, stop: its length"),
      integer_option("stall_every_ms", 0, 0, 3'600'000,
                     "stall, stop: from start to start; 0: once"),
      integer_option("burn_us", 0, 0, 1'000'000, "work: CPU time of each message"),
      integer_option("calls", 0, 0, 1'000'000, "work: system calls (getppid) of each message"),
      integer_option("allocations", 0, 0, 1'000'000, "work: malloc and free of each message"),
      integer_option("held_bytes", 16'384, 0, 1 << 30, "hold: memory of each connection"),
      integer_option("awake_us", 0, 0, 60'000'000,
                     "polls so long after the last event in place of sleeping"),
      integer_option("copy", 0, 0, 1'000'000, "changes nothing: to have one behaviour twice"),
      integer_option("after_bytes", 1000, 0, 1'000'000'000'000,
                     "close, reset, wrong-bytes, extra-bytes: place in each connection's stream"),
      integer_option("read_bytes_per_s", 10'000, 100, 1'000'000'000, "slow-reader: its rate"),
  };
}

namespace {

std::unique_ptr<script> make_behaviour(const option_values& options) {
  const std::string& name = options.text("behaviour");
  const std::uint64_t delay_ns = number(options, "delay_us") * us;
  const std::uint64_t after_bytes = number(options, "after_bytes");
  if (name == "delay") return std::make_unique<delay_script>(delay_ns);
  if (name == "bimodal") {
    return std::make_unique<bimodal_script>(delay_ns, number(options, "slow_us") * us,
                                            number(options, "slow_every"));
  }
  if (name == "stall" || name == "stop") {
    const stall_script::times when = {number(options, "stall_after_ms") * ms,
                                      number(options, "stall_ms") * ms,
                                      number(options, "stall_every_ms") * ms};
    return std::make_unique<stall_script>(when, name == "stop" ? stop_for : sleep_for);
  }
  if (name == "work") {
    return std::make_unique<working_script>(
        number(options, "burn_us") * us, number(options, "calls"), number(options, "allocations"));
  }
  if (name == "hold") return std::make_unique<holding_script>(number(options, "held_bytes"));
  if (name == "close") return std::make_unique<ending_script>(after_bytes, false);
  if (name == "reset") return std::make_unique<ending_script>(after_bytes, true);
  if (name == "wrong-bytes") return std::make_unique<spoiling_script>(after_bytes, false);
  if (name == "extra-bytes") return std::make_unique<spoiling_script>(after_bytes, true);
  if (name == "slow-reader") {
    return std::make_unique<slow_reader_script>(number(options, "read_bytes_per_s"));
  }
  if (name == "never-reads") return std::make_unique<unread_script>();
  return std::make_unique<echo_script>();
}

}  // namespace

std::unique_ptr<script> make_calibration(const option_values& options) {
  std::unique_ptr<script> made = make_behaviour(options);
  made->awake_ns = number(options, "awake_us") * us;
  return made;
}

option_spec null_mode_option() {
  return choice_option("mode", "echo", {"echo", "http", "discard"},
                       "reply with the same bytes, a fixed HTTP response a request, or nothing");
}

std::unique_ptr<script> make_null(const std::string& mode) {
  if (mode == "http") return std::make_unique<http_script>();
  if (mode == "discard") return std::make_unique<discard_script>();
  return std::make_unique<echo_script>();
}

}  // namespace tailrace::scripted
