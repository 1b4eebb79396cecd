// SPDX-License-Identifier: MIT
//! What a target says of itself (`describe`) and what it is asked to do (`run`), as plain data.

use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};

use crate::options::{OptionSpec, OptionValues};
use crate::refused::Refused;

/// Option values that make one form to measure.
pub type Form = &'static [(&'static str, &'static str)];

pub struct Description {
    pub id: &'static str,
    pub summary: &'static str,
    pub backend: &'static str,
    /// Of libraries, compiler, flags.
    pub versions: Vec<(&'static str, String)>,
    pub workloads: &'static [&'static str],
    pub options: Vec<OptionSpec>,
    pub best: Form,
    pub default: Form,
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
            "protocol": 1,
            "id": self.id,
            "family": "peer",
            "language": "Rust",
            "summary": self.summary,
            "versions": versions,
            "backend": self.backend,
            "workloads": self.workloads,
            "options": self.options.iter().map(OptionSpec::json).collect::<Vec<_>>(),
            "forms": {"best": form_json(self.best), "default": form_json(self.default)},
            "needs": {"kernel": self.kernel},
            "available": self.unavailable.is_none(),
        });
        if let Some(refused) = &self.unavailable {
            object["cause"] = json!(refused.message);
            object["remedy"] = json!(refused.remedy);
        }
        object
    }
}

fn form_json(form: Form) -> Value {
    form.iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect::<Map<_, _>>()
        .into()
}

/// A validated `run` command.
#[derive(Clone, Debug)]
pub struct Request {
    pub workload: String,
    pub workers: usize,
    /// Ascending; empty: not confined.
    pub cpus: Vec<usize>,
    pub host: Ipv4Addr,
    pub port: u16,
    pub options: OptionValues,
}
