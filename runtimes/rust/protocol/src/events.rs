// SPDX-License-Identifier: MIT
//! Events on standard output, one JSON object a line, written whole. A harness that has gone away
//! is not our failure: writing to it is given up.

use std::io::{Write, stdout};

use nix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value, json};

use crate::refused::Refused;
use crate::target::{Outcome, Ready, Request};

pub(crate) fn print_line(object: &Value) {
    let mut line = object.to_string();
    line.push('\n');
    let mut output = stdout().lock();
    let _ = output.write_all(line.as_bytes()).and_then(|()| output.flush());
}

pub(crate) fn print_ready(ready: Ready, backend: &str, request: &Request) {
    let mut granted = ready.granted;
    for (name, value) in &request.options {
        granted.entry(*name).or_insert_with(|| json!(value));
    }
    print_line(&json!({
        "event": "ready",
        "pid": std::process::id(),
        "addresses": ready.addresses,
        "backend": backend,
        "workers": request.workers,
        "granted": granted,
    }));
}

pub(crate) fn print_sample(counts: &Map<String, Value>) {
    print_line(&json!({"event": "sample", "t_ns": monotonic_ns(), "counts": counts}));
}

pub(crate) fn print_result(outcome: &Outcome) {
    print_line(&json!({
        "event": "result",
        "counts": outcome.counts,
        "metrics": outcome.metrics,
        "histograms": outcome.histograms,
    }));
}

pub(crate) fn print_error(refused: &Refused) {
    print_line(&json!({
        "event": "error", "message": refused.message, "remedy": refused.remedy,
    }));
}

fn monotonic_ns() -> i64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("CLOCK_MONOTONIC exists on Linux");
    now.tv_sec() * 1_000_000_000 + now.tv_nsec()
}
