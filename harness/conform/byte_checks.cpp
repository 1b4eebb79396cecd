// SPDX-License-Identifier: MIT
// Checks that every byte comes back in order, however it was sent. See check.hpp.
#include <array>
#include <thread>

#include "harness/conform/check.hpp"
#include "harness/conform/peer.hpp"
#include "harness/conform/process_view.hpp"
#include "harness/conform/target_child.hpp"

namespace tailrace::conform {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

void end_cleanly(peer& connection) {
  connection.finish_sending();
  connection.collect_to_end();
}

void single_bytes(context& with) {
  running_target target(with, "echo");
  peer connection(with, target.address(), 1);
  for (int i = 0; i < 300; ++i)
    connection.echo(1);
  end_cleanly(connection);
}

void split_message(context& with) {
  running_target target(with, "echo");
  peer connection(with, target.address(), 1);
  for (const unsigned piece : {1U, 7U, 64U, 500U, 1000U, 1024U, 1500U}) {
    connection.push(piece, std::chrono::milliseconds(1000));
    // The piece is to arrive alone. Nothing depends on that it does.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  connection.collect();
  end_cleanly(connection);
}

void coalesced_messages(context& with) {
  running_target target(with, "echo");
  peer connection(with, target.address(), 1);
  for (int i = 0; i < 20; ++i)
    connection.echo(17 * 1000);
  end_cleanly(connection);
}

void large_messages(context& with) {
  running_target target(with, "echo");
  peer connection(with, target.address(), 1);
  connection.echo(65536 + 1);
  connection.echo(3);
  connection.echo(4 * mebibyte);
  end_cleanly(connection);
}

void late_reader(context& with) {
  running_target target(with, "echo");
  peer connection(with, target.address(), 1);
  // More than any receive buffer of the target: it meets partial sends and has to keep the rest.
  const std::uint64_t taken = connection.push(64 * mebibyte, std::chrono::milliseconds(100));
  require(taken > 0, "nothing at all was taken");
  connection.collect();
  connection.echo(64);
  end_cleanly(connection);
}

void half_close(context& with) {
  running_target target(with, "echo");
  peer silent(with, target.address(), 1);
  end_cleanly(silent);
  peer small(with, target.address(), 2);
  small.push(1000, std::chrono::milliseconds(1000));
  end_cleanly(small);
  // The FIN arrives while the target still has unsent bytes.
  peer large(with, target.address(), 3);
  large.push(16 * mebibyte, std::chrono::milliseconds(100));
  end_cleanly(large);
  target.await_count("open", 0);
}

// Unread echoes must stop the target from reading, not pile up in it.
void backpressure(context& with) {
  running_target target(with, "echo");
  peer other(with, target.address(), 1);
  other.echo(64);
  const auto before = resident_bytes(target.ready().pid);
  peer pushing(with, target.address(), 2);
  const std::uint64_t taken = pushing.push(256 * mebibyte, std::chrono::milliseconds(300));
  const auto after = resident_bytes(target.ready().pid);
  other.echo(64);  // one stuck connection stops no other
  require(taken < 256 * mebibyte, "256 MiB were taken from a peer that reads nothing");
  if (!before || !after) throw check_skipped("/proc does not show its resident memory");
  constexpr std::uint64_t allowed = 16 * mebibyte;
  require(*after < *before + static_cast<std::int64_t>(allowed),
          "resident memory grew by " + std::to_string((*after - *before) / (1 << 20)) +
              " MiB for a peer that reads nothing");
  pushing.collect();
  end_cleanly(pushing);
}

constexpr std::array checks{
    check{"single_bytes", "300 bytes one by one, then no byte more", single_bytes},
    check{"split_message", "a message in seven pieces", split_message},
    check{"coalesced_messages", "a thousand small messages in one send", coalesced_messages},
    check{"large_messages", "64 KiB + 1 and 4 MiB, written and read at once", large_messages},
    check{"late_reader", "nothing is lost when the peer reads late", late_reader},
    check{"half_close", "after FIN the rest still comes, then the end", half_close},
    check{"backpressure", "a peer that reads nothing stops the reading", backpressure},
};

}  // namespace

std::span<const check> byte_checks() {
  return checks;
}

}  // namespace tailrace::conform
