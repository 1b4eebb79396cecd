// SPDX-License-Identifier: MIT
//! `hog`: echo, but some connections burn CPU before each reply, without awaiting: the trap whose
//! effect on the other connections is measured.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tailrace_protocol::{OptionSpec, Request};

use crate::counts;
use crate::work::Work;

/// The first bytes on a connection: its number, little-endian.
const NUMBER_BYTES: usize = 8;

pub const NAME: &str = "hog";

pub fn options() -> Vec<OptionSpec> {
    let integer = |name, default, range, help| {
        OptionSpec::integer(name, default, range, help).only_for(&[NAME])
    };
    vec![
        integer("burn_us", 5000, 0..=1_000_000, "microseconds of CPU before a hog's reply"),
        integer("hog_every", 10, 0..=1_000_000, "each n-th connection is a hog; 0: none"),
        integer("message_bytes", 64, 8..=65536, "received bytes that make one reply"),
    ]
}

#[derive(Clone)]
pub struct Hog {
    received: u64,
    number: [u8; NUMBER_BYTES], // as far as it is received
    every: u64,
    message: u64,
    burn: Duration,
}

impl Hog {
    /// For a connection that has received nothing yet; nothing where another workload is asked for.
    #[must_use]
    pub fn of(request: &Request) -> Option<Hog> {
        (request.workload == NAME).then(|| Hog {
            received: 0,
            number: [0; NUMBER_BYTES],
            every: request.integer("hog_every"),
            message: request.integer("message_bytes"),
            burn: Duration::from_micros(request.integer("burn_us")),
        })
    }

    /// Takes the bytes in; gives how many messages they complete that have to be burnt for.
    fn due(&mut self, bytes: &[u8]) -> u64 {
        let known = usize::try_from(self.received).map_or(NUMBER_BYTES, |n| n.min(NUMBER_BYTES));
        let missing = &mut self.number[known..];
        let more = missing.len().min(bytes.len());
        missing[..more].copy_from_slice(&bytes[..more]);
        let complete = self.received / self.message;
        self.received += bytes.len() as u64;
        // No message is complete before the number is: it has at least as many bytes.
        if self.is_hog() { self.received / self.message - complete } else { 0 }
    }

    fn is_hog(&self) -> bool {
        self.every > 0 && u64::from_le_bytes(self.number) % self.every == 0
    }
}

impl Work for Hog {
    fn received(&mut self, bytes: &[u8]) {
        for _ in 0..self.due(bytes) {
            if burn_is_cut_short(self.burn) {
                return;
            }
            counts::own().burns.add(1);
        }
    }
}

static ABANDONED: AtomicBool = AtomicBool::new(false);

/// Burns that go on end now: up to a second each, they would outlast the time that `stop` allows.
pub fn abandon() {
    ABANDONED.store(true, Relaxed); // pairs with burn_is_cut_short(); orders nothing
}

/// `Instant` is CLOCK_MONOTONIC. No await, no yield: that is the trap.
fn burn_is_cut_short(time: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < time {
        if ABANDONED.load(Relaxed) {
            return true; // pairs with abandon()
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hog(every: u64, message: u64) -> Hog {
        Hog { received: 0, number: [0; 8], every, message, burn: Duration::ZERO }
    }

    fn stream(connection: u64, bytes: usize) -> Vec<u8> {
        let mut stream = connection.to_le_bytes().to_vec();
        stream.resize(bytes, 0xff);
        stream
    }

    #[test]
    fn burns_once_a_message_however_it_is_cut() {
        let bytes = stream(20, 640);
        for piece in [1, 3, 7, 8, 63, 64, 65, 128, 640] {
            let mut one = hog(10, 64);
            let burns: u64 = bytes.chunks(piece).map(|part| one.due(part)).sum();
            assert_eq!(burns, 10, "in pieces of {piece}");
        }
    }

    #[test]
    fn burns_when_the_message_is_whole() {
        let bytes = stream(0, 130);
        let mut one = hog(10, 64);
        assert_eq!(one.due(&bytes[..63]), 0);
        assert_eq!(one.due(&bytes[63..64]), 1);
        assert_eq!(one.due(&bytes[64..129]), 1);
        assert_eq!(one.due(&bytes[129..]), 0);
    }

    #[test]
    fn every_nth_connection_is_a_hog() {
        for (every, connection, burns) in
            [(10, 0, 1), (10, 1, 0), (10, 19, 0), (10, 30, 1), (1, 7, 1), (0, 0, 0), (0, 5, 0)]
        {
            assert_eq!(hog(every, 8).due(&stream(connection, 8)), burns, "{connection} % {every}");
        }
        assert_eq!(hog(1 << 8, 8).due(&stream(1 << 40, 8)), 1);
    }
}
