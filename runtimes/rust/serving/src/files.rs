// SPDX-License-Identifier: MIT
//! The workload `file-read`, but for the reading: which block comes next, and whether what was
//! found there is right. A runtime spawns a task for each reader, which takes `Turns` and reads.
//!
//! Source of the order: multiply and xor-shift with cycle walking (Black, Rogaway 2002).

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::fcntl::{OFlag, PosixFadviseAdvice, posix_fadvise};
use serde_json::{Map, Value, json};
use tailrace_protocol::{Done, OptionSpec, Outcome, Refused, Request};

use crate::histogram::Histogram;
use crate::in_process::{InProcess, Parts};
use crate::moment::count_phase;
use crate::random::draw;

const STAMPED_BYTES: usize = 4096;
/// Less than what the protocol allows from `stop` to the end.
const STOP: Duration = Duration::from_secs(3);

pub fn options() -> Vec<OptionSpec> {
    let integer = |name, default, range, help| {
        OptionSpec::integer(name, default, range, help).only_for(&["file-read"])
    };
    let modes = "warm, cold: read through the page cache, cold: no block twice; direct: past it";
    let most = u64::MAX >> 1;
    vec![
        OptionSpec::needed("file", "path of the stamped file").only_for(&["file-read"]),
        OptionSpec::choice("cache", &["warm", "cold", "direct"], modes).only_for(&["file-read"]),
        OptionSpec::multiple(
            "block_bytes",
            4096,
            4096,
            4096..=1_048_576,
            "of a read, a multiple of 4096",
        )
        .only_for(&["file-read"]),
        integer("concurrency", 16, 1..=4096, "tasks that read"),
        integer("reads", 0, 0..=most, "of all; 0: as many as duration_ms allows"),
        integer("duration_ms", 1000, 1..=3_600_000, "how long they read"),
        integer("stamp_seed", 1, 0..=most, "of the stamps in the file"),
    ]
}

/// What one reader counts: its task alone writes, samples read. Counts only: orders nothing.
#[derive(Default)]
#[repr(align(128))]
struct Reader([AtomicU64; 6]);

const NAMES: [&str; 6] =
    ["reads", "read_bytes", "short_reads", "errors", "stamp_sum", "expected_sum"];
const ERRORS: usize = 3;

impl Reader {
    fn add(&self, which: usize, amount: u64) {
        // Its task is the only writer; pairs with the load of counts().
        self.0[which].store(self.0[which].load(Relaxed) + amount, Relaxed);
    }
}

pub struct Files {
    pub file: File,
    pub path: PathBuf,
    pub direct: bool,
    pub block_bytes: usize,
    order: Order,
    limit: u64, // reads there are to be
    by_time: bool,
    duration: Duration,
    stamp_seed: u64,
    readers: Vec<Reader>,
    latency: Mutex<Histogram>, // of the readers that have ended
    stopping: AtomicBool,
    parts: Parts,
}

impl Files {
    /// Opens the file. The work of the process, and so for as long as it lives; `parts` runtimes
    /// share it.
    ///
    /// # Errors
    /// Where the file cannot be opened or has no block.
    pub fn prepare(
        request: &Request,
        parts: usize,
        done: Done,
    ) -> std::result::Result<&'static Files, Refused> {
        let path = PathBuf::from(request.text("file"));
        let files = Files::open(path, request, Parts::new(parts, done));
        files.map(|files| &*Box::leak(Box::new(files))).map_err(|error| {
            Refused::new(
                format!("cannot read {}: {error}", request.text("file")),
                "give a file that exists, may be read, and has at least one block",
            )
        })
    }

    fn open(path: PathBuf, request: &Request, parts: Parts) -> Result<Files> {
        let direct = request.text("cache") == "direct";
        let file = open_for_reads(&path, direct)?;
        let blocks = file.metadata()?.len() / request.integer("block_bytes");
        if blocks == 0 {
            return Err(Error::new(ErrorKind::InvalidInput, "it is smaller than a block"));
        }
        let by_time = request.integer("reads") == 0;
        let wanted = if by_time { u64::MAX } else { request.integer("reads") };
        let once = request.text("cache") == "cold";
        Ok(Files {
            file,
            path,
            direct,
            block_bytes: request.size("block_bytes"),
            order: Order::new(blocks, request.integer("seed")),
            limit: if once { wanted.min(blocks) } else { wanted },
            by_time,
            duration: Duration::from_millis(request.integer("duration_ms")),
            stamp_seed: request.integer("stamp_seed"),
            readers: (0..request.size("concurrency")).map(|_| Reader::default()).collect(),
            latency: Mutex::default(),
            stopping: AtomicBool::new(false),
            parts,
        })
    }

    /// The file once more, with a position of its own, for libraries that know no positional read.
    ///
    /// # Errors
    /// The kernel's.
    pub fn opened_again(&self) -> Result<File> {
        open_for_reads(&self.path, self.direct)
    }

    /// The readers of the part `index` of `parts`, with their buffers: asked for before `ready`.
    pub fn turns_of(&'static self, index: usize, parts: usize) -> Vec<Turns> {
        let numbers = (index..self.readers.len()).step_by(parts);
        numbers.map(|reader| Turns::new(self, reader)).collect()
    }
}

fn open_for_reads(path: &Path, direct: bool) -> Result<File> {
    let flags = if direct { OFlag::O_DIRECT } else { OFlag::empty() };
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    // Advice: that it is not taken is no failure.
    let _ = posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_RANDOM);
    Ok(file)
}

/// A buffer aligned for direct reads.
pub struct Block {
    memory: Vec<u8>,
    skip: usize,
    bytes: usize,
}

impl Block {
    fn new(bytes: usize) -> Block {
        // Written over, so that its pages are there.
        let memory = vec![1; bytes + STAMPED_BYTES];
        let skip = memory.as_ptr().align_offset(STAMPED_BYTES);
        Block { memory, skip, bytes }
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.skip..self.skip + self.bytes]
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.memory[self.skip..self.skip + self.bytes]
    }

    /// The memory, and where in it the block lies: for runtimes that take a buffer along.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, std::ops::Range<usize>) {
        (self.memory, self.skip..self.skip + self.bytes)
    }

    /// The inverse: the same memory.
    #[must_use]
    pub fn from_parts(memory: Vec<u8>, place: std::ops::Range<usize>) -> Block {
        Block { memory, skip: place.start, bytes: place.len() }
    }
}

/// The reads of one reader, one after the other.
pub struct Turns {
    run: &'static Files,
    reader: &'static Reader,
    number: u64,
    offset: u64,
    asked: Instant,
    latency: Histogram,
    block: Option<Block>,
}

impl Turns {
    fn new(run: &'static Files, reader: usize) -> Turns {
        Turns {
            run,
            reader: &run.readers[reader],
            number: reader as u64,
            offset: 0,
            asked: Instant::now(),
            latency: Histogram::default(),
            block: Some(Block::new(run.block_bytes)),
        }
    }

    /// The buffer, once.
    ///
    /// # Panics
    /// The second time.
    pub fn block(&mut self) -> Block {
        self.block.take().expect("a reader takes its buffer once")
    }

    #[must_use]
    pub fn run(&self) -> &'static Files {
        self.run
    }

    /// Where to read now, or nothing where the reader is to end.
    ///
    /// # Panics
    /// Before the work has begun.
    pub fn next_offset(&mut self) -> Option<u64> {
        if self.number >= self.run.limit || self.run.stopping.load(Relaxed) {
            return None;
        }
        let begun = self.run.parts.begun.get().expect("readers come after begin()");
        self.offset = self.run.order.at(self.number) * self.run.block_bytes as u64;
        self.number += self.run.readers.len() as u64;
        self.asked = Instant::now();
        (!self.run.by_time || self.asked - begun.at < self.run.duration).then_some(self.offset)
    }

    /// What the read gave; false where the reader is to end.
    pub fn took(&mut self, read: Result<&[u8]>) -> bool {
        let took = self.asked.elapsed();
        let Ok(bytes) = read else {
            self.reader.add(ERRORS, 1);
            return false;
        };
        self.latency.record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        let first = self.offset / STAMPED_BYTES as u64;
        let stamps = (self.run.block_bytes / STAMPED_BYTES) as u64;
        let expected = (0..stamps).map(|i| stamp(self.run.stamp_seed, first + i)).sum();
        let found = bytes
            .chunks_exact(STAMPED_BYTES)
            .map(|part| u64::from_le_bytes(part[..8].try_into().expect("eight bytes")));
        let values = [
            1,
            bytes.len() as u64,
            u64::from(bytes.len() != self.run.block_bytes),
            0,
            found.fold(0, u64::wrapping_add),
            expected,
        ];
        for (which, value) in values.into_iter().enumerate() {
            self.reader.add(which, value);
        }
        true
    }

    /// Reads as blocking calls do, for runtimes that have a pool for them.
    ///
    /// # Errors
    /// The kernel's.
    pub fn read(file: &File, offset: u64, block: &mut Block) -> Result<usize> {
        file.read_at(block.bytes_mut(), offset)
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        let mut all = self.run.latency.lock().unwrap_or_else(PoisonError::into_inner);
        all.add(&self.latency);
    }
}

impl InProcess for Files {
    fn parts(&self) -> &Parts {
        &self.parts
    }

    fn granted(&self) -> Map<String, Value> {
        Map::new()
    }

    fn counts(&self) -> Map<String, Value> {
        let sum = |which: usize| -> u64 {
            // Pairs with Reader::add().
            self.readers.iter().map(|reader| reader.0[which].load(Relaxed)).sum()
        };
        NAMES.iter().enumerate().map(|(i, name)| ((*name).to_owned(), json!(sum(i)))).collect()
    }

    /// Tells the readers to end before their next read, and waits for them: each is in the middle
    /// of one.
    fn stop(&self) {
        self.stopping.store(true, Relaxed); // pairs with Turns::next_offset(); orders nothing
        let until = Instant::now() + STOP;
        while self.parts.begun.get().is_some() && self.parts.ended.get().is_none() {
            if Instant::now() >= until {
                return;
            }
            sleep(Duration::from_millis(1));
        }
    }

    fn is_settled(&self) -> bool {
        true // stop() has waited
    }

    fn outcome(&self) -> Outcome {
        let mut counts = self.counts();
        count_phase("whole", &self.parts.begun, &self.parts.ended, &mut counts);
        let latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        let histograms = Map::from_iter([("read_ns".to_owned(), latency.pairs())]);
        Outcome { counts, histograms, ..Outcome::default() }
    }
}

fn stamp(seed: u64, number: u64) -> u64 {
    draw(seed, number) >> 32
}

/// A bijection of the blocks of a file.
struct Order {
    blocks: u64,
    mask: u64,
    half: u32,
    seed: u64,
}

impl Order {
    fn new(blocks: u64, seed: u64) -> Order {
        let bits = (u64::BITS - (blocks - 1).leading_zeros()).max(1);
        Order { blocks, mask: u64::MAX >> (u64::BITS - bits), half: bits.div_ceil(2), seed }
    }

    fn at(&self, number: u64) -> u64 {
        let mut x = number % self.blocks;
        loop {
            x = self.step(x.wrapping_add(self.seed) & self.mask, 0x9e37_79b9_7f4a_7c15);
            x = self.step(x, 0xbf58_476d_1ce4_e5b9);
            if x < self.blocks {
                return x;
            }
        }
    }

    fn step(&self, x: u64, odd: u64) -> u64 {
        let y = x.wrapping_mul(odd) & self.mask;
        y ^ (y >> self.half)
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, stamp};

    #[test]
    fn order_and_stamps_are_those_of_the_contract() {
        let thousand = Order::new(1000, 1);
        assert_eq!([0, 1, 2].map(|number| thousand.at(number)), [44, 515, 728]);
        assert_eq!([0, 1].map(|number| stamp(1, number)), [2_433_363_436, 3_203_108_257]);
    }

    #[test]
    fn the_order_is_a_bijection() {
        for blocks in [1, 2, 3, 64, 1000] {
            let order = Order::new(blocks, 7);
            let seen: std::collections::BTreeSet<_> = (0..blocks).map(|n| order.at(n)).collect();
            assert_eq!((seen.len() as u64, seen.last()), (blocks, Some(&(blocks - 1))));
        }
    }
}
