// SPDX-License-Identifier: MIT
//! A run that cannot start, with its remedy: becomes one `error` event and exit code 1, or 3 where
//! this machine cannot run the target at all.

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

    /// A library that needs io_uring and did not get a ring.
    #[must_use]
    pub fn io_uring(library: &str, error: &io::Error) -> Refused {
        let remedy = match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ENOSYS) => {
                "run a kernel that has io_uring, outside of a filter that hides it"
            }
            Some(Errno::EPERM) => {
                "allow io_uring: sysctl kernel.io_uring_disabled=0, and a seccomp profile of the \
                 container that lets it pass"
            }
            Some(Errno::ENOMEM) => "raise the limit of locked memory (ulimit -l 8192)",
            Some(Errno::EMFILE) => "raise the open-file limit (ulimit -n)",
            Some(Errno::EINVAL) => {
                "leave the options of the ring as they are: this kernel is too old"
            }
            _ => "look the error up in io_uring_setup(2)",
        };
        Refused::new(format!("the kernel refuses {library} an io_uring: {error}"), remedy)
    }
}
