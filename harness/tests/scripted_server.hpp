// SPDX-License-Identifier: MIT
// A single-threaded epoll server whose behaviour is a script: the servers that the harness must
// measure correctly (fixed delay, stall, wrong bytes ...) and those that the conformance checks
// must catch. It is not a contestant: a connection's state is as large as it likes. Threads: run()
// on the worker; stop() and counts() from any thread.
#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <queue>
#include <span>
#include <unordered_map>
#include <vector>

#include "workloads/counts.hpp"
#include "workloads/options.hpp"

namespace tailrace::scripted {

using bytes_view = std::span<const std::byte>;

struct connection {
  int descriptor = -1;
  std::uint64_t serial = 0;    // tells connections apart that had the same descriptor
  std::uint64_t received = 0;  // bytes, of this connection
  std::uint64_t due_ns = 0;    // of its last delayed reply: replies keep their order
  std::vector<std::byte> unsent;
  std::size_t unsent_from = 0;
  bool paused = false;          // reading waits for a timer
  bool ended = false;           // the peer's FIN has come; closes once nothing is left to send
  int delayed = 0;              // replies that wait for their time
  unsigned matched = 0;         // of "\r\n\r\n", for the HTTP script
  std::vector<std::byte> held;  // known memory of a connection, all of it touched
};

class server;

// What is done with what arrives. One object a worker.
class script {
 public:
  virtual ~script() = default;
  virtual void on_data(server& on, connection& from, bytes_view bytes) = 0;
  virtual bool reads() const { return true; }
  // At most this much is read of a connection each `pace_ns`; 0: no limit.
  virtual std::size_t read_bytes_max() const { return 65536; }
  // At most this much is sent by one call.
  virtual std::size_t send_bytes_max() const { return SIZE_MAX; }
  virtual std::uint64_t pace_ns() const { return 0; }
  // So much memory is held for each connection.
  virtual std::size_t held_bytes() const { return 0; }
  // So long after the last event the server polls in place of sleeping: what is known of its times
  // is then free of the time that an idle CPU takes to wake up.
  std::uint64_t awake_ns = 0;
};

// Defects that no useful server has, for the tests of the conformance checks.
struct faults {
  bool loses_unsent = false;       // what the first short send does not take is forgotten
  bool buffers_all = false;        // reads on while the peer takes nothing
  bool closes_at_fin = false;      // forgets what is unsent when the FIN comes
  bool leaks_descriptors = false;  // one a closed connection
  bool dies_of_reset = false;
  bool dies_of_descriptors = false;
  bool spins_for_descriptors = false;
  bool stays_deaf = false;      // having run out of descriptors once, accepts no more
  bool keeps_serving = false;   // after stop, until all peers have left
  bool miscounts = false;       // resets are errors
  int ignores_after = 1 << 30;  // connections from this number on get no answer
  int closes_after = 1 << 30;   // later connections than so many are closed on accept
};

class server {
 public:
  server(int listener, std::unique_ptr<script> play, const faults& wrong = {});
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  void run();
  void stop() noexcept;
  served_counts counts() const;

  // For scripts, on the worker:
  void reply(connection& to, bytes_view bytes);
  void reply_at(std::uint64_t when_ns, connection& to, bytes_view bytes);
  void reset(connection& which);
  void vanish();  // closes the listener and every connection
  static std::uint64_t now_ns();

 private:
  struct timer {
    std::uint64_t due_ns;
    std::uint64_t order;  // equal times keep their order
    int descriptor;
    std::uint64_t serial;
    bool resumes;  // ends a pause in place of sending
    std::vector<std::byte> bytes;
    bool operator<(const timer& other) const {  // the earliest first
      return due_ns != other.due_ns ? due_ns > other.due_ns : order > other.order;
    }
  };

  int wait(epoll_event* events, int most);
  void run_timers();
  void serve(int descriptor, std::uint32_t events);
  void accept_all();
  void read(connection& from);
  void at_end_of_stream(connection& from);
  void send_unsent(connection& to);
  void watch(connection& which);
  void fail(connection& which, int error_number);
  void close(connection& which);
  void arm_listener(bool armed);
  void publish();

  int epoll_;
  int listener_;
  int wake_;
  bool listener_armed_ = true;
  bool stopping_ = false;
  std::unique_ptr<script> script_;
  faults faults_;
  std::unordered_map<int, connection> connections_;
  std::priority_queue<timer> timers_;
  std::uint64_t serials_ = 0;
  std::uint64_t orders_ = 0;
  std::uint64_t last_event_ns_ = 0;
  std::vector<std::byte> buffer_;
  served_counts here_;
  mutable std::mutex shown_lock_;  // guards shown_
  served_counts shown_;
};

}  // namespace tailrace::scripted
