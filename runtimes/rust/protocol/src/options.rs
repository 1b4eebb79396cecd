// SPDX-License-Identifier: MIT
//! Options that `--set name=value` gives: what a target offers, and the values in force. Everything
//! a user can get wrong is refused here with one sentence.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::{Value, json};

#[derive(Clone, Debug)]
enum Allowed {
    Choice(&'static [&'static str]),
    Integer(RangeInclusive<u64>),
    Text,
}

#[derive(Clone, Debug)]
pub struct OptionSpec {
    name: &'static str,
    default: String,
    allowed: Allowed,
    help: &'static str,
    workloads: &'static [&'static str],
    multiple_of: u64,
}

impl OptionSpec {
    /// One of `values`; the first is the default.
    #[must_use]
    pub fn choice(
        name: &'static str,
        values: &'static [&'static str],
        help: &'static str,
    ) -> OptionSpec {
        let default = values[0].to_owned();
        OptionSpec {
            name,
            default,
            allowed: Allowed::Choice(values),
            help,
            workloads: &[],
            multiple_of: 1,
        }
    }

    #[must_use]
    pub fn integer(
        name: &'static str,
        default: u64,
        allowed: RangeInclusive<u64>,
        help: &'static str,
    ) -> OptionSpec {
        let default = default.to_string();
        OptionSpec {
            name,
            default,
            allowed: Allowed::Integer(allowed),
            help,
            workloads: &[],
            multiple_of: 1,
        }
    }

    /// Any text but none: the workload does not run without.
    #[must_use]
    pub fn needed(name: &'static str, help: &'static str) -> OptionSpec {
        let (default, allowed) = (String::new(), Allowed::Text);
        OptionSpec { name, default, allowed, help, workloads: &[], multiple_of: 1 }
    }

    /// An integer has to be.
    #[must_use]
    pub fn multiple_of(mut self, unit: u64) -> OptionSpec {
        self.multiple_of = unit;
        self
    }

    /// Belongs to these workloads only.
    #[must_use]
    pub fn only_for(mut self, workloads: &'static [&'static str]) -> OptionSpec {
        self.workloads = workloads;
        self
    }

    fn belongs_to(&self, workload: &str) -> bool {
        self.workloads.is_empty() || self.workloads.contains(&workload)
    }

    fn check(&self, value: &str) -> Result<(), String> {
        let shown = excerpt(value);
        match &self.allowed {
            Allowed::Choice(values) if values.contains(&value) => Ok(()),
            Allowed::Choice(values) => {
                Err(format!("option '{}' is one of {}, not '{shown}'", self.name, list(values)))
            }
            // Digits alone: parse() would take a sign.
            Allowed::Integer(range)
                if value.bytes().all(|byte| byte.is_ascii_digit())
                    && value.parse().is_ok_and(|number: u64| {
                        range.contains(&number) && number % self.multiple_of == 0
                    }) =>
            {
                Ok(())
            }
            Allowed::Integer(range) => Err(format!(
                "option '{}' is {} from {} to {}, not '{shown}'",
                self.name,
                self.number_text(),
                range.start(),
                range.end()
            )),
            Allowed::Text if value.is_empty() => Err(format!("option '{}' is needed", self.name)),
            Allowed::Text => Ok(()),
        }
    }

    fn number_text(&self) -> String {
        match self.multiple_of {
            1 => "an integer".to_owned(),
            unit => format!("a multiple of {unit}"),
        }
    }

    pub(crate) fn json(&self) -> Value {
        let values = match &self.allowed {
            Allowed::Choice(values) => json!(values),
            Allowed::Integer(range) => json!(format!("integer {}..{}", range.start(), range.end())),
            Allowed::Text => json!("text"),
        };
        let mut object = json!({
            "name": self.name, "default": self.default, "values": values, "help": self.help,
        });
        if !self.workloads.is_empty() {
            object["workloads"] = json!(self.workloads);
        }
        object
    }
}

/// The options of the workload that runs, given or by default, validated. Asking for a name that is
/// not among them is a bug.
#[derive(Clone, Debug, Default)]
pub struct OptionValues(BTreeMap<String, String>);

impl OptionValues {
    /// # Panics
    /// Where the workload has no such option.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("option '{name}' is not among those in force"))
    }

    /// # Panics
    /// Where the workload has no such option, or it is no integer.
    #[must_use]
    pub fn integer(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or_else(|_| panic!("option '{name}' is no integer"))
    }

    pub(crate) fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

/// Validates `--set` texts for a workload and adds the defaults. The error is one sentence.
pub(crate) fn resolve(
    specs: &[OptionSpec],
    workload: &str,
    settings: &[String],
) -> Result<OptionValues, String> {
    let own: Vec<&OptionSpec> = specs.iter().filter(|spec| spec.belongs_to(workload)).collect();
    let mut given = BTreeMap::new();
    for setting in settings {
        let Some((name, value)) = setting.split_once('=') else {
            return Err(format!("--set takes name=value, not '{}'", excerpt(setting)));
        };
        let Some(_) = own.iter().find(|spec| spec.name == name) else {
            let names: Vec<&str> = own.iter().map(|spec| spec.name).collect();
            let (name, names) = (excerpt(name), list(&names));
            return Err(format!("workload {workload} has no option '{name}': it has {names}"));
        };
        if given.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(format!("option '{name}' is set twice"));
        }
    }
    let mut values: BTreeMap<String, String> =
        own.iter().map(|spec| (spec.name.to_owned(), spec.default.clone())).collect();
    values.extend(given);
    for spec in own {
        spec.check(&values[spec.name])?;
    }
    Ok(OptionValues(values))
}

pub(crate) fn list(words: &[&str]) -> String {
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// At most 80 characters of what somebody else wrote, in one line.
pub(crate) fn excerpt(text: &str) -> String {
    one_line(text, 80)
}

/// At most `most` characters, control characters escaped.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let mut line = String::new();
    for one in text.chars().take(most) {
        if one.is_control() {
            line.extend(one.escape_default());
        } else {
            line.push(one);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs() -> Vec<OptionSpec> {
        vec![
            OptionSpec::choice("buffer", &["lent", "owned"], ""),
            OptionSpec::integer("tasks", 3, 0..=100, "").only_for(&["idle"]),
        ]
    }

    fn resolved(workload: &str, settings: &[&str]) -> Result<OptionValues, String> {
        let settings: Vec<String> = settings.iter().map(|&text| text.to_owned()).collect();
        resolve(&specs(), workload, &settings)
    }

    #[test]
    fn defaults_and_given_values() {
        let values = resolved("idle", &["tasks=100"]).unwrap();
        assert_eq!((values.text("buffer"), values.integer("tasks")), ("lent", 100));
        assert_eq!(resolved("idle", &[]).unwrap().integer("tasks"), 3);
    }

    #[test]
    fn an_option_belongs_to_its_workload() {
        let values = resolved("echo", &["buffer=owned"]).unwrap();
        assert_eq!(values.all().keys().collect::<Vec<_>>(), ["buffer"]);
        let why = resolved("echo", &["tasks=1"]).unwrap_err();
        assert_eq!(why, "workload echo has no option 'tasks': it has buffer");
    }

    #[test]
    fn refuses_in_one_sentence() {
        for (setting, part) in [
            ("tasks", "name=value"),
            ("fly=1", "no option 'fly': it has buffer, tasks"),
            ("buffer=rented", "one of lent, owned, not 'rented'"),
            ("tasks=101", "from 0 to 100, not '101'"),
            ("tasks=-1", "not '-1'"),
            ("tasks=+1", "not '+1'"),
            ("tasks=", "not ''"),
            ("tasks=1 ", "not '1 '"),
            ("tasks=99999999999999999999999", "an integer"),
            ("tasks=1\n2", "not '1\\n2'"),
        ] {
            let why = resolved("idle", &[setting]).unwrap_err();
            assert!(why.contains(part) && !why.contains('\n'), "{setting}: {why}");
        }
        assert!(resolved("idle", &["tasks=1", "tasks=2"]).unwrap_err().contains("twice"));
    }
}
