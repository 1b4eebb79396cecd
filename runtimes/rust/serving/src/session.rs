// SPDX-License-Identifier: MIT
//! One connection that echoes, for runtimes that wait for readiness and then read at once. Two
//! forms. `lent`: the thread lends a buffer for the time from a read to the write that answers it,
//! so that a connection which waits holds none. `owned`: a buffer of its own for each connection,
//! as echo servers in tutorials have it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use tailrace_protocol::{OptionSpec, Request};

use crate::connection::Connection;
use crate::counts::own;
use crate::work::Work;

/// A socket, as its runtime reads and writes it.
pub trait Duplex {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>>;
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;
}

impl<S: AsyncRead + AsyncWrite + Unpin> Duplex for S {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        AsyncRead::poll_read(Pin::new(self), cx, into)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(Pin::new(self), cx, bytes)
    }
}

#[derive(Clone, Copy)]
pub struct Buffer {
    lent: bool,
    bytes: usize,
}

impl Buffer {
    #[must_use]
    pub fn options() -> Vec<OptionSpec> {
        vec![
            OptionSpec::choice(
                "buffer",
                &["lent", "owned"],
                "lent: the thread's, from read to write; owned: one a connection, as in tutorials",
            ),
            OptionSpec::integer("buffer_bytes", 65536, 64..=1_048_576, "size of that buffer"),
        ]
    }

    /// # Panics
    /// Where the target does not offer `options()`.
    #[must_use]
    pub fn of(request: &Request) -> Buffer {
        Buffer { lent: request.text("buffer") == "lent", bytes: request.size("buffer_bytes") }
    }
}

/// Echoes until the end of the stream; what was received before it is sent. An error ends this
/// connection alone and is counted. Not an `async fn`: that would keep its arguments twice, and
/// each connection that waits would pay for it.
#[allow(clippy::manual_async_fn)]
pub fn echo<S: Duplex, L>(
    mut connection: Connection<S, L>,
    buffer: Buffer,
    mut work: impl Work,
) -> impl Future<Output = ()> {
    async move {
        let stream = &mut connection.stream;
        let ended = if buffer.lent {
            echo_lent(stream, buffer.bytes, &mut work).await
        } else {
            echo_owned(stream, buffer.bytes, &mut work).await
        };
        count_end(ended);
        drop(connection); // whole: else only its stream would live in here, and it end at once
    }
}

/// How a session ended.
pub fn count_end(ended: io::Result<()>) {
    if let Err(error) = ended {
        let reset = matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
        if reset { &own().resets } else { &own().errors }.add(1);
    }
}

async fn echo_owned(
    stream: &mut impl Duplex,
    bytes: usize,
    work: &mut impl Work,
) -> io::Result<()> {
    let mut buffer = vec![0; bytes];
    loop {
        let count = poll_fn(|cx| stream.poll_read(cx, &mut buffer)).await?;
        if count == 0 {
            return Ok(());
        }
        own().received_bytes.add(count as u64);
        work.received(&buffer[..count]);
        send(stream, &buffer[..count]).await?;
    }
}

async fn echo_lent(stream: &mut impl Duplex, bytes: usize, work: &mut impl Work) -> io::Result<()> {
    loop {
        let (received, unsent) = poll_fn(|cx| exchange(stream, bytes, work, cx)).await?;
        if received == 0 {
            return Ok(());
        }
        if let Some(unsent) = unsent {
            send(stream, &unsent).await?;
        }
    }
}

/// How much was received, and what of it the socket did not take.
type Exchanged = (usize, Option<Box<[u8]>>);

/// One read and, in the same poll, the write that answers it.
fn exchange(
    stream: &mut impl Duplex,
    bytes: usize,
    work: &mut impl Work,
    cx: &mut Context<'_>,
) -> Poll<io::Result<Exchanged>> {
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    BUFFER.with_borrow_mut(|buffer| {
        buffer.resize(bytes, 0); // of this size already from the second time on
        let count = ready!(stream.poll_read(cx, buffer))?;
        if count == 0 {
            return Poll::Ready(Ok((0, None)));
        }
        own().received_bytes.add(count as u64);
        work.received(&buffer[..count]);
        let sent = match stream.poll_write(cx, &buffer[..count]) {
            Poll::Ready(sent) => sent?,
            Poll::Pending => 0,
        };
        own().sent_bytes.add(sent as u64);
        let unsent = (sent < count).then(|| Box::from(&buffer[sent..count]));
        Poll::Ready(Ok((count, unsent)))
    })
}

/// `write_all`, counting each part, so that the counts are right also where the peer leaves midway.
async fn send(stream: &mut impl Duplex, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let sent = poll_fn(|cx| stream.poll_write(cx, bytes)).await?;
        own().sent_bytes.add(sent as u64);
        bytes = &bytes[sent..];
    }
    Ok(())
}
