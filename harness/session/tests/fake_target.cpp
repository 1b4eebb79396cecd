// SPDX-License-Identifier: MIT
// A target that misbehaves on demand. `run --set script=NAME` chooses how; the script `good` is a
// plain echo server, one thread a connection. Only for the tests of the harness.
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>

namespace {

// relaxed everywhere: plain tallies, read when the test has stopped sending.
std::atomic<long> accepted{0};
std::atomic<long> closed{0};
std::atomic<long> received{0};
std::atomic<long> sent{0};
constexpr auto relaxed = std::memory_order_relaxed;

void say(const std::string& line) {
  const std::string whole = line + "\n";
  [[maybe_unused]] const ssize_t count = ::write(1, whole.data(), whole.size());
}

// What the script `expensive` does for each message beside echoing it.
void spend() {
  for (int i = 0; i < 3; ++i) [[maybe_unused]]
    const pid_t parent = ::getppid();
  for (int i = 0; i < 2; ++i) {
    void* volatile const memory = std::malloc(100);
    std::free(memory);
  }
}

constexpr long mid_run_bytes = 2000;
constexpr long little_room = 60;  // connections, in the script of that name

[[noreturn]] void flood() {
  const std::string line(4096, 'x');
  for (;;)
    say(line);
}

void serve(int fd, const std::string& script) {
  char bytes[65536];
  for (;;) {
    const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) break;
    received.fetch_add(got, relaxed);
    if (script == "expensive") spend();
    if (script == "dies-under-load") std::abort();
    if (script == "dies-mid-run" && received.load(relaxed) > mid_run_bytes)
      ::kill(::getpid(), SIGKILL);
    if (script == "floods-under-load") flood();
    if (script == "never-answers") continue;
    if (script == "wrong-bytes") bytes[got - 1] = static_cast<char>(bytes[got - 1] ^ 1);
    sent.fetch_add(got, relaxed);
    if (::send(fd, bytes, static_cast<std::size_t>(got), MSG_NOSIGNAL) != got) break;
  }
  ::close(fd);
  closed.fetch_add(1, relaxed);
}

int listen_anywhere(int& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd, generic, size) != 0 || ::listen(fd, 4096) != 0) std::exit(1);
  ::getsockname(fd, generic, &size);
  port = ntohs(address.sin_port);
  return fd;
}

std::string counts_text(bool last, bool broken) {
  const long in = accepted.load(relaxed);
  const long out = last ? in : closed.load(relaxed);
  return "{\"accepted\":" + std::to_string(broken ? in + 7 : in) +
         ",\"closed\":" + std::to_string(out) + ",\"open\":" + std::to_string(in - out) +
         ",\"received_bytes\":" + std::to_string(received.load(relaxed)) +
         ",\"sent_bytes\":" + std::to_string(sent.load(relaxed)) +
         ",\"errors\":0,\"resets\":0,\"accept_errors\":0}";
}

int describe() {
  say(R"({"protocol":2,"id":"fake","family":"floor","order":900,"language":"C++23",)"
      R"("summary":"for tests","versions":{},"backend":"blocking","workloads":["echo","idle"],)"
      R"("options":[{"name":"script","default":"good","values":"text","help":"what it does"}],)"
      R"("forms":{"best":{},"default":{}},"needs":{},"available":true})");
  return 0;
}

void before_ready(const std::string& script) {
  if (script == "garbage") say("this is not json \x01\x02");
  if (script == "dies-at-once") std::abort();
  if (script == "huge-line") say(std::string(5U << 20, 'a'));
  if (script == "floods") flood();
  if (script == "wrong-event") say(R"({"event":"sample"})");
  if (script == "port-in-use" || (script == "no-preload" && std::getenv("LD_PRELOAD") != nullptr)) {
    say(R"({"event":"error","message":"port 80 is in use","remedy":"give another --port"})");
    std::exit(1);
  }
  if (script == "unsupported") {
    say(R"({"event":"error","message":"the kernel is too old","remedy":"use Linux 6.1"})");
    std::exit(3);
  }
  if (script == "never-ready") {
    std::string line;
    while (std::getline(std::cin, line)) {
    }
    std::exit(0);
  }
}

void answer(const std::string& line, const std::string& script) {
  if (line == "sample") {
    if (script == "dies-of-a-sample") std::abort();
    say(R"({"event":"sample","t_ns":1,"counts":)" + counts_text(false, false) + "}");
  }
  if (line == "stop" && script != "ignores-stop") {
    if (script == "garbage-result") return say("[1, 2");
    say(R"({"event":"result","metrics":{},"histograms":{},"counts":)" +
        counts_text(true, script == "bad-counts") + "}");
    if (script == "ends-with-many-words") std::cerr << std::string(200U << 10, 'w') << std::flush;
    if (script != "lingers") ::_exit(script == "exits-7" ? 7 : 0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "describe") return describe();
  std::string script = "good";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("script=")) script = word.substr(7);
  }
  ::signal(SIGPIPE, SIG_DFL);
  before_ready(script);
  int port = 0;
  const int listener = listen_anywhere(port);
  std::thread([listener, &script] {
    for (;;) {
      const int fd = ::accept(listener, nullptr, nullptr);
      if (fd < 0) continue;
      const long before = accepted.fetch_add(1, relaxed);
      if (script == "little-room" && before >= little_room) continue;
      std::thread(serve, fd, script).detach();
    }
  }).detach();
  const std::string granted = script == "little-room"
                                  ? R"({"connections_at_once":)" + std::to_string(little_room) + "}"
                                  : "{}";
  say(R"({"event":"ready","pid":)" + std::to_string(::getpid()) + R"(,"addresses":["127.0.0.1:)" +
      std::to_string(port) + R"("],"backend":"blocking","workers":1,"granted":)" + granted + "}");
  std::string line;
  while (std::getline(std::cin, line))
    answer(line, script);
  ::_exit(0);
}
