// SPDX-License-Identifier: MIT
//! One connection that echoes, in two forms. `lent`: the thread lends a buffer for the time from a
//! read to the write that answers it, so that a connection which waits holds none. `owned`: a
//! buffer of its own for each connection, as the echo server of Tokio's tutorial has it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tailrace_protocol::Request;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use crate::counts;
use crate::server::Connection;

/// What a workload does with received bytes before they go back.
pub trait Work: Send + 'static {
    fn received(&mut self, bytes: &[u8]);
}

#[derive(Clone, Copy)]
pub struct Buffer {
    lent: bool,
    bytes: usize,
}

impl Buffer {
    pub fn of(request: &Request) -> Buffer {
        let bytes = request.options.integer("buffer_bytes");
        Buffer {
            lent: request.options.text("buffer") == "lent",
            bytes: usize::try_from(bytes).expect("an option is at most 1 MiB"),
        }
    }
}

/// Echoes until the end of the stream; what was received before it is sent. An error ends this
/// connection alone and is counted. Not an `async fn`: that would keep its arguments twice, and
/// each connection that waits would pay for it.
#[allow(clippy::manual_async_fn)]
pub fn echo(
    mut connection: Connection,
    buffer: Buffer,
    mut work: impl Work,
) -> impl Future<Output = ()> + Send {
    async move {
        let stream = &mut connection.stream;
        let ended = if buffer.lent {
            echo_lent(stream, buffer.bytes, &mut work).await
        } else {
            echo_owned(stream, buffer.bytes, &mut work).await
        };
        if let Err(error) = ended {
            let reset = matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
            let counts = counts::own();
            if reset { &counts.resets } else { &counts.errors }.add(1);
        }
        drop(connection); // whole: else only its stream would live in here, and it end at once
    }
}

async fn echo_owned(stream: &mut TcpStream, bytes: usize, work: &mut impl Work) -> io::Result<()> {
    let mut buffer = vec![0; bytes];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        counts::own().received_bytes.add(count as u64);
        work.received(&buffer[..count]);
        send(stream, &buffer[..count]).await?;
    }
}

async fn echo_lent(stream: &mut TcpStream, bytes: usize, work: &mut impl Work) -> io::Result<()> {
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

/// One read and, in the same poll, the write that answers it. `poll_read` rather than `try_read`,
/// because it takes a read that does not fill the buffer as a sign that the socket is empty, and
/// saves the call that would say so.
fn exchange(
    stream: &mut TcpStream,
    bytes: usize,
    work: &mut impl Work,
    cx: &mut Context<'_>,
) -> Poll<io::Result<Exchanged>> {
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    BUFFER.with_borrow_mut(|buffer| {
        buffer.resize(bytes, 0); // of this size already from the second time on
        let mut read = ReadBuf::new(buffer);
        ready!(Pin::new(&mut *stream).poll_read(cx, &mut read))?;
        let filled = read.filled();
        if filled.is_empty() {
            return Poll::Ready(Ok((0, None)));
        }
        counts::own().received_bytes.add(filled.len() as u64);
        work.received(filled);
        let sent = match Pin::new(stream).poll_write(cx, filled) {
            Poll::Ready(sent) => sent?,
            Poll::Pending => 0,
        };
        counts::own().sent_bytes.add(sent as u64);
        let unsent = (sent < filled.len()).then(|| Box::from(&filled[sent..]));
        Poll::Ready(Ok((filled.len(), unsent)))
    })
}

/// `write_all`, counting each part, so that the counts are right also where the peer leaves midway.
async fn send(stream: &mut TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let sent = stream.write(bytes).await?;
        counts::own().sent_bytes.add(sent as u64);
        bytes = &bytes[sent..];
    }
    Ok(())
}
