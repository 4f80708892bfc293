//! Repositories that are cloned over the network: credentials, and servers that do not answer.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod harness;

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use harness::{Machine, shell};
use machine_core::{ExitReason, Signal};
use machine_guest::control::ToGuest;
use machine_guest::orders::{Credential, RepoOrder};

/// A git server that wants `me` and `hunter2`, on a port of the loopback's.
struct Server {
    child: Child,
    port: u16,
}

const SERVER: &str = r#"
import base64, http.server, os, subprocess, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def answer(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        if self.headers.get('Authorization') != 'Basic ' + base64.b64encode(b'me:hunter2').decode():
            self.send_response(401); self.send_header('WWW-Authenticate', 'Basic realm="x"'); self.end_headers(); return
        path, _, query = self.path.partition('?')
        env = dict(os.environ, GIT_PROJECT_ROOT=sys.argv[1], GIT_HTTP_EXPORT_ALL='1', PATH_INFO=path, QUERY_STRING=query,
            REQUEST_METHOD=self.command, CONTENT_TYPE=self.headers.get('Content-Type') or '', CONTENT_LENGTH=str(len(body)),
            REMOTE_USER='me', HTTP_CONTENT_ENCODING=self.headers.get('Content-Encoding') or '',
            GIT_PROTOCOL=self.headers.get('Git-Protocol') or '')
        out = subprocess.run(['git', '-c', 'safe.directory=*', 'http-backend'], input=body, env=env, capture_output=True).stdout
        head, _, rest = out.partition(b'\r\n\r\n')
        status = 200
        headers = [line.split(': ', 1) for line in head.decode().split('\r\n')]
        for name, value in headers:
            if name == 'Status': status = int(value.split()[0])
        self.send_response(status)
        for name, value in headers:
            if name != 'Status': self.send_header(name, value)
        self.end_headers(); self.wfile.write(rest)
    do_GET = do_POST = answer
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"#;

impl Server {
    fn start(root: &Path) -> Self {
        let mut child = Command::new("python3").args(["-c", SERVER]).arg(root).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).unwrap();
        Self { child, port: line.trim().parse().unwrap() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn repo(port: u16, credential: Option<(&str, &str)>) -> RepoOrder {
    RepoOrder {
        name: "tool".to_owned(),
        url: format!("http://127.0.0.1:{port}/tool.git"),
        reference: Some("main".to_owned()),
        sent: false,
        credential: credential.map(|(name, password)| Credential { username: name.into(), password: password.into() }),
    }
}

#[test]
fn a_private_repository_is_cloned_and_its_token_left_nowhere() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("source")).unwrap();
    let script = "git init -q -b main source && cd source && echo secret-plan > file && git add . && \
                  git -c user.name=t -c user.email=t@localhost commit -qm one && git clone -q --bare . ../tool.git";
    assert!(Command::new("sh").args(["-c", script]).current_dir(root.path()).status().unwrap().success());
    let server = Server::start(root.path());
    let machine = Machine::new();
    let mut orders =
        shell("cat tool/file; git -C tool remote get-url origin; grep -r hunter2 tool; env | grep hunter2");
    orders.repos = vec![repo(server.port, Some(("me", "hunter2")))];
    let told = machine.run(&orders);
    assert_eq!(told.out(), format!("secret-plan\nhttp://127.0.0.1:{}/tool.git\n", server.port), "{told:?}");

    let machine = Machine::new();
    for credential in [None, Some(("me", "wrong-hunter"))] {
        let mut orders = shell("echo never");
        orders.repos = vec![repo(server.port, credential)];
        let told = machine.run(&orders);
        let message = told.last().status.message.clone().unwrap();
        assert_eq!((told.last().status.code, told.out().as_str()), (Some(125), ""), "{message}");
        assert!(message.contains("tool") && !message.contains("wrong-hunter"), "{message}");
    }
}

#[test]
fn a_server_that_does_not_answer_stops_neither_a_cancel_nor_the_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let began = Instant::now();
    for message in [ToGuest::Stop, ToGuest::Signal(Signal::INTERRUPT)] {
        let machine = Machine::new();
        let mut orders = shell("echo never");
        orders.repos = vec![repo(port, None)];
        let guest = machine.start(&orders);
        let mut client = machine.attach();
        client.hello(false);
        client.say(&message);
        let told = guest.wait();
        assert_eq!((told.last().status.reason, told.out().as_str()), (ExitReason::Stopped, ""), "{told:?}");
    }
    let machine = Machine::new();
    let mut orders = shell("echo never");
    orders.repos = vec![repo(port, None)];
    orders.deadline = Some(jiff::Timestamp::now() + Duration::from_millis(500));
    assert_eq!(machine.run(&orders).last().status.reason, ExitReason::Deadline);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}
