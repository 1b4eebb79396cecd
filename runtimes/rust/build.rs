// SPDX-License-Identifier: MIT
//! What the programs tell of versions and flags, from where they are decided: the lock file, the
//! release profile, the compiler that runs.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let root =
        above.map(|folder| folder.join("rust")).find(|rust| rust.join("Cargo.lock").exists());
    let root =
        root.expect("the packages are beside the folder of the workspace").display().to_string();
    let lock = read(&format!("{root}/Cargo.lock"));
    let manifest = read(&format!("{root}/Cargo.toml"));
    // A peer's package is named after its library.
    let package = env!("CARGO_PKG_NAME").trim_start_matches("tailrace-");
    if let Some(version) = locked_version(&lock, package.trim_start_matches("micro-")) {
        tell("TAILRACE_LIBRARY_VERSION", &version);
    }
    tell("TAILRACE_FLAGS", &flags(&manifest));
    tell("TAILRACE_RUSTC", &first_line(&env::var("RUSTC").unwrap_or("rustc".into()), "--version"));
    tell("TAILRACE_LIBC", &first_line("getconf", "GNU_LIBC_VERSION"));
}

fn read(path: &str) -> String {
    println!("cargo::rerun-if-changed={path}");
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn tell(name: &str, value: &str) {
    println!("cargo::rustc-env={name}={value}");
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(rest.split('"').next()?.to_owned())
}

/// The release profile in one line, or the word debug.
fn flags(manifest: &str) -> String {
    if env::var("PROFILE").as_deref() != Ok("release") {
        return "debug".to_owned();
    }
    let (_, rest) = manifest.split_once("[profile.release]\n").expect("there is a release profile");
    let lines = rest.lines().take_while(|line| !line.is_empty() && !line.starts_with('['));
    let mut flags: Vec<String> = lines.map(|line| line.replace([' ', '"'], "")).collect();
    if let Ok(extra) = env::var("CARGO_ENCODED_RUSTFLAGS") {
        flags.extend(extra.split('\x1f').filter(|flag| !flag.is_empty()).map(str::to_owned));
    }
    flags.join(" ")
}

fn first_line(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let text = output.map(|done| String::from_utf8_lossy(&done.stdout).into_owned());
    text.unwrap_or_default().lines().next().unwrap_or("unknown").to_owned()
}
