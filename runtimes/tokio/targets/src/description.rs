// SPDX-License-Identifier: MIT
//! What both targets say of themselves.

use tailrace_protocol::{Description, OptionSpec};
use tokio::runtime::Builder;

use crate::workloads;

#[must_use]
pub fn describe(id: &'static str, summary: &'static str) -> Description {
    let mut options = vec![
        OptionSpec::choice(
            "buffer",
            &["lent", "owned"],
            "lent: the thread's, from read to write; owned: one a connection, as in the tutorial",
        ),
        OptionSpec::integer("buffer_bytes", 65536, 64..=1_048_576, "size of that buffer"),
        OptionSpec::integer("event_interval", 61, 1..=1_000_000, "polls between looks for events"),
        OptionSpec::integer(
            "global_queue_interval",
            0,
            0..=1_000_000,
            "polls between looks at the global queue; 0: as Tokio chooses",
        ),
    ];
    options.extend(workloads::options());
    Description {
        id,
        summary,
        backend: "epoll",
        versions: vec![
            ("tailrace", env!("CARGO_PKG_VERSION").to_owned()),
            ("tokio", env!("TAILRACE_TOKIO_VERSION").to_owned()),
            ("compiler", env!("TAILRACE_RUSTC").to_owned()),
            ("flags", env!("TAILRACE_FLAGS").to_owned()),
            ("libc", env!("TAILRACE_LIBC").to_owned()),
            ("allocator", "the system's (malloc of the libc)".to_owned()),
        ],
        workloads: workloads::NAMES,
        options,
        best: &[],
        default: &[("buffer", "owned"), ("buffer_bytes", "1024")],
        kernel: "3.2",
    }
}

/// What the options of a request say of the scheduler.
pub(crate) fn apply(builder: &mut Builder, request: &tailrace_protocol::Request) {
    let interval = |name| u32::try_from(request.options.integer(name)).expect("at most a million");
    builder.enable_all().event_interval(interval("event_interval"));
    if interval("global_queue_interval") != 0 {
        builder.global_queue_interval(interval("global_queue_interval"));
    }
}
