// SPDX-License-Identifier: MIT
//! The workloads, a module each, and the one place that knows them by name.

mod echo;
mod hog;
mod idle;

use std::net::TcpListener;

use tailrace_protocol::{OptionSpec, Request};

use crate::counts;

pub const NAMES: &[&str] = &["echo", "idle", "hog"];

pub fn options() -> Vec<OptionSpec> {
    let mut all = idle::options();
    all.extend(hog::options());
    all
}

/// Serves on this socket as the part `index` of `parts` (runtimes that share the workload between
/// them) until it is dropped.
pub async fn serve(listener: TcpListener, request: Request, index: usize, parts: usize) {
    match request.workload.as_str() {
        "echo" => echo::serve(listener, &request).await,
        "idle" => idle::serve(listener, &request, index, parts).await,
        "hog" => hog::serve(listener, &request).await,
        other => unreachable!("workload {other} was refused by the command line"),
    }
}

/// Whether what `ready` promises holds by now.
pub fn is_ready(request: &Request) -> bool {
    request.workload != "idle" || counts::fallen_asleep() == request.options.integer("tasks")
}

/// The process is about to end: work that does not await stops.
pub fn abandon() {
    hog::abandon();
}
