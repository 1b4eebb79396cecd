// SPDX-License-Identifier: MIT
// Checks that every byte comes back in order, however it was sent. See check.hpp.
#include <array>

#include "harness/conform/check.hpp"
#include "harness/conform/checked_target.hpp"
#include "harness/observe/memory_use.hpp"

namespace tailrace::conform {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

void end_cleanly(peer& connection) {
  connection.finish_sending();
  connection.collect_to_end();
}

void single_bytes(context& with) {
  checked_target target(with, "echo");
  peer connection = target.connect(1);
  for (int i = 0; i < 300; ++i)
    connection.echo(1);
  end_cleanly(connection);
}

void split_message(context& with) {
  checked_target target(with, "echo");
  peer connection = target.connect(1);
  for (const unsigned piece : {1U, 7U, 64U, 500U, 1000U, 1024U, 1500U}) {
    connection.push(piece, 1);
    // The piece is to arrive alone. Nothing depends on that it does.
    target.session().drain_for(0.001);
  }
  connection.collect();
  end_cleanly(connection);
}

void coalesced_messages(context& with) {
  checked_target target(with, "echo");
  peer connection = target.connect(1);
  for (int i = 0; i < 20; ++i)
    connection.echo(17 * 1000);
  end_cleanly(connection);
}

void large_messages(context& with) {
  checked_target target(with, "echo");
  peer connection = target.connect(1);
  connection.echo(65536 + 1);
  connection.echo(3);
  connection.echo(4 * mebibyte);
  end_cleanly(connection);
}

void late_reader(context& with) {
  checked_target target(with, "echo");
  peer connection = target.connect(1);
  // More than any receive buffer of the target: it meets partial sends and has to keep the rest.
  const std::uint64_t taken = connection.push(64 * mebibyte, 0.1);
  require(taken > 0, "nothing at all was taken");
  connection.collect();
  connection.echo(64);
  end_cleanly(connection);
}

void half_close(context& with) {
  checked_target target(with, "echo");
  peer silent = target.connect(1);
  end_cleanly(silent);
  peer small = target.connect(2);
  small.push(1000, 1);
  end_cleanly(small);
  // The FIN arrives while the target still has unsent bytes.
  peer large = target.connect(3);
  large.push(16 * mebibyte, 0.1);
  end_cleanly(large);
  target.await_count("open", 0);
}

// Unread echoes must stop the target from reading, not pile up in it.
void backpressure(context& with) {
  checked_target target(with, "echo");
  peer other = target.connect(1);
  other.echo(64);
  const auto before = observe::read_user_bytes(target.ready().pid);
  peer pushing = target.connect(2);
  const std::uint64_t taken = pushing.push(256 * mebibyte, 0.3);
  const auto after = observe::read_user_bytes(target.ready().pid);
  other.echo(64);  // one stuck connection stops no other
  require(taken < 256 * mebibyte, "256 MiB were taken from a peer that reads nothing");
  if (!before || !after) skip("/proc does not show its memory");
  constexpr std::uint64_t allowed = 16 * mebibyte;
  require(*after < *before + static_cast<double>(allowed),
          "private memory grew by " +
              std::to_string(static_cast<int>((*after - *before) / (1 << 20))) +
              " MiB for a peer that reads nothing");
  pushing.collect();
  end_cleanly(pushing);
}

}  // namespace

std::span<const check> byte_checks() {
  static constexpr std::array checks{
      check{"single_bytes", "300 bytes one by one, then no byte more", single_bytes},
      check{"split_message", "a message in seven pieces", split_message},
      check{"coalesced_messages", "a thousand small messages in one send", coalesced_messages},
      check{"large_messages", "64 KiB + 1 and 4 MiB, written and read at once", large_messages},
      check{"late_reader", "nothing is lost when the peer reads late", late_reader},
      check{"half_close", "after FIN the rest still comes, then the end", half_close},
      check{"backpressure", "a peer that reads nothing stops the reading", backpressure},
  };
  return checks;
}

}  // namespace tailrace::conform
