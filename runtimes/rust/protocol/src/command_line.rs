// SPDX-License-Identifier: MIT
//! The command line of every target: `TARGET describe` and `TARGET run ...`. A bad one is refused
//! with one sentence, so that a runtime only sees requests that it said it can serve.

use std::net::Ipv4Addr;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::cpu_list;
use crate::description::{Description, Request};
use crate::options::{excerpt, list, one_line, resolve};

#[derive(Debug)]
pub(crate) enum CommandLine {
    Describe,
    Run(Box<Request>),
    Help(String),
}

/// The error is one sentence.
pub(crate) fn parse(
    description: &Description,
    words: impl IntoIterator<Item = std::ffi::OsString>,
) -> Result<CommandLine, String> {
    let matches = match command(description).try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(help) if !help.use_stderr() => return Ok(CommandLine::Help(help.to_string())),
        Err(error) => return Err(sentence(&error)),
    };
    match matches.subcommand() {
        Some(("run", run)) => Ok(CommandLine::Run(Box::new(request(description, run)?))),
        _ => Ok(CommandLine::Describe),
    }
}

fn command(description: &Description) -> Command {
    let value = |name: &'static str, help: &'static str| Arg::new(name).long(name).help(help);
    let run = Command::new("run")
        .about("run a workload under the target protocol")
        .arg(value("workload", "see describe").required(true))
        .arg(
            value("workers", "threads that serve")
                .value_parser(value_parser!(u64).range(1..=1024))
                .default_value("1"),
        )
        .arg(value("cpus", "CPUs to confine the process to, such as 0,2-3"))
        .arg(value("host", "IPv4 address to listen on").default_value("0.0.0.0"))
        .arg(
            value("port", "port to listen on; 0 for any")
                .value_parser(value_parser!(u16))
                .default_value("0"),
        )
        .arg(value("set", "name=value, one option (see describe)").action(ArgAction::Append));
    Command::new(description.id)
        .bin_name(format!("tailrace-target-{}", description.id))
        .about(description.summary)
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommand(Command::new("describe").about("print what this target is, as JSON"))
        .subcommand(run)
}

fn request(description: &Description, run: &ArgMatches) -> Result<Request, String> {
    let text = |name: &str| run.get_one::<String>(name).map_or("", String::as_str);
    let workload = text("workload");
    if !description.workloads.contains(&workload) {
        let (shown, known) = (excerpt(workload), list(description.workloads));
        return Err(format!("no workload '{shown}': it has {known}"));
    }
    let host: Ipv4Addr = text("host").parse().map_err(|_| {
        let shown = excerpt(text("host"));
        format!("--host takes an IPv4 address such as 127.0.0.1, not '{shown}'")
    })?;
    let cpus = match run.get_one::<String>("cpus") {
        Some(cpus) => cpu_list::parse(cpus).map_err(|why| format!("--cpus: {why}"))?,
        None => Vec::new(),
    };
    let settings: Vec<String> =
        run.get_many::<String>("set").map(|all| all.cloned().collect()).unwrap_or_default();
    let workers = *run.get_one::<u64>("workers").expect("it has a default");
    Ok(Request {
        workload: workload.to_owned(),
        workers: usize::try_from(workers).expect("at most 1024"),
        cpus,
        host,
        port: *run.get_one::<u16>("port").expect("it has a default"),
        options: resolve(&description.options, workload, &settings)?,
    })
}

// clap words an error over several lines; what is missing stands on the lines after the first.
fn sentence(error: &clap::Error) -> String {
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or("bad usage");
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let missing = if first.ends_with(':') { lines.next().unwrap_or("") } else { "" };
    let whole = match error.kind() {
        ErrorKind::MissingSubcommand => "a command is needed: describe or run".to_owned(),
        _ => format!("{first} {missing}").trim_end().to_owned(),
    };
    format!("{} (see --help)", one_line(&whole, 300))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::OptionSpec;

    fn parsed(words: &[&str]) -> Result<CommandLine, String> {
        let description = Description {
            id: "x",
            summary: "a test",
            backend: "none",
            versions: Vec::new(),
            workloads: &["echo"],
            options: vec![OptionSpec::integer("size", 5, 1..=9, "")],
            best: &[],
            default: &[],
            kernel: "3.2",
            unavailable: None,
        };
        let words = std::iter::once("x").chain(words.iter().copied());
        parse(&description, words.map(std::ffi::OsString::from))
    }

    #[test]
    fn a_whole_request() {
        let words =
            "run --workload echo --workers 2 --cpus 0,2-3 --host 127.0.0.1 --port 7 --set size=9";
        let Ok(CommandLine::Run(request)) = parsed(&words.split(' ').collect::<Vec<_>>()) else {
            panic!("refused")
        };
        assert_eq!((request.workload.as_str(), request.workers, request.port), ("echo", 2, 7));
        assert_eq!((request.cpus.as_slice(), request.host), (&[0, 2, 3][..], Ipv4Addr::LOCALHOST));
        assert_eq!(request.options.integer("size"), 9);
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        let Ok(CommandLine::Run(request)) = parsed(&["run", "--workload", "echo"]) else {
            panic!("refused")
        };
        assert_eq!((request.workers, request.port, request.host), (1, 0, Ipv4Addr::UNSPECIFIED));
        assert!(request.cpus.is_empty());
        assert_eq!(request.options.integer("size"), 5);
    }

    #[test]
    fn describe_and_help() {
        assert!(matches!(parsed(&["describe"]), Ok(CommandLine::Describe)));
        assert!(matches!(parsed(&["--help"]), Ok(CommandLine::Help(_))));
    }

    #[test]
    fn bad_usage_is_one_sentence() {
        for words in [
            "",
            "fly",
            "run",
            "run --workload fly",
            "run --workload echo --fly",
            "run --workload echo --workers 0",
            "run --workload echo --workers two",
            "run --workload echo --port 70000",
            "run --workload echo --cpus zero",
            "run --workload echo --host here",
            "run --workload echo --set size",
            "run --workload echo --set size=10",
            "run --workload echo --set",
            "describe more",
        ] {
            let why = parsed(&words.split_whitespace().collect::<Vec<_>>()).unwrap_err();
            assert!(!why.is_empty() && !why.contains('\n'), "{words}: {why}");
        }
    }
}
