// SPDX-License-Identifier: MIT
//! The command line of every target: `TARGET describe` and `TARGET run ...`. The harness has
//! checked what it gives; what cannot be understood is refused with one sentence all the same.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::num::NonZero;
use std::str::FromStr;

use crate::description::Description;
use crate::target::Request;

#[derive(Debug)]
pub(crate) enum CommandLine {
    Describe,
    Run(Request),
}

/// The error is one sentence.
pub(crate) fn parse(description: &Description, words: &[&str]) -> Result<CommandLine, String> {
    match words {
        ["describe"] => Ok(CommandLine::Describe),
        ["run", options @ ..] => run(description, options).map(CommandLine::Run),
        _ => Err("it is run by tailrace; by hand: describe, or run --workload W [--workers N] \
                  [--host A] [--port P] [--set name=value ...]"
            .to_owned()),
    }
}

fn run(description: &Description, words: &[&str]) -> Result<Request, String> {
    let mut workload = "";
    let mut workers = NonZero::<usize>::MIN;
    let (mut host, mut port) = (Ipv4Addr::UNSPECIFIED, 0);
    let mut settings = Vec::new();
    for pair in words.chunks(2) {
        let &[flag, value] = pair else { return Err(format!("no value after {:?}", pair[0])) };
        match flag {
            "--workload" => workload = value,
            "--workers" => workers = parsed(flag, value)?,
            "--host" => host = parsed(flag, value)?,
            "--port" => port = parsed(flag, value)?,
            "--set" => settings.push(value),
            _ => return Err(format!("run has no {flag:?}")),
        }
    }
    if !description.workloads.contains(&workload) {
        return Err(format!(
            "no workload {workload:?}: it has {}",
            description.workloads.join(", ")
        ));
    }
    let options = options(description, workload, &settings)?;
    Ok(Request { workload: workload.to_owned(), workers: workers.get(), host, port, options })
}

fn parsed<T: FromStr>(flag: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{flag} cannot be {value:?}"))
}

/// Those of the workload: as set, else by default.
fn options(
    description: &Description,
    workload: &str,
    settings: &[&str],
) -> Result<BTreeMap<&'static str, String>, String> {
    let own = || description.options.iter().filter(|spec| spec.belongs_to(workload));
    let mut values: BTreeMap<_, _> = own().map(|spec| (spec.name, spec.default.clone())).collect();
    for setting in settings {
        let (name, value) = setting.split_once('=').unwrap_or((*setting, ""));
        let Some(spec) = own().find(|spec| spec.name == name) else {
            return Err(format!("workload {workload} has no option {name:?}"));
        };
        values.insert(spec.name, value.to_owned());
    }
    match own().find(|spec| !spec.can_be(&values[spec.name])) {
        Some(spec) => Err(format!("option {} cannot be {:?}", spec.name, values[spec.name])),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::OptionSpec;

    fn parsed(words: &str) -> Result<CommandLine, String> {
        let description = Description {
            id: "x",
            order: 100,
            summary: "a test",
            backend: "none",
            timer_granularity_ns: 1,
            one_worker: "",
            versions: Vec::new(),
            workloads: &["echo", "idle"],
            in_process: &[],
            options: vec![
                OptionSpec::choice("buffer", &["lent", "owned"], ""),
                OptionSpec::multiple("tasks", 3, 3, 0..=100, "").only_for(&["idle"]),
            ],
            forms: &[("best", &[]), ("default", &[])],
            kernel: "3.2",
            unavailable: None,
        };
        parse(&description, &words.split_whitespace().collect::<Vec<_>>())
    }

    fn request(words: &str) -> Request {
        let Ok(CommandLine::Run(request)) = parsed(words) else { panic!("refused") };
        request
    }

    #[test]
    fn a_whole_request() {
        let words = "run --workload idle --workers 2 --host 127.0.0.1 --port 7 --set tasks=9";
        let request = request(words);
        assert_eq!((request.workload.as_str(), request.workers), ("idle", 2));
        assert_eq!((request.host, request.port), (Ipv4Addr::LOCALHOST, 7));
        assert_eq!((request.text("buffer"), request.integer("tasks")), ("lent", 9));
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        let request = request("run --workload echo");
        assert_eq!((request.workers, request.port), (1, 0));
        assert_eq!(request.host, Ipv4Addr::UNSPECIFIED);
        assert_eq!(request.options.into_keys().collect::<Vec<_>>(), ["buffer"]);
    }

    #[test]
    fn bad_usage_is_one_sentence() {
        assert!(matches!(parsed("describe"), Ok(CommandLine::Describe)));
        for words in [
            "",
            "fly",
            "describe more",
            "run",
            "run --workload fly",
            "run --workload echo --fly 1",
            "run --workload echo --workers 0",
            "run --workload echo --workers two",
            "run --workload echo --port 70000",
            "run --workload echo --host here",
            "run --workload echo --set buffer",
            "run --workload echo --set buffer=rented",
            "run --workload echo --set tasks=1",
            "run --workload idle --set tasks=-1",
            "run --workload idle --set tasks=10",
            "run --workload echo --set",
        ] {
            let why = parsed(words).unwrap_err();
            assert!(!why.is_empty() && !why.contains('\n'), "{words}: {why}");
        }
    }
}
