// SPDX-License-Identifier: MIT
//! Tasks that can be told to end while they await something: monoio itself cannot cancel one from
//! outside. Each leaves its waker in a list, and looks at a flag when it is woken.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, Waker};

#[derive(Default)]
pub struct Sleepers {
    wakers: RefCell<Vec<Waker>>,
    stopped: Cell<bool>,
}

impl Sleepers {
    pub fn stop(&self) {
        self.stopped.set(true);
        for waker in self.wakers.take() {
            waker.wake();
        }
    }

    pub fn are_stopped(&self) -> bool {
        self.stopped.get()
    }
}

/// What `sleep` gives; nothing if the sleepers are stopped before.
pub async fn or_stopped<T>(sleep: impl Future<Output = T>, sleepers: &Sleepers) -> Option<T> {
    let mut sleep = pin!(sleep);
    let mut known = false;
    poll_fn(|context| {
        if sleepers.are_stopped() {
            return Poll::Ready(None);
        }
        if !std::mem::replace(&mut known, true) {
            sleepers.wakers.borrow_mut().push(context.waker().clone());
        }
        sleep.as_mut().poll(context).map(Some)
    })
    .await
}
