// SPDX-License-Identifier: MIT
//! The workload `file-read` by Tokio's own files, which read over io_uring where Tokio is built so.
//! They have a position and no positional read: a read at an offset is a seek, which is a call in
//! Tokio's blocking pool, and then a read of the ring, into the file's own buffer, from which it is
//! copied. So each reader has the file open for itself.

use std::io::{Result, SeekFrom};

use tailrace_serving::{Files, InProcess, Turns};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::task::spawn;

/// Each with the file opened for it: before the work begins.
///
/// # Panics
/// Where the kernel has no descriptor left.
pub fn readers(turns: Vec<Turns>) -> Vec<(Turns, std::fs::File)> {
    let open = |turns: Turns| {
        let file = turns.run().opened_again().expect("a descriptor more");
        (turns, file)
    };
    turns.into_iter().map(open).collect()
}

pub async fn work(run: &'static Files, readers: Vec<(Turns, std::fs::File)>) {
    let tasks: Vec<_> =
        readers.into_iter().map(|(turns, file)| spawn(read(turns, File::from_std(file)))).collect();
    for task in tasks {
        let _ = task.await; // a panic has ended the process
    }
    run.parts().part_ended();
}

async fn read(mut turns: Turns, mut file: File) {
    let mut block = turns.block();
    while let Some(offset) = turns.next_offset() {
        let read = read_at(&mut file, offset, block.bytes_mut()).await;
        if !turns.took(read.map(|count| &block.bytes()[..count])) {
            return;
        }
    }
}

async fn read_at(file: &mut File, offset: u64, into: &mut [u8]) -> Result<usize> {
    file.seek(SeekFrom::Start(offset)).await?;
    file.read(into).await
}
