//! Published ports: connections from the computer are carried to the machine's own network.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use machine_core::Port;

use crate::fault::{Step, reason};
use crate::framing::{Inbox, Received, send};
use crate::layout::CTL;
use crate::order::{Stage, StartFailure};
use crate::wire::{Reply, Request};

/// The most connections at a time. Others wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 256;
/// What each direction of a connection carries at once.
const CHUNK: usize = 32 * 1024;
/// The threads do little.
const STACK: usize = CHUNK + 64 * 1024;
/// How long pid 1 may take to hand out a socket.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long nothing is accepted when that failed.
const BREATH: Duration = Duration::from_millis(10);

/// Ports that are bound.
#[derive(Debug)]
pub(super) struct Ports(Vec<(TcpListener, u16)>);

/// Binds all of them on `address`; on the loopback interface where there is none.
pub(super) fn bind(address: Option<Ipv4Addr>, ports: &[Port]) -> Step<Ports> {
    let address = address.unwrap_or(Ipv4Addr::LOCALHOST);
    let bind = |port: &Port| match TcpListener::bind((address, port.host)) {
        Ok(listener) => Ok((listener, port.guest)),
        Err(error) => {
            let what = match error.kind() {
                io::ErrorKind::AddrInUse => format!("port {} is in use already", port.host),
                _ => format!("port {} cannot be published", port.host),
            };
            Err(StartFailure::because(Stage::Port, what, &error))
        }
    };
    ports.iter().map(bind).collect::<Step<_>>().map(Ports)
}

impl Ports {
    /// Accepts connections from now on, in threads of their own; without ports there are none.
    pub(super) fn serve(self) -> Served {
        let connections = Arc::new(Connections::default());
        let mut ports = Vec::new();
        for (listener, guest) in self.0 {
            let listener = Arc::new(listener);
            let (shared, places) = (Arc::clone(&listener), Arc::clone(&connections));
            let thread = thread::Builder::new()
                .name(format!("port {guest}"))
                .stack_size(STACK)
                .spawn(move || accept(&shared, guest, &places));
            match thread {
                Ok(thread) => ports.push((listener, thread)),
                Err(error) => super::complain(&format!("cannot serve port {guest}: {}", reason(&error))),
            }
        }
        Served { ports, connections }
    }
}

/// Ports that connections are accepted on.
#[derive(Debug)]
pub(super) struct Served {
    ports: Vec<(Arc<TcpListener>, JoinHandle<()>)>,
    connections: Arc<Connections>,
}

impl Served {
    /// Gives the ports back: when this returns, the next start can bind them.
    pub(super) fn end(self) {
        self.connections.end();
        for (listener, thread) in self.ports {
            // Wakes the thread, which lets go of its share.
            let _ = rustix::net::shutdown(&listener, rustix::net::Shutdown::Both);
            let _ = thread.join();
        }
    }
}

/// How many connections there are.
#[derive(Debug, Default)]
struct Connections {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    count: usize,
    ended: bool,
}

/// One of them.
#[derive(Debug)]
struct Place(Arc<Connections>);

impl Connections {
    /// Waits until there is room for one more; none at the end.
    fn enter(self: &Arc<Self>) -> Option<Place> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |state: &mut State| state.count >= MAX_CONNECTIONS && !state.ended;
        let mut state = self.changed.wait_while(state, full).unwrap_or_else(PoisonError::into_inner);
        if state.ended {
            return None;
        }
        state.count += 1;
        Some(Place(Arc::clone(self)))
    }

    fn end(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.changed.notify_all();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).count -= 1;
        self.0.changed.notify_one();
    }
}

fn accept(listener: &TcpListener, guest: u16, connections: &Arc<Connections>) {
    while let Some(place) = connections.enter() {
        match listener.accept() {
            Ok((outside, _)) => {
                let carry = move || {
                    // A program that does not listen inside looks from outside like one that hangs up at once.
                    if let Ok(inside) = connect(guest) {
                        carry(&outside, &inside);
                    }
                    drop(place);
                };
                let _ = thread::Builder::new().name("connection".to_owned()).stack_size(STACK).spawn(carry);
            }
            // It is the end; or descriptors are short, and somebody has to hang up first.
            Err(_) => thread::sleep(BREATH),
        }
    }
}

/// Connects to a port inside, by a socket of the machine's network.
fn connect(guest: u16) -> io::Result<TcpStream> {
    let control = UnixStream::connect(CTL)?;
    control.set_read_timeout(Some(PATIENCE))?;
    send(&control, &Request::Socket, &[])?;
    let mut inbox = Inbox::default();
    let socket = loop {
        if let Some((reply, mut fds)) = inbox.next::<Reply>()? {
            match (reply, fds.pop()) {
                (Reply::Socket, Some(socket)) => break socket,
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        if inbox.receive(&control)? != Received::Bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    rustix::net::connect(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, guest))?;
    Ok(TcpStream::from(socket))
}

/// Carries bytes both ways until both ways have ended.
fn carry(outside: &TcpStream, inside: &TcpStream) {
    for stream in [outside, inside] {
        // Small messages go at once: whoever wants them to wait has done so already.
        let _ = stream.set_nodelay(true);
    }
    thread::scope(|scope| {
        let back = thread::Builder::new().name("answers".to_owned()).stack_size(STACK);
        let back = back.spawn_scoped(scope, || carry_one_way(inside, outside));
        if back.is_err() {
            let _ = outside.shutdown(Shutdown::Both);
            let _ = inside.shutdown(Shutdown::Both);
        }
        carry_one_way(outside, inside);
    });
}

fn carry_one_way(mut from: &TcpStream, mut to: &TcpStream) {
    let mut buffer = [0; CHUNK];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                if to.write_all(&buffer[..read]).is_err() {
                    // Nobody takes it any more: let the sender know.
                    let _ = from.shutdown(Shutdown::Read);
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
