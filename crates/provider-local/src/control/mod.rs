//! The client's end of a machine's control socket.

mod connection;
mod session;
mod terminal;

pub(crate) use connection::Connection;
pub(crate) use session::exec;
