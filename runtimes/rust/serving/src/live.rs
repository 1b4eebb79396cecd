// SPDX-License-Identifier: MIT
//! The connections that this thread serves, for runtimes that cannot cancel a task from outside, or
//! whose tasks would outlive them: `stop` ends the sockets, and each session ends as if its peer
//! had left. Costs a connection its place in a list when it begins and ends, and an echo nothing.

use std::cell::RefCell;
use std::os::fd::{AsRawFd, RawFd};

use nix::sys::socket::{Shutdown, shutdown};

#[derive(Default)]
struct Places {
    descriptors: Vec<Option<RawFd>>,
    free: Vec<usize>,
}

thread_local! {
    static PLACES: RefCell<Places> = RefCell::default();
}

/// Stands before the socket in what holds both: it has to go first.
pub struct Live(usize);

impl Live {
    #[must_use]
    pub fn new(socket: &impl AsRawFd) -> Live {
        let descriptor = Some(socket.as_raw_fd());
        PLACES.with_borrow_mut(|places| match places.free.pop() {
            Some(place) => {
                places.descriptors[place] = descriptor;
                Live(place)
            }
            None => {
                places.descriptors.push(descriptor);
                Live(places.descriptors.len() - 1)
            }
        })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        PLACES.with_borrow_mut(|places| {
            places.descriptors[self.0] = None;
            places.free.push(self.0);
        });
    }
}

/// Ends every connection of this thread. One whose peer has ended it already answers ENOTCONN.
pub fn end_all() {
    PLACES.with_borrow(|places| {
        for descriptor in places.descriptors.iter().flatten() {
            let _ = shutdown(*descriptor, Shutdown::Both);
        }
    });
}
