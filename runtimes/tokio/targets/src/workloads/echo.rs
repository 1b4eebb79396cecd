// SPDX-License-Identifier: MIT
//! `echo`: every byte comes back in order.

use std::net::TcpListener;

use tailrace_protocol::Request;

use crate::server::accept_loop;
use crate::session::{self, Buffer, Work};

pub struct Nothing;

impl Work for Nothing {
    fn received(&mut self, _: &[u8]) {}
}

pub async fn serve(listener: TcpListener, request: &Request) {
    let buffer = Buffer::of(request);
    accept_loop(listener, move |connection| session::echo(connection, buffer, Nothing)).await;
}
