// SPDX-License-Identifier: MIT
//! The target protocol, version 2 (`runtimes/PROTOCOL.md`), for targets written in Rust. Knows of
//! no runtime. A target is a [`Description`] and a type that implements [`Target`]; its `main` is
//! one call of [`target_main`].

mod affinity;
mod command_line;
mod control;
mod description;
mod events;
mod refused;
mod target;

pub use affinity::{pin_worker, unpin};
pub use control::target_main;
pub use description::{Description, Form, NOTHING_STOLEN, OptionSpec};
pub use refused::Refused;
pub use target::{Done, Outcome, Ready, Request, Target};
