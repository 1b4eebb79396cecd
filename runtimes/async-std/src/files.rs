// SPDX-License-Identifier: MIT
//! The workload `file-read` on async-std: a task for each reader; each read is a blocking call in
//! its pool (`spawn_blocking`), which is what its own files do too.

use async_std::task::{spawn, spawn_blocking};
use tailrace_serving::{Files, InProcess, Turns};

/// The readers were made before the work begins.
pub async fn work(run: &'static Files, readers: Vec<Turns>) {
    let tasks: Vec<_> = readers.into_iter().map(|turns| spawn(read(turns))).collect();
    for task in tasks {
        task.await;
    }
    run.parts().part_ended();
}

async fn read(mut turns: Turns) {
    let file = &turns.run().file;
    let mut block = turns.block();
    while let Some(offset) = turns.next_offset() {
        let read;
        (read, block) =
            spawn_blocking(move || (Turns::read(file, offset, &mut block), block)).await;
        if !turns.took(read.map(|count| &block.bytes()[..count])) {
            return;
        }
    }
}
