// SPDX-License-Identifier: MIT
//! The workload `file-read` on glommio: a task for each reader, on a file opened by glommio. Its
//! reads bring buffers of their own: past the page cache by `DmaFile`, through it `BufferedFile`.

use std::rc::Rc;

use glommio::io::{BufferedFile, DmaFile, ReadResult};
use glommio::{GlommioError, spawn_local};
use tailrace_serving::{Files, InProcess, Turns};

enum Opened {
    Buffered(BufferedFile),
    Direct(DmaFile),
}

impl Opened {
    async fn open(run: &Files) -> Result<Opened, GlommioError<()>> {
        if run.direct {
            DmaFile::open(&run.path).await.map(Opened::Direct)
        } else {
            BufferedFile::open(&run.path).await.map(Opened::Buffered)
        }
    }

    async fn read(&self, offset: u64, bytes: usize) -> Result<ReadResult, GlommioError<()>> {
        match self {
            Opened::Buffered(file) => file.read_at(offset, bytes).await,
            Opened::Direct(file) => file.read_at_aligned(offset, bytes).await,
        }
    }
}

/// The readers were made before the work begins.
pub async fn work(run: &'static Files, readers: Vec<Turns>) {
    let file = Rc::new(Opened::open(run).await.expect("it could be opened at the start"));
    let tasks: Vec<_> =
        readers.into_iter().map(|turns| spawn_local(read(file.clone(), turns))).collect();
    for task in tasks {
        task.await;
    }
    run.parts().part_ended();
}

async fn read(file: Rc<Opened>, mut turns: Turns) {
    let bytes = turns.run().block_bytes;
    while let Some(offset) = turns.next_offset() {
        let goes_on = match file.read(offset, bytes).await {
            Ok(read) => turns.took(Ok(&read)),
            Err(error) => turns.took(Err(error.into())),
        };
        if !goes_on {
            return;
        }
    }
}
