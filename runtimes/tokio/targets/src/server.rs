// SPDX-License-Identifier: MIT
//! The accept loop: one task a connection.

use std::io;
use std::net::TcpListener as StdListener;
use std::pin::Pin;
use std::task::{Context, Poll};

use tailrace_serving::{Connection, Duplex, PAUSE_AFTER_REFUSAL, own};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::spawn::Spawn;

/// Runs until it is dropped. `session` makes the task of one connection.
pub async fn accept_loop<Session>(
    spawn: impl Spawn,
    listener: StdListener,
    session: impl Fn(Connection<Stream>) -> Session,
) where
    Session: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::from_std(listener).expect("a runtime with I/O takes a new socket");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // A peer that is gone already says so at the first read.
                let _ = stream.set_nodelay(true);
                spawn.spawn(session(Connection::new(Stream(stream))));
            }
            Err(_) => {
                own().accept_errors.add(1);
                tokio::time::sleep(PAUSE_AFTER_REFUSAL).await;
            }
        }
    }
}

pub struct Stream(TcpStream);

/// `poll_read` rather than `try_read`, because it takes a read that does not fill the buffer as a
/// sign that the socket is empty, and saves the call that would say so.
impl Duplex for Stream {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut read = ReadBuf::new(into);
        let done = Pin::new(&mut self.0).poll_read(cx, &mut read);
        done.map_ok(|()| read.filled().len())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }
}
