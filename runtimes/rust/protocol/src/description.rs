// SPDX-License-Identifier: MIT
//! What a target says of itself (`describe`), as plain data.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use crate::refused::Refused;

/// Option values that make one form to measure.
pub type Form = &'static [(&'static str, &'static str)];

/// What all say of one worker whose workers take tasks from one another.
pub const NOTHING_STOLEN: &str = "nothing is stolen, for there is no other worker";

pub struct Description {
    pub id: &'static str,
    /// Where reports list it.
    pub order: u32,
    pub summary: &'static str,
    pub backend: &'static str,
    /// The step to which the library rounds deadlines.
    pub timer_granularity_ns: u64,
    /// What is not so with one worker, as half a sentence; empty: nothing.
    pub one_worker: &'static str,
    /// Of libraries, compiler, flags.
    pub versions: Vec<(&'static str, String)>,
    pub workloads: &'static [&'static str],
    /// Those of them that have no client.
    pub in_process: &'static [&'static str],
    pub options: Vec<OptionSpec>,
    /// `best` and `default` are among them.
    pub forms: &'static [(&'static str, Form)],
    /// The oldest kernel.
    pub kernel: &'static str,
    /// Why it cannot run on this machine, and what to do; nothing where it can.
    pub unavailable: Option<Refused>,
}

impl Description {
    pub(crate) fn json(&self) -> Value {
        let versions: Map<String, Value> =
            self.versions.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
        let mut object = json!({
            "protocol": 2,
            "id": self.id,
            "family": "peer",
            "order": self.order,
            "language": "Rust",
            "summary": self.summary,
            "versions": versions,
            "backend": self.backend,
            "timer_granularity_ns": self.timer_granularity_ns,
            "workloads": self.workloads,
            "in_process": self.in_process,
            "options": self.options.iter().map(OptionSpec::json).collect::<Vec<_>>(),
            "forms": self.forms_json(),
            "needs": {"kernel": self.kernel},
            "available": self.unavailable.is_none(),
        });
        if !self.one_worker.is_empty() {
            object["one_worker"] = json!(self.one_worker);
        }
        if let Some(refused) = &self.unavailable {
            object["cause"] = json!(refused.message);
            object["remedy"] = json!(refused.remedy);
        }
        object
    }

    fn forms_json(&self) -> Map<String, Value> {
        self.forms.iter().map(|(name, form)| ((*name).to_owned(), form_json(form))).collect()
    }
}

fn form_json(form: Form) -> Value {
    form.iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect::<Map<_, _>>()
        .into()
}

/// An option that `--set name=value` gives. The harness sees to it that an integer is in its range.
#[derive(Clone, Debug)]
pub struct OptionSpec {
    pub(crate) name: &'static str,
    pub(crate) default: String,
    values: Values,
    help: &'static str,
    workloads: &'static [&'static str],
}

#[derive(Clone, Debug)]
enum Values {
    Choice(&'static [&'static str]),
    Integer { range: RangeInclusive<u64>, unit: u64 },
    Text,
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
        OptionSpec { name, default, values: Values::Choice(values), help, workloads: &[] }
    }

    #[must_use]
    pub fn integer(
        name: &'static str,
        default: u64,
        range: RangeInclusive<u64>,
        help: &'static str,
    ) -> OptionSpec {
        OptionSpec::multiple(name, 1, default, range, help)
    }

    /// A multiple of `unit`.
    #[must_use]
    pub fn multiple(
        name: &'static str,
        unit: u64,
        default: u64,
        range: RangeInclusive<u64>,
        help: &'static str,
    ) -> OptionSpec {
        let default = default.to_string();
        OptionSpec { name, default, values: Values::Integer { range, unit }, help, workloads: &[] }
    }

    /// Any text but none: the workload does not run without.
    #[must_use]
    pub fn needed(name: &'static str, help: &'static str) -> OptionSpec {
        OptionSpec { name, default: String::new(), values: Values::Text, help, workloads: &[] }
    }

    /// Belongs to these workloads only.
    #[must_use]
    pub fn only_for(mut self, workloads: &'static [&'static str]) -> OptionSpec {
        self.workloads = workloads;
        self
    }

    pub(crate) fn belongs_to(&self, workload: &str) -> bool {
        self.workloads.is_empty() || self.workloads.contains(&workload)
    }

    pub(crate) fn can_be(&self, value: &str) -> bool {
        match &self.values {
            Values::Choice(all) => all.contains(&value),
            Values::Integer { unit, .. } => {
                value.parse::<u64>().is_ok_and(|number| number % unit == 0)
            }
            Values::Text => !value.is_empty(),
        }
    }

    fn json(&self) -> Value {
        let values = match &self.values {
            Values::Choice(all) => json!(all),
            Values::Integer { range, .. } => {
                json!(format!("integer {}..{}", range.start(), range.end()))
            }
            Values::Text => json!("text"),
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
