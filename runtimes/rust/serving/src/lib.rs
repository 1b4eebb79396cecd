// SPDX-License-Identifier: MIT
//! What served workloads are made of on any runtime: listening sockets, counts, what is done with
//! received bytes, and threads with a runtime each. Knows of no runtime.

mod counts;
mod held;
mod hog;
mod listen;
mod live;
mod per_core;
mod session;
mod versions;
mod workloads;

pub use counts::{Counts, own, sample};
pub use held::{Asleep, Open};
pub use hog::Hog;
pub use listen::{Listening, listen};
pub use live::{Live, end_all};
pub use per_core::{Part, PerCore};
pub use session::{Buffer, Duplex, count_end, echo};
pub use versions::versions;
pub use workloads::{NAMES, Nothing, Work, abandon, is_ready, options, sleepers};
