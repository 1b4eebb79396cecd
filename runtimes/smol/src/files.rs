// SPDX-License-Identifier: MIT
//! The workload `file-read` on smol: a task for each reader; each read is a blocking call in the
//! pool of the crate `blocking`, which is what smol's own files do too.

use std::sync::Arc;

use smol::{Executor, unblock};
use tailrace_serving::{Files, InProcess, Turns};

/// The readers were made before the work begins.
pub async fn work(executor: Arc<Executor<'static>>, run: &'static Files, readers: Vec<Turns>) {
    let tasks: Vec<_> = readers.into_iter().map(|turns| executor.spawn(read(turns))).collect();
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
        (read, block) = unblock(move || (Turns::read(file, offset, &mut block), block)).await;
        if !turns.took(read.map(|count| &block.bytes()[..count])) {
            return;
        }
    }
}
