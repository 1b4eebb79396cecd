// SPDX-License-Identifier: MIT
//! How often each duration occurred, grouped to 11 significant bits, as results carry it.

use serde_json::{Value, json};

/// Values in [2^(10+s), 2^(11+s)) differ in steps of 2^s; place s * 2^10 + (value >> s) has them.
#[derive(Default)]
pub struct Histogram {
    counts: Vec<u64>, // by place, to the highest in use
}

const BITS: u32 = 11;
const PLACES: usize = 1 << (BITS - 1); // for each shift

impl Histogram {
    pub fn record(&mut self, value: u64) {
        let shift = (u64::BITS - value.leading_zeros()).saturating_sub(BITS);
        let place = shift as usize * PLACES + usize::try_from(value >> shift).unwrap_or_default();
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += 1;
    }

    pub fn add(&mut self, other: &Histogram) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// `[[value, count], ...]`, ascending.
    #[must_use]
    pub fn pairs(&self) -> Value {
        let used = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let pairs = used.map(|(place, count)| {
            let shift = (place / PLACES).saturating_sub(1);
            json!([(place - shift * PLACES) << shift, count])
        });
        pairs.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_grouped_to_eleven_bits() {
        let (mut one, mut all) = (Histogram::default(), Histogram::default());
        for value in [0, 2047, 2048, 2049, 4095, 4096, 1_000_001, 1_000_002, u64::MAX] {
            one.record(value);
        }
        all.record(5);
        all.add(&one);
        all.record(5);
        let most = u64::MAX >> 53 << 53;
        let pairs = json!([
            [0, 1],
            [5, 2],
            [2047, 1],
            [2048, 2],
            [4094, 1],
            [4096, 1],
            [999_936, 2],
            [most, 1]
        ]);
        assert_eq!(all.pairs(), pairs);
    }
}
