// SPDX-License-Identifier: MIT
//! One worker: an executor of glommio, its accept loop, its sleeping tasks, and how they end.

use std::net::TcpListener as StdListener;
use std::os::fd::{FromRawFd, IntoRawFd};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::time::Duration;

use futures_lite::AsyncReadExt;
use glommio::net::{TcpListener, UnixStream};
use glommio::timer::Timer;
use glommio::{
    GlommioError, LocalExecutor, LocalExecutorBuilder, Placement, executor, spawn_local,
};
use serde_json::{Map, Value, json};
use tailrace_protocol::{Refused, Request};
use tailrace_serving::{
    Asleep, Buffer, Connection, Hog, Nothing, PAUSE_AFTER_REFUSAL, Part, STOP_ROUND,
    STOP_ROUNDS_MAX, Work, echo, end_all, own, sleepers,
};

use crate::timers;

const HOUR: Duration = Duration::from_secs(3600);

/// What an executor counted about itself.
pub struct Counted {
    busy_ns: u64,
    polls: u64,
}

pub fn metrics(each: &[Counted]) -> Map<String, Value> {
    let list = |of: fn(&Counted) -> u64| json!(each.iter().map(of).collect::<Vec<_>>());
    Map::from_iter([
        ("busy_ns".to_owned(), list(|worker| worker.busy_ns)),
        ("polls".to_owned(), list(|worker| worker.polls)),
    ])
}

/// Why there is no executor here, and what to do; nothing where there is one. The kernel is asked
/// for a ring first, because glommio panics where it is refused its own.
pub fn refusal() -> Option<Refused> {
    if let Err(error) = io_uring::IoUring::new(8) {
        return Some(Refused::io_uring("glommio", &error));
    }
    LocalExecutorBuilder::new(Placement::Unbound).make().err().map(refused)
}

fn refused(error: GlommioError<()>) -> Refused {
    match error {
        GlommioError::IoError(error) if error.raw_os_error().is_some() => {
            Refused::io_uring("glommio", &error)
        }
        // Of all else it tells only the limit of locked memory, as text.
        other => Refused::new(
            format!("glommio does not start: {other}"),
            "give it 512 KiB of locked memory a worker (ulimit -l 8192; memlock in limits.conf)",
        ),
    }
}

fn build(request: &Request) -> Result<LocalExecutor, GlommioError<()>> {
    // Its thread is pinned already, if it is to be.
    LocalExecutorBuilder::new(Placement::Unbound)
        .ring_depth(request.size("ring_depth"))
        .spin_before_park(Duration::from_micros(request.integer("spin_us")))
        .make()
}

/// Runs on a thread of its own until it is told to stop.
pub fn work(part: Part) -> Result<Counted, Refused> {
    let runtime = build(&part.request).map_err(refused)?;
    part.runtime_stands();
    runtime.run(serve_until_stop(part));
    let stats = runtime.run(async { executor().executor_stats() });
    let busy_ns = u64::try_from(stats.total_runtime().as_nanos()).unwrap_or(u64::MAX);
    Ok(Counted { busy_ns, polls: stats.tasks_executed() })
}

async fn serve_until_stop(part: Part) {
    let Part { listener, request, index, stop, job, .. } = part;
    let workers = request.workers;
    let mine = sleepers(&request, index, workers);
    let mut tasks: Vec<_> = (0..mine).map(|_| spawn_local(sleeper())).collect();
    if let Some(listener) = listener {
        tasks.push(spawn_local(serve(adopt_listener(listener), request)));
    }
    let mut stop = adopt_stream(stop);
    let mut work = job.map(|job| timers::prepare(job, index, workers));
    while let Ok(1..) = stop.read(&mut [0]).await {
        tasks.extend(work.take().map(spawn_local));
    }
    for task in tasks {
        task.cancel().await;
    }
    end_all();
    for _ in 0..STOP_ROUNDS_MAX {
        if own().open() == 0 && job.is_none_or(|job| job.work().is_settled()) {
            break;
        }
        Timer::new(STOP_ROUND).await;
    }
}

/// A socket of our own: that of `TcpListener::bind` has neither SO_REUSEADDR nor our backlog, and
/// shares its port with whoever asks.
#[allow(unsafe_code)]
fn adopt_listener(listener: StdListener) -> TcpListener {
    // Safety: the descriptor is that of a listening socket, and nobody else has it.
    unsafe { TcpListener::from_raw_fd(listener.into_raw_fd()) }
}

#[allow(unsafe_code)]
fn adopt_stream(stream: StdUnixStream) -> UnixStream {
    // Safety: the descriptor is that of a connected socket, and nobody else has it.
    unsafe { UnixStream::from_raw_fd(stream.into_raw_fd()) }
}

async fn sleeper() {
    let asleep = Asleep::new();
    Timer::new(HOUR).await;
    own().woken_early.add(1);
    drop(asleep);
}

async fn serve(listener: TcpListener, request: Request) {
    let buffer = Buffer::of(&request);
    if let Some(burner) = Hog::of(&request) {
        accept_loop(listener, buffer, || burner.clone()).await;
    } else {
        accept_loop(listener, buffer, || Nothing).await;
    }
}

async fn accept_loop<W: Work>(listener: TcpListener, buffer: Buffer, work: impl Fn() -> W) {
    loop {
        match listener.accept().await {
            Ok(stream) => {
                // A peer that is gone already says so at the first read.
                let _ = stream.set_nodelay(true);
                spawn_local(echo(Connection::live(stream), buffer, work())).detach();
            }
            Err(_) => {
                own().accept_errors.add(1);
                Timer::new(PAUSE_AFTER_REFUSAL).await;
            }
        }
    }
}
