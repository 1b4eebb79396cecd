// SPDX-License-Identifier: MIT
//! What a task holds while it lives, so that its end is counted also where it is cancelled.

use crate::counts::own;

/// Counts a connection as accepted and, when the task that has it ends or is cancelled, as closed.
/// It stands after the socket in what holds both, so that a socket is closed before it counts so.
pub struct Open(());

impl Open {
    #[must_use]
    pub fn new() -> Open {
        own().accepted.add(1);
        Open(())
    }
}

impl Default for Open {
    fn default() -> Open {
        Open::new()
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
    pub fn new() -> Asleep {
        own().fell_asleep.add(1);
        Asleep(())
    }
}

impl Default for Asleep {
    fn default() -> Asleep {
        Asleep::new()
    }
}

impl Drop for Asleep {
    fn drop(&mut self) {
        own().woke.add(1);
    }
}
