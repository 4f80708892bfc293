//! A small stand-in for the API on a real socket: for each route a list of replies, the last of which goes on for ever.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::{Value, json};

/// What is replied to one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status and a body; nothing where the body is null.
    Says(u16, Value),
    /// A page of somebody who is not the API.
    Page(u16),
    /// The line goes dead after the request was read.
    HangsUp,
}

/// An error in the API's words.
pub(crate) fn refuses(status: u16, text: &str) -> Reply {
    Reply::Says(status, json!({"error": text, "status": status}))
}

/// The answer of a change that has nothing to tell.
pub(crate) fn done() -> Reply {
    Reply::Says(204, Value::Null)
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The route, as `GET /v2/instances`.
    pub(crate) route: String,
    pub(crate) query: String,
    pub(crate) body: Value,
}

#[derive(Debug, Default)]
struct Shared {
    routes: Mutex<HashMap<String, Vec<Reply>>>,
    asked: Mutex<Vec<Asked>>,
    over: AtomicBool,
}

/// The stand-in. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Cloud {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Cloud {
    /// One with a small catalog and no blocks, and these routes besides.
    pub(crate) fn with(routes: &[(&str, &[Reply])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let known = catalog().into_iter().chain(routes.iter().map(|(route, replies)| (*route, replies.to_vec())));
        *shared.routes.lock().unwrap() = known.map(|(route, replies)| (route.to_owned(), replies)).collect();
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .spawn(move || {
                for stream in listener.incoming() {
                    if serving.over.load(Ordering::SeqCst) {
                        return;
                    }
                    serve(&serving, stream.unwrap());
                }
            })
            .unwrap();
        Self { address, shared, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v2", self.address)
    }

    /// What was asked on that route so far, oldest first.
    pub(crate) fn asked(&self, route: &str) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().iter().filter(|asked| asked.route == route).cloned().collect()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn catalog() -> Vec<(&'static str, Vec<Reply>)> {
    let one = |body| vec![Reply::Says(200, body)];
    vec![
        ("GET /v2/os", one(json!({"os": [{"id": 2136, "name": "Debian 12 x64 (bookworm)", "family": "debian"}]}))),
        (
            "GET /v2/plans",
            one(json!({"plans": [
                {"id": "vc2-1c-1gb", "vcpu_count": 1, "ram": 1024, "disk": 25, "monthly_cost": 5, "locations": ["ewr", "ams"]},
                {"id": "vc2-1c-2gb", "vcpu_count": 1, "ram": 2048.0, "monthly_cost": 10.0, "hourly_cost": 0.015}
            ]})),
        ),
        (
            "GET /v2/regions",
            one(json!({"regions": [{"id": "ewr", "city": "New Jersey", "country": "US"}, {"id": "ams"}]})),
        ),
        ("GET /v2/blocks", one(json!({"blocks": null}))),
    ]
}

fn serve(shared: &Shared, stream: TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let length = lines.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let words: Vec<&str> = lines[0].split(' ').collect();
    let (path, query) = words[1].split_once('?').unwrap_or((words[1], ""));
    let route = format!("{} {path}", words[0]);
    let body = serde_json::from_slice(&body).unwrap_or_default();
    shared.asked.lock().unwrap().push(Asked { route: route.clone(), query: query.to_owned(), body });
    let reply = match shared.routes.lock().unwrap().get_mut(&route) {
        Some(replies) if replies.len() > 1 => replies.remove(0),
        Some(replies) => replies[0].clone(),
        None => refuses(404, &format!("{route} not found")),
    };
    let (status, kind, text) = match reply {
        Reply::HangsUp => return,
        Reply::Says(status, Value::Null) => (status, "application/json", String::new()),
        Reply::Says(status, body) => (status, "application/json", body.to_string()),
        Reply::Page(status) => (status, "text/html", "<html>no such page</html>".to_owned()),
    };
    let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", text.len()) };
    let head = format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: {kind}\r\nx-request-id: r-1\r\nconnection: close\r\n{length}\r\n"
    );
    // Whoever asked may be gone already.
    drop(reader.get_mut().write_all((head + &text).as_bytes()));
}
