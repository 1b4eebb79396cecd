// SPDX-License-Identifier: MIT
//! The workload `file-read` on Tokio: a task for each reader; each read is a blocking call in
//! Tokio's pool, which is what `tokio::fs` does too, but has no positional reads for.

use tailrace_serving::{Files, InProcess, Turns};
use tokio::task::spawn_blocking;

use crate::spawn::Spawn;

/// The readers of one runtime, made before the work begins.
pub async fn work(spawn: impl Spawn, run: &'static Files, readers: Vec<Turns>) {
    let tasks: Vec<_> = readers.into_iter().map(|turns| spawn.spawn(read(turns))).collect();
    for task in tasks {
        let _ = task.await; // a panic has ended the process
    }
    run.parts().part_ended();
}

async fn read(mut turns: Turns) {
    let file = &turns.run().file;
    let mut block = turns.block();
    while let Some(offset) = turns.next_offset() {
        let call = spawn_blocking(move || (Turns::read(file, offset, &mut block), block));
        let Ok((read, returned)) = call.await else { return }; // the runtime is going down
        block = returned;
        if !turns.took(read.map(|count| &block.bytes()[..count])) {
            return;
        }
    }
}
