// SPDX-License-Identifier: MIT
//! The accept loop: one task a connection.

use std::future::Future;
use std::net::TcpListener as StdListener;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use crate::counts;

/// Out of descriptors or memory: sessions that end will free some.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_millis(10);

/// Runs until it is dropped. `session` makes the task of one connection.
pub async fn accept_loop<Session>(listener: StdListener, session: impl Fn(Connection) -> Session)
where
    Session: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::from_std(listener).expect("a runtime with I/O takes a new socket");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // A peer that is gone already says so at the first read.
                let _ = stream.set_nodelay(true);
                tokio::spawn(session(Connection::new(stream)));
            }
            Err(_) => {
                counts::own().accept_errors.add(1);
                tokio::time::sleep(PAUSE_AFTER_REFUSAL).await;
            }
        }
    }
}

/// An accepted connection. The socket is closed before it is counted as closed.
pub struct Connection {
    pub stream: TcpStream,
    _open: Open,
}

impl Connection {
    fn new(stream: TcpStream) -> Connection {
        Connection { stream, _open: Open::new() }
    }
}

/// Counts a connection as accepted and, when the task that has it ends or is cancelled, as closed.
struct Open;

impl Open {
    fn new() -> Open {
        counts::own().accepted.add(1);
        Open
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        counts::own().closed.add(1);
    }
}
