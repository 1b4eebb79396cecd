// SPDX-License-Identifier: MIT
// tailrace-target-plain-libuv: echo in callbacks of libuv, as its guide shows it (a buffer and a
// write request from malloc for each message), or as lean as libuv allows: one buffer for all, a
// write at once, and a request only for what the socket did not take.
#include <uv.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "harness/targets/loop_target.hpp"
#include "harness/tests/plain_counts.hpp"
#include "runtimes/base/check.hpp"

namespace tailrace {
namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr std::size_t unsent_most = 256 * 1024;  // then it stops reading until all is sent

class plain_libuv_loop {
 public:
  plain_libuv_loop(int listener, const option_values& options)
      : lean_(options.text("style") == "lean") {
    uv_loop_init(&loop_);
    loop_.data = this;
    uv_async_init(&loop_, &stop_,
                  [](uv_async_t* async) { uv_walk(async->loop, &close_any, nullptr); });
    uv_tcp_init(&loop_, &listener_);
    const int opened = uv_tcp_open(&listener_, listener);
    TAILRACE_CHECK_VALUES(opened == 0, opened, 0);
    const int listening =
        uv_listen(reinterpret_cast<uv_stream_t*>(&listener_), 4096, &on_connection);
    TAILRACE_CHECK_VALUES(listening == 0, listening, 0);
  }
  ~plain_libuv_loop() { uv_loop_close(&loop_); }

  void run() { uv_run(&loop_, UV_RUN_DEFAULT); }
  void stop() { uv_async_send(&stop_); }

  served_counts counts() const { return counted_.seen(); }

 private:
  struct connection {
    uv_tcp_t tcp;
    plain_libuv_loop* owner;
    int error;
    bool paused;
  };
  struct write {
    uv_write_t request;
    char* bytes;
    std::size_t size;
  };

  static plain_libuv_loop& of(uv_loop_t* loop) {
    return *static_cast<plain_libuv_loop*>(loop->data);
  }
  static uv_handle_t* handle_of(connection* peer) {
    return reinterpret_cast<uv_handle_t*>(&peer->tcp);
  }
  static uv_stream_t* stream_of(connection* peer) {
    return reinterpret_cast<uv_stream_t*>(&peer->tcp);
  }
  static connection* connection_of(uv_handle_t* handle) {
    return static_cast<connection*>(handle->data);
  }

  static void close(connection* peer, int error) {
    if (uv_is_closing(handle_of(peer)) != 0) return;
    peer->error = -error;
    uv_close(handle_of(peer), &on_close);
  }
  static void on_close(uv_handle_t* handle) {
    connection* const peer = connection_of(handle);
    peer->owner->counted_.add_end(peer->error);
    std::free(peer);
  }
  static void close_any(uv_handle_t* handle, void*) {
    if (uv_is_closing(handle) != 0) return;
    const bool peer = handle->type == UV_TCP && handle->data != nullptr;
    uv_close(handle, peer ? &on_close : nullptr);
  }

  static void on_connection(uv_stream_t* listener, int status) {
    plain_libuv_loop& owner = of(listener->loop);
    if (status < 0) return owner.counted_.accept_errors.add(1);
    auto* const peer = static_cast<connection*>(std::calloc(1, sizeof(connection)));
    peer->owner = &owner;
    uv_tcp_init(listener->loop, &peer->tcp);
    peer->tcp.data = peer;
    owner.counted_.accepted.add(1);
    const int error = uv_accept(listener, stream_of(peer));
    if (error != 0) return close(peer, error);
    uv_tcp_nodelay(&peer->tcp, 1);
    uv_read_start(stream_of(peer), &allocate, &on_read);
  }

  static void allocate(uv_handle_t* handle, std::size_t, uv_buf_t* into) {
    plain_libuv_loop& owner = of(handle->loop);
    char* const bytes = owner.lean_ ? owner.buffer_ : static_cast<char*>(std::malloc(buffer_bytes));
    *into = uv_buf_init(bytes, buffer_bytes);
  }

  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
    connection* const peer = connection_of(reinterpret_cast<uv_handle_t*>(stream));
    plain_libuv_loop& owner = *peer->owner;
    if (count > 0) {
      owner.counted_.received_bytes.add(static_cast<std::uint64_t>(count));
      return owner.reply(peer, buffer->base, static_cast<std::size_t>(count));
    }
    if (!owner.lean_) std::free(buffer->base);
    if (count == 0) return;  // nothing there after all
    if (count != UV_EOF) return close(peer, static_cast<int>(count));
    // What is still queued goes out first.
    auto* const request = static_cast<uv_shutdown_t*>(std::malloc(sizeof(uv_shutdown_t)));
    uv_shutdown(request, stream, [](uv_shutdown_t* done, int) {
      connection* const ended = connection_of(reinterpret_cast<uv_handle_t*>(done->handle));
      std::free(done);
      close(ended, 0);
    });
  }

  void reply(connection* peer, char* bytes, std::size_t size) {
    if (lean_) {
      const uv_buf_t all = uv_buf_init(bytes, static_cast<unsigned>(size));
      const int written = uv_try_write(stream_of(peer), &all, 1);
      if (written < 0 && written != UV_EAGAIN) return close(peer, written);
      const std::size_t done = written < 0 ? 0 : static_cast<std::size_t>(written);
      counted_.sent_bytes.add(done);
      if (done == size) return;
      size -= done;
      auto* const rest = static_cast<char*>(std::malloc(size));
      std::memcpy(rest, bytes + done, size);
      bytes = rest;
    }
    auto* const made = static_cast<write*>(std::malloc(sizeof(write)));
    made->bytes = bytes;
    made->size = size;
    const uv_buf_t all = uv_buf_init(bytes, static_cast<unsigned>(size));
    uv_write(&made->request, stream_of(peer), &all, 1, &on_written);
    if (uv_stream_get_write_queue_size(stream_of(peer)) < unsent_most) return;
    peer->paused = true;
    uv_read_stop(stream_of(peer));
  }

  static void on_written(uv_write_t* request, int status) {
    auto* const done = reinterpret_cast<write*>(request);
    connection* const peer = connection_of(reinterpret_cast<uv_handle_t*>(request->handle));
    if (status == 0) peer->owner->counted_.sent_bytes.add(done->size);
    std::free(done->bytes);
    std::free(done);
    if (status < 0) return close(peer, status);
    if (!peer->paused || uv_stream_get_write_queue_size(stream_of(peer)) > 0) return;
    peer->paused = false;
    uv_read_start(stream_of(peer), &allocate, &on_read);
  }

  plain_counts counted_;
  const bool lean_;
  uv_loop_t loop_;
  uv_async_t stop_;
  uv_tcp_t listener_{};
  char buffer_[buffer_bytes];  // lean
};

}  // namespace
}  // namespace tailrace

int main(int argc, char** argv) {
  using namespace tailrace;
  target_description description;
  description.id = "plain-libuv";
  description.family = "library";
  description.order = 51;
  description.summary = "libuv without an adapter: echo in callbacks; workers=N: N loops";
  description.versions = {{"libuv", uv_version_string()}};
  description.backend = "epoll";
  description.workloads = {"echo"};
  description.options = {choice_option("style", "guide", {"guide", "lean"},
                                       "guide: a buffer and a write request for each message; "
                                       "lean: one buffer, written at once")};
  description.forms = {{"best", {{"style", "lean"}}}, {"default", {}}};
  description.needs = {{"kernel", "2.6.28"}};
  return target_main(argc, argv, description, [](const run_request&) {
    return std::make_unique<loop_target<plain_libuv_loop>>(
        "epoll", [](auto& loops, int listener, const option_values& options) {
          loops.emplace_back(listener, options);
        });
  });
}
