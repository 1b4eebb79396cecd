// SPDX-License-Identifier: MIT
//! One connection that echoes. monoio's reads and writes take a buffer along and give it back: the
//! kernel has it while the operation runs, so each connection needs its own.

use std::io;

use monoio::buf::IoBuf;
use monoio::io::{AsyncReadRent, AsyncWriteRent};
use monoio::net::TcpStream;
use tailrace_serving::{Connection, Live, Work, count_end, own};

/// Echoes until the end of the stream; what was received before it is sent. An error ends this
/// connection alone and is counted.
pub async fn echo(mut connection: Connection<TcpStream, Live>, bytes: usize, mut work: impl Work) {
    count_end(exchange(&mut connection.stream, bytes, &mut work).await);
    drop(connection); // whole: else only its stream would live in here, and it end at once
}

async fn exchange(stream: &mut TcpStream, bytes: usize, work: &mut impl Work) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(bytes);
    loop {
        let (received, returned) = stream.read(buffer).await;
        buffer = returned;
        let count = received?;
        if count == 0 {
            return Ok(());
        }
        own().received_bytes.add(count as u64);
        work.received(&buffer[..count]);
        // write_all, counting each part, so that the counts are right also where the peer leaves.
        let mut unsent = 0;
        while unsent < count {
            let (sent, returned) = stream.write(buffer.slice(unsent..count)).await;
            buffer = returned.into_inner();
            let sent = sent?;
            own().sent_bytes.add(sent as u64);
            unsent += sent;
        }
    }
}
