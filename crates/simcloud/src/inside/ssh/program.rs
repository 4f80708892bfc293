//! A program behind a channel.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use russh::server::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use rustix::process::{Pid, Signal, kill_process_group};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::inside::accounts::User;
use crate::inside::ssh::channel::{signal_number, size};
use crate::inside::{PATH, enter, proxy};

/// How much input may wait for a program that does not read. The protocol library gives a client room as it sends, so that
/// this is where it is stopped.
const INPUT: usize = 64 << 20;

/// How long a client waits for a program that does not read before its channel ends.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is carried at once.
const CHUNK: usize = 32 * 1024;

/// How long what is left in a terminal may take after the program's end.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What is to run.
pub(super) struct Wish {
    pub(super) user: User,
    pub(super) peer: SocketAddr,
    pub(super) env: BTreeMap<String, String>,
    pub(super) terminal: Option<Winsize>,
    /// For the user's shell; a login without one.
    pub(super) command: Option<String>,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// By itself.
    Exited(u32),
    /// By a signal, and whether that left a core.
    Killed(i32, bool),
}

/// A program that runs.
pub(super) struct Program {
    child: Child,
    group: Option<Pid>,
    master: Option<Arc<AsyncFd<OwnedFd>>>,
}

impl Program {
    /// Starts the user's shell.
    pub(super) fn start(wish: &Wish) -> io::Result<Self> {
        let shell = if wish.user.shell.is_empty() { "/bin/sh" } else { &wish.user.shell };
        let base = shell.rsplit('/').next().unwrap_or(shell);
        let arguments = match &wish.command {
            Some(command) => enter::arguments(&wish.user, wish.terminal.is_some(), base, &[shell, "-c", command]),
            None => enter::arguments(&wish.user, wish.terminal.is_some(), &format!("-{base}"), &[shell]),
        };
        let mut command = Command::new(machine_local::GUEST_PATH);
        command.args(arguments).env_clear().envs(environment(wish, shell));
        let master = match wish.terminal {
            Some(size) => {
                let (master, terminal) = open_terminal(size, &wish.user)?;
                command.stdin(Stdio::from(terminal.try_clone()?));
                command.stdout(Stdio::from(terminal.try_clone()?)).stderr(Stdio::from(terminal));
                Some(Arc::new(watch(master)?))
            }
            None => {
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
                None
            }
        };
        let child = command.spawn()?;
        let group = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        Ok(Self { child, group, master })
    }

    /// Carries its input and output until it has ended; nothing where the client went away before.
    pub(super) async fn run(mut self, read: ChannelReadHalf, write: &ChannelWriteHalf<Msg>) -> Option<Ended> {
        let (input, mut outputs) = self.connect(write);
        let mut input = Some(input);
        let mut read = read;
        let status = loop {
            tokio::select! {
                status = self.child.wait() => break status.ok()?,
                message = read.wait() => {
                    if !self.meet(message, &mut input).await {
                        // What reads from it finds the end; what writes to it, nobody.
                        outputs.iter().for_each(JoinHandle::abort);
                        self.hang_up();
                        return None;
                    }
                }
            }
        };
        let drained = async {
            for output in &mut outputs {
                let _ = output.await;
            }
        };
        if self.master.is_some() {
            // What it has left in the background may hold the terminal for ever.
            let _ = tokio::time::timeout(LAST_WORDS, drained).await;
            outputs.iter().for_each(JoinHandle::abort);
        } else {
            tokio::pin!(drained);
            loop {
                tokio::select! {
                    () = &mut drained => break,
                    message = read.wait() => {
                        if matches!(message, None | Some(ChannelMsg::Close)) {
                            return None;
                        }
                    }
                }
            }
        }
        Some(ended(status))
    }

    /// The tasks that carry, and where input goes in.
    fn connect(&mut self, write: &ChannelWriteHalf<Msg>) -> (Input, Vec<JoinHandle<()>>) {
        let mut outputs = Vec::new();
        if let Some(master) = &self.master {
            outputs.push(tokio::spawn(from_terminal(Arc::clone(master), write.make_writer())));
            let input = Input::new(ToTerminal(Arc::clone(master)));
            return (input, outputs);
        }
        if let Some(stdout) = self.child.stdout.take() {
            outputs.push(tokio::spawn(carry(stdout, write.make_writer())));
        }
        if let Some(stderr) = self.child.stderr.take() {
            outputs.push(tokio::spawn(carry(stderr, write.make_writer_ext(Some(1)))));
        }
        let input = match self.child.stdin.take() {
            Some(stdin) => Input::new(ToPipe(stdin)),
            None => Input::closed(),
        };
        (input, outputs)
    }

    /// Does what the client says; `false` when it has gone.
    async fn meet(&self, message: Option<ChannelMsg>, input: &mut Option<Input>) -> bool {
        match message {
            None | Some(ChannelMsg::Close) => return false,
            Some(ChannelMsg::Data { data }) => {
                if let Some(input) = input {
                    return input.give(data).await;
                }
            }
            // A terminal has no end of input; a pipe has.
            Some(ChannelMsg::Eof) if self.master.is_none() => *input = None,
            Some(ChannelMsg::WindowChange { col_width, row_height, pix_width, pix_height }) => {
                if let Some(master) = &self.master {
                    let _ = tcsetwinsize(master.as_fd(), size(col_width, row_height, pix_width, pix_height));
                }
            }
            Some(ChannelMsg::Signal { signal }) => {
                let signal = signal_number(&signal).and_then(Signal::from_named_raw);
                if let (Some(group), Some(signal)) = (self.group, signal) {
                    let _ = kill_process_group(group, signal);
                }
            }
            Some(_) => {}
        }
        true
    }

    /// What happens to those at a terminal whose line is cut.
    fn hang_up(&self) {
        if let (Some(group), Some(_)) = (self.group, &self.master) {
            let _ = kill_process_group(group, Signal::HUP);
        }
    }
}

fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exited(u32::try_from(code).unwrap_or(255)),
        (None, Some(signal)) => Ended::Killed(signal, status.core_dumped()),
        (None, None) => Ended::Exited(255),
    }
}

/// What every program of the user finds around it.
fn environment(wish: &Wish, shell: &str) -> BTreeMap<String, String> {
    let user = &wish.user;
    let mut env: BTreeMap<String, String> = wish.env.clone();
    env.extend(proxy::environment().into_iter().map(|(name, value)| (name.to_owned(), value)));
    let home = user.home.to_string_lossy().into_owned();
    let client = format!("{} {} 22", wish.peer.ip(), wish.peer.port());
    let connection = format!("{} {} 127.0.0.1 22", wish.peer.ip(), wish.peer.port());
    for (name, value) in [
        ("HOME", &*home),
        ("USER", &user.name),
        ("LOGNAME", &user.name),
        ("SHELL", shell),
        ("PATH", PATH),
        ("SSH_CLIENT", &client),
        ("SSH_CONNECTION", &connection),
    ] {
        env.insert(name.to_owned(), value.to_owned());
    }
    env
}

fn open_terminal(size: Winsize, user: &User) -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags)?;
    unlockpt(&master)?;
    tcsetwinsize(&master, size)?;
    rustix::io::ioctl_fionbio(&master, true)?;
    let terminal = ioctl_tiocgptpeer(&master, flags)?;
    // So that the user's own programs may open it by its name.
    rustix::fs::fchown(&terminal, Some(rustix::fs::Uid::from_raw(user.uid)), None)?;
    Ok((master, terminal))
}

#[expect(
    deprecated,
    reason = "what takes its place is unsafe; an owned descriptor stays open for as long as it is watched"
)]
fn watch(master: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(master)
}

/// Input on its way to a program.
struct Input {
    sender: mpsc::UnboundedSender<Bytes>,
    room: Arc<Semaphore>,
}

impl Input {
    fn new(mut to: impl Sink) -> Self {
        // Its bound is in bytes, which the semaphore counts.
        let (sender, mut waiting) = mpsc::unbounded_channel::<Bytes>();
        let room = Arc::new(Semaphore::new(INPUT));
        let given_back = Arc::clone(&room);
        tokio::spawn(async move {
            while let Some(bytes) = waiting.recv().await {
                // One that reads no more is none the worse for that: the rest is dropped.
                let _ = to.put(&bytes).await;
                given_back.add_permits(bytes.len());
            }
        });
        Self { sender, room }
    }

    fn closed() -> Self {
        let (sender, _) = mpsc::unbounded_channel();
        Self { sender, room: Arc::new(Semaphore::new(INPUT)) }
    }

    /// Hands over some; `false` if there has been no room for too long.
    async fn give(&self, bytes: Bytes) -> bool {
        let wanted = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        match tokio::time::timeout(PATIENCE, self.room.acquire_many(wanted)).await {
            Ok(Ok(room)) => {
                room.forget();
                // Where nobody takes it any more it is lost, as it is in a pipe.
                let _ = self.sender.send(bytes);
                true
            }
            _ => false,
        }
    }
}

/// Where input goes.
trait Sink: Send + 'static {
    fn put(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
}

struct ToPipe(tokio::process::ChildStdin);

impl Sink for ToPipe {
    async fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await
    }
}

struct ToTerminal(Arc<AsyncFd<OwnedFd>>);

impl Sink for ToTerminal {
    async fn put(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let mut ready = self.0.writable().await?;
            if let Ok(written) = ready.try_io(|master| Ok(rustix::io::write(master, bytes)?)) {
                bytes = &bytes[written?..];
            }
        }
        Ok(())
    }
}

/// Carries what a program writes to the client.
async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut buffer = vec![0; CHUNK];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if to.write_all(&buffer[..read]).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
}

async fn from_terminal(master: Arc<AsyncFd<OwnedFd>>, mut to: impl AsyncWrite + Unpin) {
    let mut buffer = vec![0; CHUNK];
    loop {
        let Ok(mut ready) = master.readable().await else { return };
        match ready.try_io(|master| Ok(rustix::io::read(master, &mut *buffer)?)) {
            // A terminal that nobody has open any more answers with an error.
            Ok(Ok(0) | Err(_)) => return,
            Ok(Ok(read)) => {
                if to.write_all(&buffer[..read]).await.is_err() || to.flush().await.is_err() {
                    return;
                }
            }
            Err(_) => {}
        }
    }
}
