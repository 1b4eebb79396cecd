// SPDX-License-Identifier: MIT
//! The target protocol, version 1 (`runtimes/README.md`), for targets written in Rust. Knows of no
//! runtime. A target is a [`Description`] and a type that implements [`Target`]; its `main` is one
//! call of [`target_main`].

mod command_line;
mod commands;
mod control;
mod cpu_list;
mod description;
mod events;
mod options;
mod refused;

pub use control::{Done, Outcome, Ready, Target, target_main};
pub use cpu_list::{confine_thread, worker_cpu};
pub use description::{Description, Form, Request};
pub use options::{OptionSpec, OptionValues};
pub use refused::Refused;
