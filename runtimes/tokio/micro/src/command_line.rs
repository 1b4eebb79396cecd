// SPDX-License-Identifier: MIT
//! The options of the suite. A bad one is refused with one sentence.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug)]
pub struct Options {
    /// Those with this text in their name are run.
    pub filter: String,
    /// Each is measured for at least so long.
    pub min_time: Duration,
    pub out: Option<PathBuf>,
    /// Print the names and leave.
    pub list: bool,
}

pub fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Options, String> {
    let min_time = Duration::from_millis(500);
    let mut options = Options { filter: String::new(), min_time, out: None, list: false };
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--list") => options.list = true,
            Some("--filter") => options.filter = text(&value(&mut words)?),
            Some("--min-time-s") => options.min_time = seconds(&text(&value(&mut words)?))?,
            Some("--out") => options.out = Some(value(&mut words)?.into()),
            _ => {
                return Err(format!(
                    "no {word:?}: it has --filter SUBSTRING, --min-time-s X, --out FILE, --list"
                ));
            }
        }
    }
    Ok(options)
}

fn value(words: &mut impl Iterator<Item = OsString>) -> Result<OsString, String> {
    words.next().ok_or("the last option needs a value".to_owned())
}

fn text(value: &OsString) -> String {
    value.to_string_lossy().into_owned()
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=3600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("--min-time-s takes seconds from 0 to 3600, not {text:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<Options, String> {
        parse(words.split_whitespace().map(OsString::from))
    }

    #[test]
    fn reads_its_options() {
        let options = parsed("--filter yield --min-time-s 0.25 --out x.json --list").unwrap();
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
