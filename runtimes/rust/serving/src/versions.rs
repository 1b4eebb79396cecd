// SPDX-License-Identifier: MIT
//! The versions and flags that a target tells in `describe`.

/// Those that every peer in Rust has, with its library's.
#[must_use]
pub fn versions(library: &'static str, version: &str) -> Vec<(&'static str, String)> {
    vec![
        ("tailrace", env!("CARGO_PKG_VERSION").to_owned()),
        (library, version.to_owned()),
        ("compiler", env!("TAILRACE_RUSTC").to_owned()),
        ("flags", env!("TAILRACE_FLAGS").to_owned()),
        ("libc", env!("TAILRACE_LIBC").to_owned()),
        ("allocator", "the system's (malloc of the libc)".to_owned()),
    ]
}
