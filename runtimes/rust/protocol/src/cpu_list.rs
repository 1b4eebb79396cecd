// SPDX-License-Identifier: MIT
//! CPU lists as `--cpus` gives them (`0,2-3`), and confining a thread to one. Threads that it
//! starts later inherit that: the main thread calls it before there are others.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Ascending without repeats, or one sentence that says what is wrong with the text.
pub(crate) fn parse(text: &str) -> Result<Vec<usize>, String> {
    let bad = || {
        let (shown, last) = (crate::options::excerpt(text), CpuSet::count() - 1);
        format!("'{shown}' is not a list of CPUs: write CPU numbers from 0 to {last} as in 0,2-3")
    };
    let cpu_of = |word: &str| {
        let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        let cpu: Option<usize> = word.parse().ok();
        cpu.filter(|&cpu| digits && cpu < CpuSet::count()).ok_or_else(bad)
    };
    let mut named = vec![false; CpuSet::count()];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (cpu_of(first)?, cpu_of(last)?);
        if first > last {
            return Err(bad());
        }
        named[first..=last].fill(true);
    }
    Ok((0..named.len()).filter(|&cpu| named[cpu]).collect())
}

/// The inverse: `[0, 2, 3]` gives `0,2-3`.
pub(crate) fn text(cpus: &[usize]) -> String {
    let runs = cpus.chunk_by(|before, after| before + 1 == *after);
    let texts: Vec<String> = runs
        .map(|run| match run {
            [one] => one.to_string(),
            _ => format!("{}-{}", run[0], run[run.len() - 1]),
        })
        .collect();
    texts.join(",")
}

/// Confines the calling thread to exactly these CPUs; an empty list confines nothing. The error is
/// one sentence: the kernel silently drops CPUs that are absent or outside of the cpuset, so what
/// it granted is read back.
///
/// # Errors
/// Where not all of them can be used.
pub fn confine_thread(cpus: &[usize]) -> Result<(), String> {
    if cpus.is_empty() {
        return Ok(());
    }
    let before = granted();
    let mut wanted = CpuSet::new();
    let taken = cpus.iter().try_for_each(|&cpu| wanted.set(cpu));
    if taken.and_then(|()| sched_setaffinity(this_thread(), &wanted)).is_ok() && granted() == cpus {
        return Ok(());
    }
    Err(format!(
        "CPUs {} cannot all be used here: choose from those this process may use ({} before the \
         attempt)",
        text(cpus),
        text(&before)
    ))
}

/// Worker i's own CPU: the i-th of the list where there are at least as many CPUs as workers.
#[must_use]
pub fn worker_cpu(cpus: &[usize], workers: usize, index: usize) -> Option<usize> {
    if cpus.len() < workers { None } else { cpus.get(index).copied() }
}

fn granted() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(this_thread()) else { return Vec::new() };
    (0..CpuSet::count()).filter(|&cpu| set.is_set(cpu).unwrap_or(false)).collect()
}

fn this_thread() -> Pid {
    Pid::from_raw(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lists() {
        assert_eq!(parse("0").unwrap(), [0]);
        assert_eq!(parse("3,0,2-3,7-8").unwrap(), [0, 2, 3, 7, 8]);
        assert_eq!(parse("0-1023").unwrap().len(), 1024);
    }

    #[test]
    fn refuses_what_is_none() {
        for bad in
            ["", ",", "0,", "a", "-1", "1-", "2-1", "1-2-3", "99999", "0 1", "+1", " 1", "1024"]
        {
            assert!(parse(bad).unwrap_err().contains("as in 0,2-3"), "{bad}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for list in ["0", "0,2-3", "1-4,6,8-9"] {
            assert_eq!(text(&parse(list).unwrap()), list);
        }
        assert_eq!(text(&[]), "");
    }

    #[test]
    fn a_worker_has_its_own_cpu_where_there_are_enough() {
        assert_eq!(worker_cpu(&[4, 6], 2, 1), Some(6));
        assert_eq!(worker_cpu(&[4], 2, 0), None);
        assert_eq!(worker_cpu(&[], 1, 0), None);
    }
}
