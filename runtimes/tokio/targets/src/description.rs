// SPDX-License-Identifier: MIT
//! What both targets say of themselves.

use tailrace_protocol::{Description, OptionSpec};
use tailrace_serving::{Buffer, NAMES, options as workload_options, versions};
use tokio::runtime::Builder;

#[must_use]
pub fn describe(id: &'static str, summary: &'static str) -> Description {
    let mut options = Buffer::options();
    options.extend([
        OptionSpec::integer("event_interval", 61, 1..=1_000_000, "polls between looks for events"),
        OptionSpec::integer(
            "global_queue_interval",
            0,
            0..=1_000_000,
            "polls between looks at the global queue; 0: as Tokio chooses",
        ),
    ]);
    options.extend(workload_options());
    Description {
        id,
        summary,
        backend: "epoll",
        versions: versions("tokio", env!("TAILRACE_TOKIO_VERSION")),
        workloads: NAMES,
        options,
        best: &[],
        default: &[("buffer", "owned"), ("buffer_bytes", "1024")],
        kernel: "3.2",
        unavailable: None,
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
