// SPDX-License-Identifier: MIT
//! The target `tokio-unstable`: `tokio` with what Tokio has where it is built with
//! `--cfg tokio_unstable`. A target of its own, because the flag alone makes every poll dearer.

use std::pin::Pin;

use tailrace_protocol::{Description, OptionSpec, Refused, Request};
use tailrace_serving::Job;
use tokio::runtime::Builder;

use crate::description::OWNED_BUFFERS;
use crate::spawn::Shared;
use crate::{multi_thread, timers, uring_files};

#[cfg(not(tokio_unstable))]
compile_error!("the feature `unstable` needs RUSTFLAGS=\"--cfg tokio_unstable\"");

#[must_use]
pub fn describe() -> Description {
    let mut described = multi_thread::describe();
    described.options.extend([
        OptionSpec::choice(
            "handoff",
            &["usual", "eager"],
            "eager: a worker that has found events wakes another to wait for more, before it polls",
        ),
        OptionSpec::choice(
            "timers",
            &["usual", "alternative"],
            "alternative: a wheel for each worker, in place of one behind a lock",
        ),
        OptionSpec::choice(
            "files",
            &["pool", "uring"],
            "pool: pread in the blocking pool; uring: tokio::fs::File, a seek in the pool and a \
             read over io_uring",
        )
        .only_for(&["file-read"]),
    ]);
    Description {
        id: "tokio-unstable",
        order: 102,
        summary: "tokio built with --cfg tokio_unstable, which counts more and offers more",
        forms: &[
            ("best", &[]),
            ("default", OWNED_BUFFERS),
            ("eager-handoff", &[("handoff", "eager")]),
            ("alt-timer", &[("timers", "alternative")]),
            ("uring-files", &[("files", "uring")]),
        ],
        ..described
    }
}

/// What the options of a request say of the runtime.
pub(crate) fn apply(builder: &mut Builder, request: &Request) {
    if request.text("handoff") == "eager" {
        builder.enable_eager_driver_handoff();
    }
    if request.text("timers") == "alternative" {
        builder.enable_alt_timer();
    }
}

fn over_uring(request: &Request) -> bool {
    request.workload == "file-read" && request.text("files") == "uring"
}

/// Tokio itself would read through its pool where the kernel refuses a ring, and say nothing.
pub(crate) fn check(request: &Request) -> Result<(), Refused> {
    if !over_uring(request) {
        return Ok(());
    }
    if request.text("cache") == "direct" {
        return Err(Refused::new(
            "tokio::fs::File reads into memory that is not aligned for direct reads".to_owned(),
            "leave files=pool with cache=direct",
        ));
    }
    let ring = io_uring::IoUring::new(8);
    ring.map(drop).map_err(|error| Refused::io_uring("Tokio", &error))
}

pub(crate) fn prepare(request: &Request, job: Job) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    match job {
        Job::Files(run) if over_uring(request) => {
            Box::pin(uring_files::work(run, uring_files::readers(run.turns_of(0, 1))))
        }
        _ => timers::prepare(Shared, job, 0, 1),
    }
}
