// SPDX-License-Identifier: MIT
//! The connections that are served, for runtimes that cannot cancel a task from outside, or whose
//! tasks would outlive them: `stop` ends the sockets, and each session ends as if its peer had
//! left. Costs a connection a lock and its place in a list when it begins and ends, and an echo
//! nothing.

use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Mutex, MutexGuard};

use nix::sys::socket::{Shutdown, shutdown};

struct Places {
    descriptors: Vec<Option<RawFd>>,
    free: Vec<usize>,
}

static PLACES: Mutex<Places> = Mutex::new(Places { descriptors: Vec::new(), free: Vec::new() });

fn places() -> MutexGuard<'static, Places> {
    PLACES.lock().expect("nobody panics with this lock")
}

/// Stands before the socket in what holds both: it has to go first.
pub struct Live(usize);

impl Live {
    #[must_use]
    pub fn new(socket: &impl AsRawFd) -> Live {
        let descriptor = Some(socket.as_raw_fd());
        let mut places = places();
        if let Some(place) = places.free.pop() {
            places.descriptors[place] = descriptor;
            Live(place)
        } else {
            places.descriptors.push(descriptor);
            Live(places.descriptors.len() - 1)
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let mut places = places();
        places.descriptors[self.0] = None;
        places.free.push(self.0);
    }
}

/// Ends every connection of the process. One whose peer has ended it already answers ENOTCONN.
pub fn end_all() {
    for descriptor in places().descriptors.iter().flatten() {
        let _ = shutdown(*descriptor, Shutdown::Both);
    }
}
