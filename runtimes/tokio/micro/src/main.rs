// SPDX-License-Identifier: MIT
//! tailrace-micro-tokio: the micro benchmarks on Tokio, under the names of the C++ suite, printed
//! in Google Benchmark's format with times PER OPERATION. README.md says what an operation is.

mod bed;
mod benchmark;
mod command_line;
mod measure;
mod spawning;
mod suite;
mod switching;
mod timing;

use std::fs::File;
use std::io::{Write, stdout};
use std::process::ExitCode;

use serde_json::{Value, json};

use benchmark::Case;
use command_line::Options;

const EXIT_FAILED: u8 = 1;
const EXIT_BAD_USAGE: u8 = 2;

fn main() -> ExitCode {
    let options = match command_line::parse(std::env::args_os().skip(1)) {
        Ok(options) => options,
        Err(sentence) => return leave(EXIT_BAD_USAGE, &sentence),
    };
    let chosen: Vec<_> =
        suite::all().into_iter().filter(|one| one.name().contains(&options.filter)).collect();
    if chosen.is_empty() {
        return leave(
            EXIT_BAD_USAGE,
            "no benchmark has the text of --filter in its name (see --list)",
        );
    }
    if options.list {
        for one in &chosen {
            println!("{}", one.name());
        }
        return ExitCode::SUCCESS;
    }
    match run(&chosen, &options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => leave(EXIT_FAILED, &sentence),
    }
}

fn leave(code: u8, sentence: &str) -> ExitCode {
    eprintln!("tailrace-micro-tokio: {sentence}");
    ExitCode::from(code)
}

/// The error is one sentence.
fn run(chosen: &[Case], options: &Options) -> Result<(), String> {
    let cannot_write = |error| format!("cannot write the results: {error}");
    // Before minutes are spent on them.
    let mut out: Box<dyn Write> = match &options.out {
        Some(path) => Box::new(File::create(path).map_err(cannot_write)?),
        None => Box::new(stdout()),
    };
    let mut benchmarks = Vec::new();
    for one in chosen {
        benchmarks.push(measure::measure(one, options.min_time)?);
    }
    let report = json!({"context": context(), "benchmarks": benchmarks});
    writeln!(out, "{report:#}").and_then(|()| out.flush()).map_err(cannot_write)
}

fn context() -> Value {
    json!({
        "executable": std::env::args().next().unwrap_or_default(),
        "num_cpus": std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        "library": "Tokio",
        "library_version": env!("TAILRACE_LIBRARY_VERSION"),
        "compiler": env!("TAILRACE_RUSTC"),
        "flags": env!("TAILRACE_FLAGS"),
        "library_build_type": if cfg!(debug_assertions) { "debug" } else { "release" },
    })
}
