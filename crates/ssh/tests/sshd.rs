//! Commands through the sshd of OpenSSH, as most machines have it.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test's helper fails by panicking")]

use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use machine_core::{EnvVar, ErrorKind, Exec, ExecEvent, ExecSession, ExitStatus, Signal, WindowSize};
use machine_ssh::{Connection, HostKey, Login, Target, Trust};
use russh::keys::PrivateKey;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

const LIMIT: Duration = Duration::from_secs(20);

/// An sshd that lets one key in, on a port of its own.
struct Sshd {
    child: Child,
    dir: TempDir,
    target: Target,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Sshd {
    /// Starts one; `None`, having said so, where this computer has none and need not.
    fn start() -> Option<Self> {
        let program =
            ["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/lib/ssh/sshd"].into_iter().find(|at| Path::new(at).exists());
        let Some(program) = program else {
            assert!(std::env::var_os("MACHINE_REQUIRE").is_none(), "there is no sshd: install openssh-server");
            eprintln!("skipped: there is no sshd; install openssh-server");
            return None;
        };
        let (host, login) = (HostKey::generate().unwrap(), HostKey::generate().unwrap());
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let dir = tempfile::tempdir().unwrap();
        let private = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            path.display().to_string()
        };
        let key = private("host_key", host.private().unwrap().expose());
        let authorized = private("authorized_keys", &login.public().to_openssh().unwrap());
        let config = private(
            "sshd_config",
            &format!(
                "ListenAddress 127.0.0.1:{port}\nHostKey {key}\nAuthorizedKeysFile {authorized}\nPidFile none\nUsePAM no\n\
                 StrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\n"
            ),
        );
        if rustix::process::geteuid().is_root() {
            fs::create_dir_all("/run/sshd").unwrap(); // what its service makes
        }
        let child = Command::new(program)
            .args(["-D", "-e", "-f", &config])
            .stdin(Stdio::null())
            .stderr(fs::File::create(dir.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
        let target = Target {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            user: user.trim().to_owned(),
            trust: Trust::Pinned(vec![host.public().clone()]),
            login: Login::Key(Arc::new(PrivateKey::from_openssh(login.private().unwrap().expose()).unwrap())),
        };
        Some(Self { child, dir, target })
    }

    async fn connect(&self, target: &Target) -> Result<Arc<Connection>, machine_core::Error> {
        let began = Instant::now();
        loop {
            match Connection::open(target, LIMIT).await {
                // It has to start first.
                Err(error) if error.kind() == ErrorKind::Network && began.elapsed() < LIMIT => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => return Err(error),
                Ok(connection) => return Ok(Arc::new(connection)),
            }
        }
    }
}

#[derive(Debug, Default)]
struct Done {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    exit: Option<ExitStatus>,
}

impl Done {
    fn out(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }
}

async fn finish(session: &mut ExecSession) -> Done {
    let mut done = Done::default();
    let all = async {
        while let Some(event) = session.events.next().await {
            assert!(done.exit.is_none(), "something follows the end");
            match event.unwrap() {
                ExecEvent::Stdout(data) => done.stdout.extend_from_slice(&data),
                ExecEvent::Stderr(data) => done.stderr.extend_from_slice(&data),
                ExecEvent::Exited(exit) => done.exit = Some(exit),
                other => panic!("{other:?}"),
            }
        }
    };
    tokio::time::timeout(LIMIT, all).await.unwrap();
    done
}

async fn run(connection: &Arc<Connection>, command: Exec) -> Done {
    finish(&mut connection.exec(&command).await.unwrap()).await
}

#[tokio::test]
async fn what_a_command_does_comes_back() {
    let Some(sshd) = Sshd::start() else { return };
    let connection = sshd.connect(&sshd.target).await.unwrap();
    let odd = "a  'b' \"$HOME\" `x` \\ \n*;é";
    let done = run(&connection, Exec::of(["printf", "%s|", odd, ""])).await;
    assert_eq!((done.out(), done.exit.clone()), (format!("{odd}||").as_str(), Some(ExitStatus::exited(0))));
    let done = run(&connection, Exec::of(["sh", "-c", "echo out; echo err >&2; exit 7"])).await;
    assert_eq!(
        (done.out(), &done.stderr[..], done.exit.clone()),
        ("out\n", &b"err\n"[..], Some(ExitStatus::exited(7)))
    );
    assert_eq!(run(&connection, Exec::of(["no-such-program"])).await.exit, Some(ExitStatus::exited(127)));
    assert_eq!(run(&connection, Exec::of(["/etc/passwd"])).await.exit, Some(ExitStatus::exited(126)));
    let done = run(&connection, Exec::of(["sh", "-c", "kill -KILL $$"])).await;
    assert_eq!(done.exit, Some(ExitStatus::signaled(9)));
    let done = run(&connection, Exec { workdir: Some("/usr".into()), ..Exec::of(["pwd"]) }).await;
    assert_eq!(done.out(), "/usr\n");
    // Without input it reads the end of it at once.
    assert_eq!(run(&connection, Exec::of(["cat"])).await.out(), "");
}

#[tokio::test]
async fn variables_and_input_arrive_and_only_there() {
    let Some(sshd) = Sshd::start() else { return };
    let connection = sshd.connect(&sshd.target).await.unwrap();
    let script = "cat; printf '%s' \"$TOKEN\"; cat /proc/$PPID/cmdline /proc/$$/cmdline | tr '\\0' ' ' >&2";
    let env = vec![EnvVar::new("TOKEN", "hun'ter2\n")];
    let command = Exec { env, stdin: true, ..Exec::of(["sh", "-c", script]) };
    let mut session = connection.exec(&command).await.unwrap();
    let mut stdin = session.stdin.take().unwrap();
    let input: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let expected = [&input[..], b"hun'ter2\n"].concat();
    let write = async {
        stdin.write_all(&input).await.unwrap();
        stdin.shutdown().await.unwrap();
    };
    let (done, ()) = tokio::join!(finish(&mut session), write);
    assert!(done.stdout == expected, "{} bytes came of {}", done.stdout.len(), expected.len());
    assert!(!String::from_utf8_lossy(&done.stderr).contains("ter2"));
    assert_eq!(done.exit, Some(ExitStatus::exited(0)));
}

#[tokio::test]
async fn signals_arrive_and_a_dropped_session_hangs_up() {
    let Some(sshd) = Sshd::start() else { return };
    let connection = sshd.connect(&sshd.target).await.unwrap();
    let mut session = connection.exec(&Exec::of(["sleep", "60"])).await.unwrap();
    session.control.signal(Signal::TERMINATE).await.unwrap();
    assert_eq!(finish(&mut session).await.exit, Some(ExitStatus::signaled(15)));
    session.control.signal(Signal::TERMINATE).await.unwrap(); // of one that has ended: no error

    let heard = sshd.dir.path().join("heard");
    // Its shell would say on its standard error that `sleep` heard it too, where nobody listens any more.
    let script = format!(
        "exec 2>/dev/null; trap 'echo hup > {}; exit' HUP; echo ready; while :; do sleep 0.05; done",
        heard.display()
    );
    let mut session = connection.exec(&Exec::of(["sh", "-c", &script])).await.unwrap();
    let first = tokio::time::timeout(LIMIT, session.events.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(first, ExecEvent::Stdout("ready\n".into()));
    drop(session);
    let began = Instant::now();
    while fs::read_to_string(&heard).unwrap_or_default() != "hup\n" {
        assert!(began.elapsed() < LIMIT, "it was not told");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_flood_that_nobody_reads_holds_nothing_up() {
    let Some(sshd) = Sshd::start() else { return };
    let connection = sshd.connect(&sshd.target).await.unwrap();
    let mut session = connection.exec(&Exec::of(["sh", "-c", "echo $$; exec yes"])).await.unwrap();
    let first = tokio::time::timeout(LIMIT, session.events.next()).await.unwrap().unwrap().unwrap();
    let ExecEvent::Stdout(first) = first else { panic!("{first:?}") };
    let pid = std::str::from_utf8(&first).unwrap().lines().next().unwrap().to_owned();
    tokio::time::sleep(Duration::from_millis(200)).await; // so that all queues are full
    drop(session);
    let done = tokio::time::timeout(LIMIT, run(&connection, Exec::of(["echo", "on"]))).await.unwrap();
    assert_eq!(done.out(), "on\n");
    let began = Instant::now();
    while Path::new("/proc").join(&pid).exists() {
        assert!(began.elapsed() < LIMIT, "it still runs");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_terminal_has_its_size() {
    let Some(sshd) = Sshd::start() else { return };
    let connection = sshd.connect(&sshd.target).await.unwrap();
    let tty = Some(WindowSize { columns: 91, rows: 33 });
    let done = run(&connection, Exec { tty, ..Exec::of(["stty", "size"]) }).await;
    assert_eq!((done.out(), done.exit.clone()), ("33 91\r\n", Some(ExitStatus::exited(0))));
}

#[tokio::test]
async fn a_terminal_gets_variables_that_nobody_else_sees() {
    let Some(sshd) = Sshd::start() else { return };
    let connection = sshd.connect(&sshd.target).await.unwrap();
    let tty = Some(WindowSize { columns: 80, rows: 24 });
    let script = "printf '%s|' \"$TOKEN\"; tr '\\0' ' ' < /proc/$$/cmdline; find /tmp -maxdepth 1 -type f -name 'tmp.*' -exec grep -l 'hunter[2]' {} +; stty -a";
    let command = Exec { tty, env: vec![EnvVar::new("TOKEN", "hunter2\u{3}'")], ..Exec::of(["sh", "-c", script]) };
    let done = run(&connection, command).await;
    let (token, rest) = done.out().split_once('|').unwrap();
    assert_eq!(token, "hunter2\u{3}'");
    assert!(!rest.contains("hunter2") && !rest.contains("\n/tmp/") && rest.contains("rows 24"), "{rest}");
}

#[tokio::test]
async fn only_the_machine_is_believed_and_only_the_key_is_let_in() {
    let Some(sshd) = Sshd::start() else { return };
    sshd.connect(&sshd.target).await.unwrap();
    let other = HostKey::generate().unwrap();
    let wrong = Target { trust: Trust::Pinned(vec![other.public().clone()]), ..sshd.target.clone() };
    assert_eq!(sshd.connect(&wrong).await.unwrap_err().kind(), ErrorKind::Protocol);
    let login = Login::Key(Arc::new(PrivateKey::from_openssh(other.private().unwrap().expose()).unwrap()));
    let stranger = Target { login, ..sshd.target.clone() };
    assert_eq!(sshd.connect(&stranger).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
}
