// SPDX-License-Identifier: MIT
//! The options of the suite. A bad one is refused with one sentence.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, Command, value_parser};

#[derive(Debug)]
pub enum CommandLine {
    Run(Options),
    Help(String),
}

#[derive(Debug)]
pub struct Options {
    pub filter: String,
    pub min_time: Duration,
    pub out: Option<PathBuf>,
    pub list: bool,
}

pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<CommandLine, String> {
    let matches = match command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(help) if !help.use_stderr() => return Ok(CommandLine::Help(help.to_string())),
        Err(error) => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or("bad usage");
            return Err(format!("{} (see --help)", first.trim_start_matches("error: ")));
        }
    };
    Ok(CommandLine::Run(Options {
        filter: matches.get_one::<String>("filter").cloned().unwrap_or_default(),
        min_time: *matches.get_one::<Duration>("min-time-s").expect("it has a default"),
        out: matches.get_one::<PathBuf>("out").cloned(),
        list: matches.get_flag("list"),
    }))
}

fn command() -> Command {
    let value = |name: &'static str, help: &'static str| Arg::new(name).long(name).help(help);
    Command::new("tailrace-micro-tokio")
        .about("micro benchmarks of Tokio; prints Google Benchmark's JSON, times per operation")
        .arg(value("filter", "run those with this text in their name"))
        .arg(
            value("min-time-s", "measure each for at least so many seconds")
                .value_parser(seconds)
                .default_value("0.5"),
        )
        .arg(value("out", "write to this file").value_parser(value_parser!(PathBuf)))
        .arg(value("list", "print the names and leave").action(ArgAction::SetTrue))
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=3600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("a number of seconds from 0 to 3600 is needed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<CommandLine, String> {
        parse(std::iter::once("x").chain(words.split_whitespace()).map(OsString::from))
    }

    #[test]
    fn reads_its_options() {
        let words = "--filter yield --min-time-s 0.25 --out x.json --list";
        let Ok(CommandLine::Run(options)) = parsed(words) else { panic!("refused") };
        assert_eq!((options.filter.as_str(), options.list), ("yield", true));
        assert_eq!(options.min_time, Duration::from_millis(250));
        assert_eq!(options.out, Some(PathBuf::from("x.json")));
    }

    #[test]
    fn refuses_in_one_sentence() {
        for words in [
            "--fly",
            "more",
            "--min-time-s",
            "--min-time-s x",
            "--min-time-s -1",
            "--min-time-s nan",
            "--min-time-s inf",
            "--min-time-s 1e9",
            "--out",
        ] {
            let why = parsed(words).unwrap_err();
            assert!(!why.is_empty() && !why.contains('\n'), "{words}: {why}");
        }
    }
}
