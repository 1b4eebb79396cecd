// SPDX-License-Identifier: MIT
//! What a task holds while it lives, so that its end is counted also where it is cancelled.

use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Mutex, MutexGuard};

use nix::sys::socket::{Shutdown, shutdown};

use crate::counts::own;

/// An accepted connection. The order of its members is that in which they end: its place among the
/// live ones goes first, and the socket is closed before it counts as closed.
pub struct Connection<S, L = ()> {
    _live: L,
    pub stream: S,
    _open: Open,
}

impl<S> Connection<S> {
    #[must_use]
    pub fn new(stream: S) -> Connection<S> {
        Connection { _live: (), stream, _open: Open::new() }
    }
}

impl<S: AsRawFd> Connection<S, Live> {
    /// One that `end_all()` ends.
    #[must_use]
    pub fn live(stream: S) -> Connection<S, Live> {
        Connection { _live: Live::new(&stream), stream, _open: Open::new() }
    }
}

/// Counts a connection as accepted and, when the task that has it ends or is cancelled, as closed.
struct Open(());

impl Open {
    fn new() -> Open {
        own().accepted.add(1);
        Open(())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        own().closed.add(1);
    }
}

/// Counts a sleep as begun and, when the task ends or is cancelled, as left.
pub struct Asleep(());

impl Asleep {
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Asleep {
        own().fell_asleep.add(1);
        Asleep(())
    }
}

impl Drop for Asleep {
    fn drop(&mut self) {
        own().woke.add(1);
    }
}

/// The connections that are served, for runtimes that cannot cancel a task from outside, or whose
/// tasks would outlive them: `stop` ends the sockets, and each session ends as if its peer had
/// left. Costs a connection a lock and its place in a list when it begins and ends, and an echo
/// nothing.
struct Places {
    descriptors: Vec<Option<RawFd>>,
    free: Vec<usize>,
}

static PLACES: Mutex<Places> = Mutex::new(Places { descriptors: Vec::new(), free: Vec::new() });

fn places() -> MutexGuard<'static, Places> {
    PLACES.lock().expect("nobody panics with this lock")
}

pub struct Live(usize);

impl Live {
    fn new(socket: &impl AsRawFd) -> Live {
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
