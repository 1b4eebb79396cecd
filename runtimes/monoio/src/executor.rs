// SPDX-License-Identifier: MIT
//! One worker: a runtime of monoio, its accept loop, its sleeping tasks, and how they end. A task
//! of monoio cannot be cancelled from outside: sessions end because their sockets are, sleepers
//! because they are woken and told.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use monoio::io::AsyncReadRent;
use monoio::net::{TcpListener, UnixStream};
use monoio::time::{Instant, TimeDriver, sleep, sleep_until};
use monoio::{IoUringDriver, Runtime, RuntimeBuilder};
use tailrace_protocol::{Refused, Request};
use tailrace_serving::{
    Asleep, Connection, Hog, Nothing, PAUSE_AFTER_REFUSAL, Part, STOP_ROUND, STOP_ROUNDS_MAX, Work,
    end_all, own, sleepers,
};

use crate::sleepers::{Sleepers, or_stopped};
use crate::{session, timers};

/// Why there is no runtime here, and what to do; nothing where there is one.
pub fn refusal() -> Option<Refused> {
    let built = RuntimeBuilder::<IoUringDriver>::new().with_entries(256).build();
    built.err().map(|error| refused(&error))
}

fn refused(error: &io::Error) -> Refused {
    Refused::io_uring("monoio", error)
}

fn build(request: &Request) -> io::Result<Runtime<TimeDriver<IoUringDriver>>> {
    let entries = request.integer("entries");
    let entries = u32::try_from(entries).expect("an option is at most 32768");
    let mut ring = io_uring::IoUring::builder();
    match request.text("taskrun") {
        "coop" => ring.setup_coop_taskrun(),
        "defer" => ring.setup_single_issuer().setup_defer_taskrun(),
        _ => &mut ring,
    };
    RuntimeBuilder::<IoUringDriver>::new()
        .uring_builder(ring)
        .with_entries(entries)
        .enable_timer()
        .build()
}

/// Runs on a thread of its own until it is told to stop.
pub fn work(part: Part) -> Result<(), Refused> {
    let mut runtime = build(&part.request).map_err(|error| refused(&error))?;
    part.runtime_stands();
    runtime.block_on(async {
        let (index, workers) = (part.index, part.request.workers);
        let all = Rc::new(Sleepers::default());
        let deadline = Instant::now() + Duration::from_secs(3600);
        for _ in 0..sleepers(&part.request, index, workers) {
            monoio::spawn(sleeper(deadline, all.clone()));
        }
        if let Some(listener) = part.listener {
            let listener = TcpListener::from_std(listener).expect("the socket is new");
            monoio::spawn(serve(listener, part.request));
        }
        let mut stop = UnixStream::from_std(part.stop).expect("the socket is new");
        let mut work = part.job.map(|job| timers::prepare(job, index, workers, all.clone()));
        while let (Ok(1..), _) = stop.read(vec![0]).await {
            work.take().map(monoio::spawn); // detached
        }
        all.stop();
        end_all();
        for _ in 0..STOP_ROUNDS_MAX {
            let settled = part.job.is_none_or(|job| job.work().is_settled());
            if own().open() == 0 && own().sleeping() == 0 && settled {
                break;
            }
            sleep(STOP_ROUND).await;
            end_all(); // also what the accept loop took in the meantime
        }
    });
    Ok(())
}

async fn serve(listener: TcpListener, request: Request) {
    let bytes = request.size("buffer_bytes");
    if let Some(burner) = Hog::of(&request) {
        accept_loop(listener, bytes, || burner.clone()).await;
    } else {
        accept_loop(listener, bytes, || Nothing).await;
    }
}

async fn accept_loop<W: Work>(listener: TcpListener, bytes: usize, work: impl Fn() -> W) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // A peer that is gone already says so at the first read.
                let _ = stream.set_nodelay(true);
                monoio::spawn(session::echo(Connection::live(stream), bytes, work()));
            }
            Err(_) => {
                own().accept_errors.add(1);
                sleep(PAUSE_AFTER_REFUSAL).await;
            }
        }
    }
}

async fn sleeper(deadline: Instant, all: Rc<Sleepers>) {
    let asleep = Asleep::new();
    if or_stopped(sleep_until(deadline), &all).await.is_some() {
        own().woken_early.add(1);
    }
    drop(asleep);
}
