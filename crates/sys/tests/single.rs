//! What only a process with a single thread can do. Each case runs in a process of its own: this program, executed again.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::exit,
    clippy::disallowed_methods,
    reason = "a test; with a harness of its own the lints do not see that"
)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use machine_sys::id_map::{self, IdMap};
use machine_sys::{
    Ended, Fork, Namespaces, Process, clone_into, fd, fork, process_start, signals, try_wait, wait, wait_any,
};

const CHILD: &str = "__case";

const CASES: &[(&str, fn())] = &[
    ("a_fork_is_a_child_to_wait_for", a_fork_is_a_child_to_wait_for),
    ("a_second_thread_forbids_forks", a_second_thread_forbids_forks),
    ("a_zombie_is_dead", a_zombie_is_dead),
    ("a_child_dies_with_its_parent", a_child_dies_with_its_parent),
    ("namespaces_make_root_and_pid_1", namespaces_make_root_and_pid_1),
    ("descriptors_travel", descriptors_travel),
    ("signals_can_be_read_and_reset", signals_can_be_read_and_reset),
    ("a_wrong_start_time_is_another_process", a_wrong_start_time_is_another_process),
    ("what_was_open_is_closed_in_a_program", what_was_open_is_closed_in_a_program),
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() == Some(CHILD) {
        let name = args.next().unwrap();
        CASES.iter().find(|(case, _)| *case == name).unwrap().1();
        return ExitCode::SUCCESS;
    }
    let trials = CASES.iter().map(|&(name, _)| Trial::test(name, move || run_alone(name))).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn run_alone(name: &str) -> Result<(), Failed> {
    let output = Command::new(std::env::current_exe()?).args([CHILD, name]).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}

/// Runs `body` in the child and never returns there.
fn in_child(fork: Fork, body: impl FnOnce() -> i32) -> machine_sys::Child {
    match fork {
        Fork::Parent(child) => child,
        Fork::Child => {
            let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(101);
            std::process::exit(code)
        }
    }
}

fn a_fork_is_a_child_to_wait_for() {
    let child = in_child(fork().unwrap(), || 7);
    assert_eq!(wait(child.pid).unwrap(), Ended::Exited(7));
    let child = in_child(fork().unwrap(), || {
        std::thread::sleep(Duration::from_mins(1));
        0
    });
    assert_eq!(try_wait(child.pid).unwrap(), None);
    assert!(child.signal(9).unwrap());
    assert_eq!(wait(child.pid).unwrap(), Ended::Signaled(9));
    assert!(!child.signal(9).unwrap(), "a process that is gone cannot be signalled");
    assert_eq!(wait_any().unwrap(), None);
    let child = in_child(fork().unwrap(), || {
        // A session of its own is no hiding place.
        rustix::process::setsid().unwrap();
        8
    });
    while !machine_sys::has_ended(&child.pidfd).unwrap() {}
    assert_eq!(wait_any().unwrap(), Some((child.pid, Ended::Exited(8))));
}

fn a_second_thread_forbids_forks() {
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || stopped.recv());
    assert!(fork().is_err());
    assert!(clone_into(Namespaces::NONE).is_err());
    assert!(machine_sys::unshare(Namespaces::UTS).is_err());
    drop(stop);
    let _ = other.join();
}

fn a_zombie_is_dead() {
    let child = in_child(fork().unwrap(), || 0);
    let pid = child.pid.as_raw_nonzero().get();
    let deadline = Instant::now() + Duration::from_secs(5);
    while !machine_sys::has_ended(&child.pidfd).unwrap() {
        assert!(Instant::now() < deadline);
    }
    // Nobody has waited for it: it still has its pid, and its start time is still to be read.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let start: u64 = stat.rsplit(')').next().unwrap().split_whitespace().nth(19).unwrap().parse().unwrap();
    assert!(stat.contains(" Z "), "{stat}");
    assert_eq!(process_start(pid), None);
    assert!(Process::open(pid, start).unwrap().is_none());
}

fn a_child_dies_with_its_parent() {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let middle = in_child(fork().unwrap(), || {
        let me = Process::current().unwrap();
        let _grandchild = in_child(clone_into(Namespaces::NONE).unwrap(), || {
            machine_sys::die_with_parent(&me).unwrap();
            (&theirs).write_all(b"!").unwrap();
            std::thread::sleep(Duration::from_mins(1));
            0
        });
        std::thread::sleep(Duration::from_mins(1));
        0
    });
    drop(theirs);
    ours.read_exact(&mut [0]).unwrap();
    ours.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    middle.signal(9).unwrap();
    // The socket ends when the last process that has it is gone.
    assert_eq!(ours.read(&mut [0]).unwrap(), 0);
}

fn namespaces_make_root_and_pid_1() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let all = Namespaces::USER | Namespaces::PID | Namespaces::MOUNT | Namespaces::UTS | Namespaces::IPC;
    let child = in_child(clone_into(all).unwrap(), || {
        (&theirs).read_exact(&mut [0]).unwrap();
        assert_eq!(std::process::id(), 1);
        assert_eq!(rustix::process::getuid().as_raw(), 0);
        rustix::system::sethostname(b"inside").unwrap();
        // A second level, as a job in a machine has it.
        let nested = in_child(clone_into(Namespaces::USER | Namespaces::PID).unwrap(), || 4);
        i32::from(wait(nested.pid).unwrap() != Ended::Exited(4))
    });
    let map = IdMap::widest();
    assert!(map.has_user(0));
    id_map::write(child.pid, &map).unwrap();
    (&ours).write_all(b"!").unwrap();
    assert_eq!(wait(child.pid).unwrap(), Ended::Exited(0));
    assert_ne!(fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim(), "inside");
}

fn descriptors_travel() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (file, written) = (tempfile(), b"through the socket");
    assert_eq!(fd::send(&ours, b"x", &[file.as_fd(), file.as_fd()]).unwrap(), 1);
    let mut byte = [0; 4];
    let (read, fds) = fd::recv(&theirs, &mut byte).unwrap();
    assert_eq!((read, fds.len()), (1, 2));
    fs::File::from(fds.into_iter().next().unwrap()).write_all(written).unwrap();
    assert_eq!(file.metadata().unwrap().len(), written.len() as u64);
    assert!(fd::send(&ours, b"x", &[file.as_fd(); 9]).is_err());
    drop(ours);
    assert_eq!(fd::recv(&theirs, &mut byte).unwrap().0, 0);
}

fn tempfile() -> fs::File {
    rustix::fs::memfd_create("test", rustix::fs::MemfdFlags::CLOEXEC).unwrap().into()
}

fn signals_can_be_read_and_reset() {
    let readable = signals::SignalFd::new(&[15, 10]).unwrap();
    assert_eq!(readable.read().unwrap(), None);
    let me = Process::current().unwrap();
    me.signal(15).unwrap();
    assert_eq!(readable.read().unwrap(), Some(15));
    assert_eq!(readable.read().unwrap(), None);
    assert!(signals::block(&[9999]).is_err());
    let child = in_child(fork().unwrap(), || {
        signals::reset().unwrap();
        Process::current().unwrap().signal(15).unwrap();
        std::thread::sleep(Duration::from_mins(1));
        0
    });
    assert_eq!(wait(child.pid).unwrap(), Ended::Signaled(15));
}

fn a_wrong_start_time_is_another_process() {
    let pid = i32::try_from(std::process::id()).unwrap();
    let start = process_start(pid).unwrap();
    assert!(Process::open(pid, start).unwrap().is_some());
    assert!(Process::open(pid, start + 1).unwrap().is_none());
    assert!(Process::open(0, 0).unwrap().is_none());
    assert!(Process::open(-5, start).unwrap().is_none());
    assert_eq!(machine_sys::boot_id().unwrap().len(), 36);
}

fn what_was_open_is_closed_in_a_program() {
    let file = tempfile();
    let leaked = rustix::io::fcntl_dupfd_cloexec(&file, 100).unwrap();
    rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).unwrap();
    let list = || {
        let output = Command::new("sh").args(["-c", "ls /proc/self/fd"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(list().lines().any(|fd| fd == "100"), "{}", list());
    fd::close_from_on_exec(3).unwrap();
    assert!(!list().lines().any(|fd| fd == "100"), "{}", list());
}
