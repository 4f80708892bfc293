//! The way out of machines that are alone in their network: an HTTP proxy behind a socket, which shows in each of them.
//!
//! It has threads and not tasks: machines of several clouds, and of several runtimes, go through one.

use std::fs;
use std::io::{self, Read, Write as _};
use std::net::{Shutdown, TcpStream, ToSocketAddrs as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use url::Url;

/// The most connections at a time; more are refused.
const CONNECTIONS: usize = 128;
/// The longest head of a request.
const HEAD: usize = 32 * 1024;
/// How long a connection may take to be made, and to say what it wants.
const CONNECT: Duration = Duration::from_secs(10);
/// How long nothing may come from a side.
const SILENCE: Duration = Duration::from_mins(5);
/// What is carried at once.
const CHUNK: usize = 32 * 1024;

/// The directory in which the socket is; nothing where there can be none. It is the same at the next run, because machines
/// that are kept show it then.
pub(crate) fn directory() -> Option<PathBuf> {
    static OPENED: OnceLock<Option<PathBuf>> = OnceLock::new();
    let opened = OPENED.get_or_init(|| match open() {
        Ok(dir) => Some(dir),
        Err(error) => {
            tracing::warn!(%error, "machines have no way out by HTTP");
            None
        }
    });
    opened.clone()
}

fn open() -> io::Result<PathBuf> {
    let uid = rustix::process::geteuid().as_raw();
    let dir = place(uid);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
    let found = fs::symlink_metadata(&dir)?;
    if !found.is_dir() || found.uid() != uid {
        return Err(io::Error::other(format!("{} is somebody else's", dir.display())));
    }
    for left in fs::read_dir(&dir)?.flatten().map(|entry| entry.path()) {
        // What an earlier run has left; one that answers is of a run beside this one.
        if UnixStream::connect(&left).is_err() {
            fs::remove_file(&left)?;
        }
    }
    let listener = UnixListener::bind(dir.join(std::process::id().to_string()))?;
    let count = Arc::new(AtomicUsize::new(0));
    thread::Builder::new().name("proxy".to_owned()).spawn(move || {
        for client in listener.incoming().flatten() {
            let count = Arc::clone(&count);
            if count.fetch_add(1, Ordering::AcqRel) >= CONNECTIONS {
                count.fetch_sub(1, Ordering::AcqRel);
                continue;
            }
            let counted = Arc::clone(&count);
            let serving = thread::Builder::new().name("proxied".to_owned()).spawn(move || {
                if let Err(error) = serve(&client) {
                    let _ = write!(
                        &client,
                        "HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\nproxy of simcloud: {error}\n"
                    );
                }
                counted.fetch_sub(1, Ordering::AcqRel);
            });
            if serving.is_err() {
                count.fetch_sub(1, Ordering::AcqRel);
            }
        }
    })?;
    Ok(dir)
}

/// Where it is: the same at every run, and looked at before it is trusted.
#[expect(
    clippy::disallowed_methods,
    reason = "a name that is always the same is what it takes, in a directory of one's own"
)]
fn place(uid: u32) -> PathBuf {
    std::env::temp_dir().join(format!("simcloud-proxy-{uid}"))
}

/// Serves one request, and what follows it on the same connection to the same host.
fn serve(client: &UnixStream) -> io::Result<()> {
    client.set_read_timeout(Some(CONNECT))?;
    let (head, rest) = head(client)?;
    let (line, headers) = head.split_once("\r\n").unwrap_or((&head, ""));
    let mut words = line.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Err(wrong("this is no request")) };
    let server = if method.eq_ignore_ascii_case("connect") {
        let (host, port) = target.rsplit_once(':').ok_or_else(|| wrong("the host has no port"))?;
        let server = connect(host.trim_matches(['[', ']']), port.parse().map_err(|_| wrong("the port is no number"))?)?;
        write!(&*client, "HTTP/1.1 200 Connection established\r\n\r\n")?;
        server
    } else {
        let url = Url::parse(target).map_err(|_| wrong("a proxy is asked for a whole address"))?;
        let host =
            url.host_str().filter(|_| url.scheme() == "http").ok_or_else(|| wrong("only http is asked for so"))?;
        let server = connect(host.trim_matches(['[', ']']), url.port_or_known_default().unwrap_or(80))?;
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        // Another request on this connection could be for another host: there is one only.
        let kept = headers.split("\r\n").filter(|header| {
            let name = header.split(':').next().unwrap_or_default().to_ascii_lowercase();
            !header.is_empty() && !matches!(&*name, "proxy-connection" | "connection" | "proxy-authorization")
        });
        let kept: String = kept.map(|header| format!("{header}\r\n")).collect();
        (&server).write_all(format!("{method} {path} HTTP/1.1\r\n{kept}connection: close\r\n\r\n").as_bytes())?;
        server
    };
    client.set_read_timeout(Some(SILENCE))?;
    server.set_read_timeout(Some(SILENCE))?;
    server.set_write_timeout(Some(SILENCE))?;
    client.set_write_timeout(Some(SILENCE))?;
    (&server).write_all(&rest)?;
    thread::scope(|scope| {
        scope.spawn(|| {
            carry(client, &server);
            let _ = server.shutdown(Shutdown::Write);
        });
        carry(&server, client);
        let _ = client.shutdown(Shutdown::Both);
    });
    Ok(())
}

fn carry(mut from: impl Read, mut to: impl io::Write) {
    let mut buffer = vec![0; CHUNK];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
}

/// The head of a request, and what came with it.
fn head(mut client: &UnixStream) -> io::Result<(String, Vec<u8>)> {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = read.split_off(end + 4);
            read.truncate(end);
            return String::from_utf8(read).map(|head| (head, rest)).map_err(|_| wrong("the request is no text"));
        }
        let got = client.read(&mut buffer)?;
        if got == 0 || read.len() > HEAD {
            return Err(wrong("the request has no end, or a head that is too long"));
        }
        read.extend_from_slice(&buffer[..got]);
    }
}

fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = wrong("the host has no address");
    for address in (host, port).to_socket_addrs()?.take(4) {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
