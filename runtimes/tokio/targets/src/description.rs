// SPDX-License-Identifier: MIT
//! What both targets say of themselves.

use tailrace_protocol::{Description, OptionSpec, Request};
use tailrace_serving::{Buffer, IN_PROCESS, NAMES, options, versions};
use tokio::runtime::Builder;

#[must_use]
pub fn describe(id: &'static str, order: u32, summary: &'static str) -> Description {
    let mut own = Buffer::options();
    own.extend([
        OptionSpec::integer("event_interval", 61, 1..=1_000_000, "polls between looks for events"),
        OptionSpec::integer(
            "global_queue_interval",
            0,
            0..=1_000_000,
            "polls between looks at the global queue; 0: as Tokio chooses",
        ),
    ]);
    Description {
        id,
        order,
        summary,
        backend: "epoll",
        timer_granularity_ns: 1_000_000,
        versions: versions("tokio", env!("TAILRACE_LIBRARY_VERSION")),
        workloads: NAMES,
        in_process: IN_PROCESS,
        options: options(own),
        best: &[],
        default: &[("buffer", "owned"), ("buffer_bytes", "1024")],
        kernel: "3.2",
        unavailable: None,
    }
}

/// What the options of a request say of the scheduler.
pub(crate) fn apply(builder: &mut Builder, request: &Request) {
    let interval = |name| u32::try_from(request.integer(name)).expect("at most a million");
    builder.enable_all().event_interval(interval("event_interval"));
    if interval("global_queue_interval") != 0 {
        builder.global_queue_interval(interval("global_queue_interval"));
    }
}
