// SPDX-License-Identifier: MIT
//! What a served workload does with received bytes before they go back.

pub trait Work: 'static {
    fn received(&mut self, bytes: &[u8]);
}

/// `echo` and `idle`: every byte comes back in order, and that is all.
#[derive(Clone)]
pub struct Nothing;

impl Work for Nothing {
    fn received(&mut self, _: &[u8]) {}
}
