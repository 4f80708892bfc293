//! A job that tries to forge its own end changes nothing but its own fate.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod harness;

use harness::{Machine, Told, eventually, shell};
use machine_core::{ExitReason, ExitStatus};
use machine_guest::frame::{Encoder, Evidence, Final, JobKey, Kind};

/// A final frame as a job could print it: of the right shape, under a key of its own.
fn look_alike() -> String {
    let mut out = Vec::new();
    let last = Final::new(ExitStatus::exited(0), 0, Some(1), Evidence { isolated: true, ..Evidence::default() });
    Encoder::new(JobKey::new([0; 32])).encode(Kind::Final, &last.to_bytes(), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn printed_look_alikes_are_output_and_nothing_else() {
    for isolated in [true, false] {
        let machine = Machine::with(isolated);
        let frame = look_alike();
        let told = machine.run(&shell(&format!("printf '%s' '{frame}'; printf '%s' '{frame}' >&2; exit 5")));
        assert_eq!(told.out(), frame);
        assert_eq!(told.stderr, frame.as_bytes());
        assert_eq!((told.last().status.code, told.foreign), (Some(5), 0));
    }
}

#[test]
fn no_process_but_its_own_is_in_reach_of_the_job() {
    let machine = Machine::new();
    // Everything that can be tried from a shell and Python: kill, write to and read from every process there is.
    let script = r#"
        for pid in $(ls /proc | grep '^[0-9]'); do
            [ "$pid" = "$$" ] && continue
            kill -9 "$pid" 2>/dev/null && [ "$pid" != 1 ] && [ -d "/proc/$pid" ] && echo "killed $pid"
            for fd in 1 2; do
                printf '%s\n' "$FRAME" > "/proc/$pid/fd/$fd" 2>/dev/null && [ "$pid" = 1 ] && echo "wrote to $pid"
            done
            [ "$pid" = 1 ] && cat "/proc/$pid/environ" >/dev/null 2>&1 && echo "read the environment of $pid"
            [ "$pid" = 1 ] && head -c 1 "/proc/$pid/mem" >/dev/null 2>&1 && echo "read the memory of $pid"
            [ "$pid" = 1 ] && readlink "/proc/$pid/fd/1" && echo "saw a descriptor of $pid"
        done
        kill -9 -1 2>/dev/null
        kill -STOP 1; kill -TERM 1; kill -9 1
        ls -A /run/machine 2>/dev/null | grep -q . && echo "saw /run/machine"
        echo survived; exit 6
    "#;
    let mut orders = shell(script);
    orders.env = vec![machine_core::EnvVar::new("FRAME", look_alike().trim_end())];
    let told = machine.run(&orders);
    // `kill -9 -1` spares the shell that says it, and pid 1.
    assert_eq!(told.out(), "survived\n", "{told:?}");
    assert_eq!(told.last().status.code, Some(6));
    assert_eq!((told.foreign, told.lost), (0, 0));
    assert!(told.last().evidence.isolated && !told.last().evidence.init_died);
}

#[test]
fn root_in_the_machine_is_kept_from_its_supervisor_too() {
    let machine = Machine::new();
    let script = "cat /proc/1/environ >/dev/null 2>&1 && echo read; readlink /proc/1/fd/1 && echo saw; \
                  kill -9 1; echo 1 2>/dev/null > /proc/sys/kernel/panic && echo changed; echo survived";
    let mut orders = shell(script);
    orders.root = true;
    let told = machine.run(&orders);
    assert_eq!((told.out().as_str(), told.last().status.code), ("survived\n", Some(0)), "{told:?}");
}

#[test]
fn tracing_a_supervisor_is_refused() {
    let machine = Machine::new();
    // PTRACE_ATTACH (16) to job-init, and for comparison to a child of its own.
    let script = "import ctypes,os,time\n\
        libc=ctypes.CDLL(None,use_errno=True)\n\
        child=os.fork()\n\
        if child==0:\n    time.sleep(20)\n\
        print(libc.ptrace(16,1,0,0), libc.ptrace(16,child,0,0))\n";
    let told = machine.run(&harness::orders(&["python3", "-c", script]));
    assert_eq!(told.out(), "-1 0\n", "{told:?}");
}

/// The pid of the process called `name` below `ancestor`.
fn descendant(ancestor: u32, name: &str) -> Option<i32> {
    let children = std::fs::read_to_string(format!("/proc/{ancestor}/task/{ancestor}/children")).ok()?;
    children.split_whitespace().find_map(|pid| {
        let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        if comm.trim() == name { pid.parse().ok() } else { descendant(pid.parse().ok()?, name) }
    })
}

fn kill(pid: i32) {
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::KILL).unwrap();
}

#[test]
fn a_supervisor_that_is_killed_from_outside_leaves_the_outcome_unknown() {
    for isolated in [true, false] {
        let machine = Machine::with(isolated);
        let mut guest = machine.start(&shell("echo ready; sleep 1000"));
        let mut told = Told::default();
        assert!(guest.read_until(&mut told, |told| told.out().contains("ready")));
        kill(descendant(guest.child.id(), "job-init").unwrap());
        guest.read_until(&mut told, |told| told.last.is_some());
        assert_eq!(told.last().status.reason, ExitReason::SupervisorDied);
        assert_eq!((told.last().status.code, told.last().evidence.init_died), (None, true));
        assert_eq!(guest.child.wait().unwrap().code(), Some(125));
    }
}

#[test]
fn a_guest_that_is_killed_says_nothing_and_leaves_no_job_behind() {
    let machine = Machine::new();
    let mut guest = machine.start(&shell("echo ready; echo $$ > pid; sleep 1000"));
    let mut told = Told::default();
    assert!(guest.read_until(&mut told, |told| told.out().contains("ready")));
    let init = descendant(guest.child.id(), "job-init").unwrap();
    let pid = descendant(guest.child.id(), "machine-guest").unwrap_or(i32::try_from(guest.child.id()).unwrap());
    kill(pid);
    assert!(!guest.read_until(&mut told, |told| told.last.is_some()), "no last word");
    assert!(eventually(|| machine_sys::process_start(init).is_none()), "the job went with it");
    guest.child.wait().unwrap();
}
