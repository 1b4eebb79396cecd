// SPDX-License-Identifier: MIT
//! The numbers that a seed gives: splitmix64 (Steele, Lea, Flood 2014).

/// Number `index` of the sequence.
pub(crate) fn draw(seed: u64, index: u64) -> u64 {
    let step = (index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut z = seed.wrapping_add(step);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
