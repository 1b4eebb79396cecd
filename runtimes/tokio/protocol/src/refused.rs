// SPDX-License-Identifier: MIT
//! A run that cannot start, with its remedy: becomes one `error` event and exit code 1.

use std::io;

use nix::errno::Errno;

#[derive(Debug)]
pub struct Refused {
    pub message: String,
    pub remedy: String,
}

impl Refused {
    #[must_use]
    pub fn new(message: String, remedy: &str) -> Refused {
        Refused { message, remedy: remedy.to_owned() }
    }

    /// "cannot listen on 127.0.0.1:80: Permission denied (os error 13)" and what to do about it.
    #[must_use]
    pub fn by_kernel(what: &str, error: &io::Error) -> Refused {
        let remedy = match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::EADDRINUSE) => "choose another --port, or 0 for any free one",
            Some(Errno::EADDRNOTAVAIL) => {
                "choose a --host that this machine has, such as 127.0.0.1"
            }
            Some(Errno::EACCES) => "choose a --port from 1024 up",
            Some(Errno::EMFILE) => "raise the open-file limit (ulimit -n)",
            Some(Errno::ENFILE) => "raise fs.file-max, or end what holds so many files open",
            Some(Errno::EAGAIN) => "lower --workers, or raise the process limit",
            Some(Errno::ENOMEM) => "lower the load asked for, or free memory",
            _ => "look the error up in the manual page of the call",
        };
        Refused::new(format!("{what}: {error}"), remedy)
    }
}
