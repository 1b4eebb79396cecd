// SPDX-License-Identifier: MIT
//! Listening sockets, with the options that every contestant has: SO_REUSEADDR, backlog 4096.
//! TCP_NODELAY is set on what is accepted.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tailrace_protocol::{Refused, Request};

const BACKLOG: i32 = 4096;
/// Of an accept loop, out of descriptors or memory: sessions that end will free some.
pub const PAUSE_AFTER_REFUSAL: Duration = Duration::from_millis(10);

pub struct Listening {
    /// Non-blocking, as Tokio wants them.
    pub sockets: Vec<TcpListener>,
    /// As a client of this machine reaches them.
    pub address: String,
}

/// `count` sockets on the port of the request; several share it by SO_REUSEPORT. A port on which
/// another process listens is refused, also where it would let us share.
pub fn listen(request: &Request, count: usize) -> Result<Listening, Refused> {
    let mut port = request.port;
    let refused = |error: io::Error| {
        Refused::by_kernel(&format!("cannot listen on {}:{}", request.host, request.port), &error)
    };
    if count > 1 && port != 0 {
        // A socket without SO_REUSEPORT cannot join a group of another process.
        open(request.host, port, false).map_err(refused)?;
    }
    let mut sockets = Vec::new();
    for _ in 0..count {
        let socket = open(request.host, port, count > 1).map_err(refused)?;
        port = socket.local_addr().map_err(refused)?.port();
        sockets.push(socket);
    }
    let host = if request.host.is_unspecified() { Ipv4Addr::LOCALHOST } else { request.host };
    Ok(Listening { sockets, address: format!("{host}:{port}") })
}

fn open(host: Ipv4Addr, port: u16, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddrV4::new(host, port).into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
