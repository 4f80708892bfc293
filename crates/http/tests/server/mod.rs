//! A server on a real socket that plays what it is told, one turn for each request. The tests of providers use it as well.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the server does with one request, after it has read it.
#[derive(Debug, Clone)]
pub(crate) enum Play {
    /// Answers.
    Answer(String),
    /// Hangs up without a word.
    Reset,
    /// Says nothing for a second.
    Silence,
    /// Begins an answer and hangs up.
    Cut,
    /// Answers and does not stop.
    Flood,
}

impl Play {
    /// An answer with this status, these headers and this body.
    pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        Self::Answer(format!("HTTP/1.1 {status} Status\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()))
    }
}

/// What to do with a request: its head and body, as they came.
type Script = dyn Fn(&str) -> Play + Send + Sync;

struct Shared {
    script: Box<Script>,
    requests: Mutex<Vec<String>>,
    connections: AtomicUsize,
    over: AtomicBool,
}

/// The server. It ends when this is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// One that plays these, and hangs up on whatever comes after.
    pub(crate) fn playing(plays: Vec<Play>) -> Self {
        let plays = Mutex::new(VecDeque::from(plays));
        Self::following(move |_| plays.lock().unwrap().pop_front().unwrap_or(Play::Reset))
    }

    /// One that does what `script` says to each request.
    pub(crate) fn following(script: impl Fn(&str) -> Play + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            requests: Mutex::default(),
            connections: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new().spawn(move || listen(&listener, &serving)).unwrap();
        Self { address, shared, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn listen(listener: &TcpListener, shared: &Shared) {
    std::thread::scope(|scope| {
        for stream in listener.incoming() {
            if shared.over.load(Ordering::SeqCst) {
                break;
            }
            shared.connections.fetch_add(1, Ordering::SeqCst);
            let stream = stream.unwrap();
            scope.spawn(move || serve(shared, stream));
        }
    });
}

fn serve(shared: &Shared, stream: TcpStream) {
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    // Whoever stopped reading may not have hung up yet.
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader, &shared.over) {
        let play = (shared.script)(&request);
        shared.requests.lock().unwrap().push(request);
        let stream = reader.get_mut();
        let hangs_up = !matches!(play, Play::Answer(_));
        match play {
            Play::Answer(text) => drop(stream.write_all(text.as_bytes())),
            Play::Silence => std::thread::sleep(Duration::from_secs(1)),
            Play::Cut => drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"ok\":")),
            Play::Flood => flood(stream),
            Play::Reset => {}
        }
        if hangs_up {
            drop(stream.shutdown(Shutdown::Both));
            return;
        }
    }
}

fn flood(stream: &mut TcpStream) {
    let mut piece = b"10000\r\n".to_vec();
    piece.resize(piece.len() + 0x1_0000, b' ');
    piece.extend_from_slice(b"\r\n");
    drop(stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"));
    while stream.write_all(&piece).is_ok() {}
}

/// One request; nothing when the other side has hung up or the server is over.
fn read(reader: &mut BufReader<TcpStream>, over: &AtomicBool) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        match reader.read_line(&mut head) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
                    && !over.load(Ordering::SeqCst) => {}
            Err(_) => return None,
        }
    }
    let length = head.to_ascii_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8_lossy(&body))
}
