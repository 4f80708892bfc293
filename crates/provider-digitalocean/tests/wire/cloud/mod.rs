//! A cloud on a real socket that answers each request as it was told to, and remembers what it was asked.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::{Value, json};

/// What comes of a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// An answer of this status and body.
    Json(u16, Value),
    /// It is done, and the answer is lost.
    Lost,
}

/// A refusal in the cloud's own form.
pub(crate) fn refusal(status: u16, id: &str, message: &str) -> Reply {
    Reply::Json(status, json!({"id": id, "message": message, "request_id": "r-1"}))
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Its method and path, without the query.
    pub(crate) what: String,
    query: Vec<String>,
    /// Its body; null where it had none.
    pub(crate) body: Value,
    authorization: Option<String>,
}

#[derive(Debug)]
struct Route {
    what: String,
    query: Vec<String>,
    replies: VecDeque<Reply>,
}

#[derive(Debug, Default)]
struct Shared {
    routes: Mutex<Vec<Route>>,
    asked: Mutex<Vec<Asked>>,
    over: AtomicBool,
}

/// The cloud. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Cloud {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Cloud {
    /// One that has nothing.
    pub(crate) fn empty() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new().spawn(move || listen(&listener, &serving)).unwrap();
        Self { address, shared, thread: Some(thread) }
    }

    /// Answers requests of that method and path, and of that query where one is given (`GET /v2/droplets?page=2`), with these
    /// one after the other, and from then on with the last. Of two routes that fit, the one that was told last counts.
    pub(crate) fn on(&self, what: &str, replies: impl IntoIterator<Item = Reply>) -> &Self {
        let (what, query) = split(what);
        self.shared.routes.lock().unwrap().insert(0, Route { what, query, replies: replies.into_iter().collect() });
        self
    }

    /// Answers so with an answer of status 200.
    pub(crate) fn has(&self, what: &str, body: Value) -> &Self {
        self.on(what, [Reply::Json(200, body)])
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests of that method and path so far.
    pub(crate) fn asked(&self, what: &str) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().iter().filter(|asked| asked.what == what).cloned().collect()
    }

    /// The methods and paths of all requests so far that are no GET.
    pub(crate) fn changes(&self) -> Vec<String> {
        let asked = self.shared.asked.lock().unwrap();
        asked.iter().map(|asked| asked.what.clone()).filter(|what| !what.starts_with("GET ")).collect()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn split(target: &str) -> (String, Vec<String>) {
    let (what, query) = target.split_once('?').unwrap_or((target, ""));
    (what.to_owned(), query.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect())
}

fn listen(listener: &TcpListener, shared: &Shared) {
    std::thread::scope(|scope| {
        for stream in listener.incoming() {
            if shared.over.load(Ordering::SeqCst) {
                break;
            }
            let stream = stream.unwrap();
            scope.spawn(move || serve(stream, shared));
        }
    });
}

/// One request, and a connection for each: what is lost is lost with its connection.
fn serve(stream: TcpStream, shared: &Shared) {
    // A client that gave up may keep a connection on which it never asks anything.
    stream.set_read_timeout(Some(std::time::Duration::from_secs(1))).unwrap();
    let mut reader = BufReader::new(stream);
    let Some(asked) = read(&mut reader) else { return };
    let reply = match asked.authorization.as_deref() {
        Some("Bearer hunter2") => reply(&asked, shared),
        _ => refusal(401, "unauthorized", "Unable to authenticate you"),
    };
    shared.asked.lock().unwrap().push(asked);
    let Reply::Json(status, body) = reply else { return };
    let body = if status == 204 { String::new() } else { body.to_string() };
    let head = format!(
        "HTTP/1.1 {status} Status\r\nx-request-id: r-1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    drop(reader.get_mut().write_all((head + &body).as_bytes()));
}

fn reply(asked: &Asked, shared: &Shared) -> Reply {
    let mut routes = shared.routes.lock().unwrap();
    let fits =
        |route: &&mut Route| route.what == asked.what && route.query.iter().all(|pair| asked.query.contains(pair));
    match routes.iter_mut().find(fits) {
        Some(route) if route.replies.len() > 1 => route.replies.pop_front().unwrap(),
        Some(route) => route.replies[0].clone(),
        None => refusal(404, "not_found", "The resource you requested could not be found."),
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let header = |name: &str| {
        let named = |line: &String| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        };
        head.iter().find_map(named)
    };
    let mut body = vec![0; header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let (what, query) = split(head.first()?.strip_suffix(" HTTP/1.1")?);
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Some(Asked { what, query, body, authorization: header("authorization") })
}
