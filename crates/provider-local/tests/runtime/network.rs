//! Networks and published ports.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::json;

use crate::common::machine::Machine;
use crate::common::{Case, until};

pub(crate) const CASES: &[Case] = &[
    ("the_computers_network_is_shared", the_computers_network_is_shared),
    ("no_network_but_loopback", no_network_but_loopback),
    ("two_machines_publish_the_same_port", two_machines_publish_the_same_port),
    ("a_port_that_nobody_listens_on_hangs_up", a_port_that_nobody_listens_on_hangs_up),
];

fn the_computers_network_is_shared() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let machine = Machine::new(&["bash", "-c", &format!("echo hello > /dev/tcp/127.0.0.1/{port}")]);
    machine.run();
    let mut got = String::new();
    listener.accept().unwrap().0.read_to_string(&mut got).unwrap();
    assert_eq!(got, "hello\n");
}

fn no_network_but_loopback() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!(
        "tail -n +3 /proc/net/dev | cut -d: -f1; (echo x > /dev/tcp/127.0.0.1/{port}) 2>/dev/null || echo refused"
    );
    let mut machine = Machine::new(&["bash", "-c", &script]);
    machine.spec()["network"] = json!("none");
    let out = machine.finish();
    assert!(out.contains("lo") && out.ends_with("refused\n"), "{out}");
    assert!(!out.contains("eth"), "{out}");
}

/// A port that was free just now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A machine that answers each line in capitals, until the client has ended its side.
fn shouting(port: u16) -> Option<Machine> {
    let script = "import socketserver
class H(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile: self.wfile.write(line.upper())
        self.wfile.write(b'END')
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(('127.0.0.1', 8080), H).serve_forever()";
    let python =
        ["/usr/bin/python3", "/usr/local/bin/python3"].into_iter().find(|path| std::path::Path::new(path).exists())?;
    let mut machine = Machine::new(&[python, "-c", script]);
    machine.spec()["network"] = json!("none");
    machine.spec()["ports"] = json!([{"host": port, "guest": 8080}]);
    machine.run();
    Some(machine)
}

fn two_machines_publish_the_same_port() {
    let ports = [free_port(), free_port()];
    let Some(_machines) = ports.map(shouting).into_iter().collect::<Option<Vec<_>>>() else { return };
    for port in ports {
        let mut answer = Vec::new();
        until("it answers", || {
            answer.clear();
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let _ = stream.write_all(b"hello\n");
            // The end of one direction is carried, and the other goes on.
            let _ = stream.shutdown(Shutdown::Write);
            stream.read_to_end(&mut answer).is_ok() && !answer.is_empty()
        });
        assert_eq!(answer, b"HELLO\nEND");
        let large = vec![b'x'; 5_000_000];
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let mut writer = stream.try_clone().unwrap();
        let sent = large.clone();
        let writing = std::thread::spawn(move || {
            writer.write_all(&sent).unwrap();
            writer.write_all(b"\n").unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        let mut back = Vec::new();
        stream.read_to_end(&mut back).unwrap();
        writing.join().unwrap();
        assert!(back.len() == large.len() + 4 && back.iter().take(large.len()).all(|&byte| byte == b'X'));
    }
}

fn a_port_that_nobody_listens_on_hangs_up() {
    let port = free_port();
    let mut machine = Machine::new(&[]);
    machine.spec()["network"] = json!("none");
    machine.spec()["ports"] = json!([{"host": port, "guest": 9}]);
    machine.run();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
    machine.stop(100);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "the port goes with the machine");
}
