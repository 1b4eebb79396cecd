// SPDX-License-Identifier: MIT
//! The whole of a target's `main`: command line, events and the control loop.
//!
//! Life of a run, everything on the main thread except the reading of standard input:
//! start -> `ready` -> { begin() on `start`, sample() on `sample` } -> finish() on `stop`, or when
//! in-process work has said that it is done -> `result` -> exit 0. The end of standard input ends
//! the process at once, at any point; so does SIGTERM, by its default action.

use std::io::{BufRead, Read, stdin};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver};

use crate::affinity;
use crate::command_line::{self, CommandLine};
use crate::description::Description;
use crate::events;
use crate::refused::Refused;
use crate::target::{Done, Request, Target};

const EXIT_FAILED: u8 = 1;
const EXIT_BAD_USAGE: u8 = 2;
const EXIT_UNSUPPORTED: u8 = 3;
const COMMAND_BYTES_MAX: u64 = 256;

enum Message {
    Command(String),
    Done,
}

/// Returns what main() returns.
pub fn target_main<T: Target>(
    description: &Description,
    start: impl FnOnce(&Request, Done) -> Result<T, Refused>,
) -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    let request = match command_line::parse(description, &words) {
        Ok(CommandLine::Run(request)) => request,
        Ok(CommandLine::Describe) => {
            events::print_line(&description.json());
            return ExitCode::SUCCESS;
        }
        Err(sentence) => {
            eprintln!("tailrace-target-{}: {sentence}", description.id);
            return ExitCode::from(EXIT_BAD_USAGE);
        }
    };
    if let Some(refused) = &description.unavailable {
        return refuse(refused, EXIT_UNSUPPORTED);
    }
    affinity::allowed(); // as it is before any worker is pinned
    end_on_panic();
    let (sender, messages) = mpsc::channel();
    let done = sender.clone();
    // Nobody listens any more where the process is ending already.
    let done = Box::new(move || done.send(Message::Done).unwrap_or_default());
    let mut target = match start(&request, done) {
        Ok(target) => target,
        Err(refused) => return refuse(&refused, EXIT_FAILED),
    };
    // A thread of its own, which leaves only with the process: so that the end of standard input is
    // seen also while the main thread waits for the workers to end.
    std::thread::spawn(move || {
        read_commands(stdin().lock(), |command| {
            let _ = sender.send(Message::Command(command)); // as above
        });
        eprintln!("standard input was closed: exiting at once");
        std::process::exit(i32::from(EXIT_FAILED));
    });
    events::print_ready(target.ready(), description.backend, &request);
    obey(&mut target, &messages);
    events::print_result(&target.finish());
    ExitCode::SUCCESS
}

fn refuse(refused: &Refused, exit_code: u8) -> ExitCode {
    events::print_error(refused);
    eprintln!("{}: {}", refused.message, refused.remedy);
    ExitCode::from(exit_code)
}

/// Until `stop`, or until in-process work is done.
fn obey(target: &mut impl Target, messages: &Receiver<Message>) {
    for message in messages {
        let Message::Command(command) = message else { return };
        match command.as_str() {
            "" => {}
            "start" => target.begin(),
            "sample" => events::print_sample(&target.sample()),
            "stop" => return,
            _ => events::print_error(&Refused::new(
                format!("unknown command {command:?}"),
                "send start, sample or stop, one a line",
            )),
        }
    }
}

/// Calls `obey` with each line until the input ends; with an overlong one once, cut short.
fn read_commands(mut input: impl BufRead, mut obey: impl FnMut(String)) {
    let mut overlong = false; // what comes is the rest of a line whose beginning was told
    let mut line = Vec::new();
    while input.by_ref().take(COMMAND_BYTES_MAX).read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
        if !overlong {
            obey(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
        overlong = !line.ends_with(b"\n");
        line.clear();
    }
}

/// A panic is a bug: it must not pass as a task that is quietly gone.
fn end_on_panic() {
    let print_it = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        print_it(panic);
        events::print_error(&Refused::new(
            panic.to_string(),
            "look at standard error for what came before",
        ));
        std::process::exit(i32::from(EXIT_FAILED));
    }));
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn lines(input: &[u8]) -> Vec<String> {
        let mut seen = Vec::new();
        read_commands(BufReader::with_capacity(3, input), |line| seen.push(line));
        seen
    }

    #[test]
    fn a_command_is_a_line_and_not_a_read() {
        assert_eq!(lines(b"sample\nstop\r\n\n"), ["sample", "stop", ""]);
    }

    #[test]
    fn an_overlong_line_comes_once_and_cut_short() {
        let seen = lines(&[&[b'x'; 100_000], &b"\nstop\n"[..]].concat());
        assert_eq!(seen.iter().map(String::len).collect::<Vec<_>>(), [256, 4]);
    }

    #[test]
    fn bytes_that_are_no_text_are_a_command_nobody_knows() {
        assert_eq!(lines(b"\xff\n"), ["\u{fffd}"]);
    }
}
