// SPDX-License-Identifier: MIT
//! The whole of a target's `main`: command line, confinement, events and the control loop.
//!
//! Life of a run, everything on the main thread except the reading of standard input:
//! start -> `ready` -> { begin() on `start`, sample() on `sample` } -> finish() on `stop`, or when
//! in-process work has said that it is done -> `result` -> exit 0. The end of standard input ends
//! the process at once, at any point; so does SIGTERM, by its default action.

use std::io::{ErrorKind, Read, stdin};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, Sender};

use serde_json::{Map, Value};

use crate::command_line::{self, CommandLine};
use crate::commands::CommandReader;
use crate::cpu_list::confine_thread;
use crate::description::{Description, Request};
use crate::events;
use crate::options::{excerpt, one_line};
use crate::refused::Refused;

const EXIT_FAILED: u8 = 1;
const EXIT_BAD_USAGE: u8 = 2;
const EXIT_UNSUPPORTED: u8 = 3;

/// What `ready` tells beside what the request says.
pub struct Ready {
    pub addresses: Vec<String>,
    /// The one obtained.
    pub backend: &'static str,
    /// Flags and options in force; those of the request are added.
    pub granted: Map<String, Value>,
}

/// What `result` tells.
#[derive(Default)]
pub struct Outcome {
    pub counts: Map<String, Value>,
    pub metrics: Map<String, Value>,
    /// Name to base64 of an HDR V2 histogram.
    pub histograms: Map<String, Value>,
}

/// A workload that runs on a runtime, from the main thread's point of view.
pub trait Target {
    fn ready(&self) -> Ready;
    /// `start`: in-process workloads begin, and call the `Done` that they were given when they have
    /// ended. Served ones ignore it.
    fn begin(&mut self) {}
    /// Counts now, while the workers go on.
    fn sample(&self) -> Map<String, Value>;
    /// Ends the work within five seconds, closes what is open, and returns the final counts.
    fn finish(self) -> Outcome;
}

enum Message {
    Command(String),
    Done,
}

/// Given to a target at its start; in-process work calls it when it has ended by itself.
pub struct Done(Sender<Message>);

impl Done {
    pub fn call(self) {
        // The main thread is gone where the process is ending already.
        let _ = self.0.send(Message::Done);
    }
}

/// Returns what main() returns.
pub fn target_main<T: Target>(
    description: &Description,
    start: impl FnOnce(&Request, Done) -> Result<T, Refused>,
) -> ExitCode {
    let request = match command_line::parse(description, std::env::args_os()) {
        Ok(CommandLine::Run(request)) => request,
        Ok(CommandLine::Describe) => {
            events::print_line(&description.json());
            return ExitCode::SUCCESS;
        }
        Ok(CommandLine::Help(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(sentence) => return bad_usage(description, &sentence),
    };
    if let Some(refused) = &description.unavailable {
        return refuse(refused, EXIT_UNSUPPORTED);
    }
    if let Err(sentence) = confine_thread(&request.cpus) {
        return bad_usage(description, &format!("--cpus: {sentence}"));
    }
    end_on_panic();
    let (sender, messages) = mpsc::channel();
    let mut target = match start(&request, Done(sender.clone())) {
        Ok(target) => target,
        Err(refused) => return refuse(&refused, EXIT_FAILED),
    };
    std::thread::spawn(move || read_commands(&sender));
    events::print_ready(target.ready(), &request);
    obey(&mut target, &messages);
    events::print_result(&target.finish());
    ExitCode::SUCCESS
}

fn bad_usage(description: &Description, sentence: &str) -> ExitCode {
    eprintln!("tailrace-target-{}: {sentence}", description.id);
    ExitCode::from(EXIT_BAD_USAGE)
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
                format!("unknown command '{}'", excerpt(&command)),
                "send start, sample or stop, one a line",
            )),
        }
    }
}

/// A thread of its own, which leaves only with the process: so that the end of standard input is
/// seen also while the main thread waits for the workers to end.
fn read_commands(sender: &Sender<Message>) {
    let mut reader = CommandReader::default();
    let mut buffer = [0; 4096];
    loop {
        match stdin().read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => {
                eprintln!("standard input was closed: exiting at once");
                std::process::exit(i32::from(EXIT_FAILED));
            }
            Ok(count) => reader.feed(&buffer[..count], |command| {
                // Nobody listens any more once the run is ending.
                let _ = sender.send(Message::Command(command));
            }),
        }
    }
}

/// A panic is a bug: it must not pass as a task that is quietly gone.
fn end_on_panic() {
    let print_it = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        print_it(panic);
        events::print_error(&Refused::new(
            one_line(&panic.to_string(), 300),
            "look at standard error for what came before",
        ));
        std::process::exit(i32::from(EXIT_FAILED));
    }));
}
