// SPDX-License-Identifier: MIT
//! What all targets say of themselves.

use tailrace_protocol::{Description, Form, OptionSpec, Request};
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
        one_worker: "",
        versions: versions("tokio", env!("TAILRACE_LIBRARY_VERSION")),
        workloads: NAMES,
        in_process: IN_PROCESS,
        options: options(own),
        forms: &[("best", &[]), ("default", OWNED_BUFFERS)],
        kernel: "3.2",
        unavailable: None,
    }
}

/// The form `default`: each connection has a buffer, as in the echo server of Tokio's tutorial.
pub(crate) const OWNED_BUFFERS: Form = &[("buffer", "owned"), ("buffer_bytes", "1024")];

/// What the options of a request say of the scheduler.
pub(crate) fn apply(builder: &mut Builder, request: &Request) {
    let interval = |name| u32::try_from(request.integer(name)).expect("at most a million");
    builder.enable_all().event_interval(interval("event_interval"));
    if interval("global_queue_interval") != 0 {
        builder.global_queue_interval(interval("global_queue_interval"));
    }
}
