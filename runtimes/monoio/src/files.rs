// SPDX-License-Identifier: MIT
//! The workload `file-read` on monoio: a task for each reader; each read is an operation of the
//! ring, which takes the reader's buffer along.

use std::rc::Rc;

use monoio::buf::IoBufMut;
use monoio::fs::File;
use monoio::spawn;
use tailrace_serving::{Block, Files, InProcess, Turns};

/// The readers were made before the work begins.
pub async fn work(run: &'static Files, readers: Vec<Turns>) {
    let file = run.file.try_clone().and_then(File::from_std).expect("a descriptor more");
    let file = Rc::new(file);
    let tasks: Vec<_> = readers.into_iter().map(|turns| spawn(read(file.clone(), turns))).collect();
    for task in tasks {
        task.await;
    }
    run.parts().part_ended();
}

async fn read(file: Rc<File>, mut turns: Turns) {
    let (mut memory, place) = turns.block().into_parts();
    while let Some(offset) = turns.next_offset() {
        let (read, returned) = file.read_at(memory.slice_mut(place.clone()), offset).await;
        let block = Block::from_parts(returned.into_inner(), place.clone());
        if !turns.took(read.map(|count| &block.bytes()[..count])) {
            return;
        }
        (memory, _) = block.into_parts();
    }
}
