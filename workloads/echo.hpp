// SPDX-License-Identifier: MIT
// The echo workload, once for every runtime: TCP; bytes come back in order until the end of the
// stream; half-close is honoured (what was received before the peer's FIN is still sent); an error
// of one connection never ends the server; a refused accept is counted and tried again after a
// pause.
#pragma once

#include <cerrno>
#include <chrono>
#include <utility>

#include "runtimes/runtime.hpp"
#include "workloads/planted_fault.hpp"
#include "workloads/workload.hpp"

namespace tailrace {

template <Runtime R>
void count_failure(counts_of<R>& counts, io_result result) {
  if (result.cancelled()) return;
  const bool reset = result.error() == ECONNRESET || result.error() == EPIPE;
  (reset ? counts.resets : counts.errors).add(1);
}

// counts outlives the runtime. Work is nothing, for echo itself, or one object whose
// before_reply(bytes) is called with what was received, before it is sent back (hog.hpp).
template <Runtime R, class... Work>
task<void> echo_session(typename R::stream peer, counts_of<R>& counts, Work... work) {
  for (;;) {
    const auto received = co_await peer.receive();
    if (received.bytes().empty()) {
      if (!received.status().ok()) count_failure<R>(counts, received.status());
      break;
    }
    counts.received_bytes.add(received.bytes().size());
    (work.before_reply(received.bytes()), ...);
    const io_result sent = co_await peer.send_all(received);
    if (!sent.ok()) {
      count_failure<R>(counts, sent);
      break;
    }
    counts.sent_bytes.add(sent.count());
  }
  peer.close();
  counts.closed.add(1);
}

// Accepts until stopped. runtime and counts outlive it; so does listener, which the caller owns.
// Each session gets a copy of work.
template <Runtime R, class... Work>
task<void> serve_echo(R& runtime, typename R::listener& listener, counts_of<R>& counts,
                      Work... work) {
  using namespace std::chrono_literals;
  scope<R> sessions(runtime);
  for (;;) {
    auto peer = co_await listener.accept();
    if (peer) {
      counts.accepted.add(1);
      sessions.spawn(echo_session<R>(std::move(*peer), counts, work... TAILRACE_PLANTED_WORK));
      continue;
    }
    if (peer.error() == ECANCELED) break;
    counts.accept_errors.add(1);
    // Out of descriptors or memory: sessions that end will free some.
    const io_result paused = co_await runtime.sleep_until(std::chrono::steady_clock::now() + 10ms);
    if (!paused.ok()) break;
  }
  co_await sessions.join();
}

template <Runtime R>
class echo_workload final : public served_workload<R> {
 public:
  static constexpr const char* name = "echo";
  static std::vector<option_spec> options() { return {}; }

  echo_workload(const option_values&, std::size_t runtimes) : served_workload<R>(runtimes) {}
  task<void> serve(R& runtime, typename R::listener& listener, std::size_t index) override {
    return serve_echo<R>(runtime, listener, this->counts_[index]);
  }
};

}  // namespace tailrace
