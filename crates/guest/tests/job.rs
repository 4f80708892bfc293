//! Jobs under a real guest: what they write, how they end, what they are given.

#![cfg(target_os = "linux")]

mod harness;

use std::time::{Duration, Instant};

use harness::{Machine, Told, orders, shell};
use machine_core::{EnvVar, ExitReason, OsText};

fn both(check: impl Fn(&Machine)) {
    for isolated in [true, false] {
        check(&Machine::with(isolated));
    }
}

#[test]
fn output_and_exit_code_are_the_jobs() {
    both(|machine| {
        let told = machine.run(&shell("echo out; echo err >&2; printf 'no end'; exit 3"));
        assert_eq!(told.out(), "out\nno end");
        assert_eq!(told.stderr, b"err\n");
        assert_eq!(told.last().status.code, Some(3), "{told:?}");
        assert_eq!(told.last().status.reason, ExitReason::Exited);
        assert!(told.started);
        assert_eq!((told.code(), told.foreign, told.lost), (Some(3), 0, 0));
        assert_eq!(told.last().evidence.isolated, machine.isolated);
    });
}

#[test]
fn a_signal_is_told_apart_from_a_code() {
    both(|machine| {
        let told = machine.run(&shell("kill -9 $$"));
        assert_eq!(told.last().status.signal, Some(9));
        assert_eq!(told.last().status.reason, ExitReason::Signaled);
        assert_eq!(told.code(), Some(137));
    });
}

#[test]
fn what_cannot_be_executed_has_the_shells_codes() {
    both(|machine| {
        let failed = |told: &Told, code: i32, word: &str| {
            let status = &told.last().status;
            assert_eq!((status.code, status.reason), (Some(code), ExitReason::SetupFailed), "{status:?}");
            assert!(status.message.as_ref().unwrap().contains(word), "{status:?}");
            assert!(!told.started);
            assert_eq!(told.code(), Some(code));
        };
        failed(&machine.run(&orders(&["no-such-program"])), 127, "`no-such-program` was not found in PATH");
        failed(&machine.run(&orders(&["/no/such/program"])), 127, "does not exist");
        failed(&machine.run(&orders(&["/etc/passwd"])), 126, "cannot be executed");
        failed(&machine.run(&orders(&["/"])), 126, "cannot be executed");
        failed(&machine.run(&orders(&[])), 125, "no command");
        let script = machine.work().join("script");
        std::fs::write(&script, "#!/no/such/interpreter\n").unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        failed(&machine.run(&orders(&["./script"])), 127, "interpreter");
        let mut elsewhere = shell("true");
        elsewhere.workdir = Some("missing".into());
        failed(&machine.run(&elsewhere), 125, "missing");
    });
}

#[test]
fn a_script_without_a_first_line_runs_as_in_a_shell() {
    let machine = Machine::new();
    let script = machine.work().join("script");
    std::fs::write(&script, "echo \"$1\"\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(machine.run(&orders(&["./script", "argument"])).out(), "argument\n");
}

#[test]
fn the_job_is_an_ordinary_user_without_rights_unless_it_is_root() {
    let machine = Machine::new();
    let script = "id -u; id -g; grep -E 'CapEff|CapPrm|NoNewPrivs' /proc/self/status; set -- /proc/[0-9]*; echo $#";
    let told = machine.run(&shell(script));
    let lines: Vec<_> = told.stdout.split(|&b| b == b'\n').map(|l| String::from_utf8_lossy(l).into_owned()).collect();
    assert_eq!(lines[..2], ["1000", "1000"], "{told:?}");
    assert_eq!(lines[2], "CapPrm:\t0000000000000000");
    assert_eq!(lines[3], "CapEff:\t0000000000000000");
    assert_eq!(lines[4], "NoNewPrivs:\t1");
    // job-init and the shell.
    assert_eq!(lines[5], "2", "the job sees its own processes only");
    let mut root = shell("id -u; touch x && stat -c %u x");
    root.root = true;
    assert_eq!(machine.run(&root).out(), "0\n0\n");
}

#[test]
fn the_workspace_is_the_jobs() {
    both(|machine| {
        std::fs::write(machine.work().join("given"), "hello").unwrap();
        let told = machine.run(&shell("pwd; cat given; echo made > made; stat -c %u given made"));
        let uid = if machine.isolated { 1000 } else { rustix::process::geteuid().as_raw() };
        assert_eq!(told.out(), format!("{}\nhello{uid}\n{uid}\n", machine.work().display()), "{told:?}");
        assert_eq!(std::fs::read(machine.work().join("made")).unwrap(), b"made\n");
    });
}

#[test]
fn environment_and_arguments_are_bytes() {
    let machine = Machine::new();
    let odd = OsText::from(b"new\nline \"quoted\" \xff\xfe".to_vec());
    let mut orders = shell("printf '%s' \"$1\"; printf '|%s|' \"$VALUE\"; env | cut -d= -f1 | sort | tr '\\n' ' '");
    orders.command.extend(["sh".into(), odd.clone()]);
    orders.env = vec![EnvVar::new("VALUE", odd.clone()), EnvVar::new("HOME", "/elsewhere")];
    let told = machine.run(&orders);
    let mut expected = odd.as_bytes().to_vec();
    expected.push(b'|');
    expected.extend(odd.as_bytes());
    expected.push(b'|');
    assert!(told.stdout.starts_with(&expected), "{told:?}");
    let names = String::from_utf8_lossy(&told.stdout[expected.len()..]).into_owned();
    for name in ["HOME", "LANG", "PATH", "USER", "VALUE"] {
        assert!(names.split(' ').any(|found| found == name), "{name} in {names}");
    }
    assert!(!names.contains("MACHINE_FILES"), "{names}");
    let mut wrong = shell("true");
    wrong.env = vec![EnvVar::new("A=B", "secret")];
    let message = machine.run(&wrong).last().status.message.clone().unwrap();
    assert!(message.contains("A=B") && !message.contains("secret"), "{message}");
}

#[test]
fn nothing_that_the_job_started_outlives_it() {
    both(|machine| {
        let began = Instant::now();
        let marker = machine.work().join("pid");
        let told = machine.run(&shell("setsid sleep 1000 & (sleep 2000 &) ; echo $$ > pid; echo done"));
        assert_eq!(told.out(), "done\n");
        assert_eq!(told.last().status.code, Some(0));
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        assert!(marker.exists());
        assert!(!told.last().evidence.output_cut, "{told:?}");
    });
}

#[test]
fn a_job_that_takes_too_long_is_ended() {
    both(|machine| {
        let mut obedient = shell("echo started; sleep 1000");
        obedient.timeout_ms = Some(300);
        let told = machine.run(&obedient);
        assert_eq!(told.last().status.reason, ExitReason::TimedOut);
        assert_eq!(told.last().status.signal, Some(15));
        assert!(told.last().run_ms.unwrap() >= 300);
        let began = Instant::now();
        let mut stubborn = shell("trap '' TERM; echo started; while :; do sleep 0.01; done");
        stubborn.timeout_ms = Some(200);
        stubborn.grace_ms = 300;
        let told = machine.run(&stubborn);
        assert_eq!(told.out(), "started\n");
        assert_eq!(told.last().status.reason, ExitReason::TimedOut);
        assert_eq!(told.last().status.signal, Some(9));
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    });
}

#[test]
fn the_deadline_holds_whatever_the_timeout() {
    let machine = Machine::new();
    let mut late = shell("sleep 1000");
    late.deadline = Some(jiff::Timestamp::now() + Duration::from_millis(300));
    assert_eq!(machine.run(&late).last().status.reason, ExitReason::Deadline);
    let mut passed = shell("echo never");
    passed.deadline = Some(jiff::Timestamp::now() - Duration::from_secs(1));
    let told = machine.run(&passed);
    assert_eq!((told.last().status.reason, told.out()), (ExitReason::Deadline, String::new()));
}

#[test]
fn a_guest_that_is_told_to_end_ends_the_job_first() {
    both(|machine| {
        let mut guest = machine.start(&shell("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.01; done"));
        let mut told = Told::default();
        assert!(guest.read_until(&mut told, |told| told.stdout.starts_with(b"ready")));
        let pid = if machine.isolated && !harness::is_root() {
            // Behind `unshare`.
            let children = format!("/proc/{0}/task/{0}/children", guest.child.id());
            std::fs::read_to_string(children).unwrap().trim().parse().unwrap()
        } else {
            i32::try_from(guest.child.id()).unwrap()
        };
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::TERM)
            .unwrap();
        guest.read_until(&mut told, |_| false);
        assert_eq!(told.out(), "ready\nbye\n");
        assert_eq!(told.last().status.reason, ExitReason::Stopped);
        assert_eq!(told.last().status.code, Some(7));
        guest.child.wait().unwrap();
    });
}

#[test]
fn output_of_every_shape_arrives() {
    let machine = Machine::new();
    let script = "head -c 10485760 /dev/zero | tr '\\0' x; printf '\\n\\377\\0\\n'; printf end >&2";
    let told = machine.run(&shell(script));
    assert_eq!(told.stdout.len(), 10_485_760 + 4);
    assert!(told.stdout[..10_485_760].iter().all(|&byte| byte == b'x'));
    assert_eq!(told.stdout[10_485_760..], *b"\n\xff\0\n");
    assert_eq!(told.stderr, b"end");
    assert!(told.frames < 10_485_760 / (32 * 1024) * 2 + 10, "{} frames", told.frames);
}

#[test]
fn the_first_bytes_come_at_once_and_those_that_follow_are_collected() {
    let machine = Machine::new();
    let mut guest = machine.start(&shell("i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done; sleep 0.5"));
    let began = Instant::now();
    let mut told = Told::default();
    assert!(guest.read_until(&mut told, |told| !told.stdout.is_empty()));
    assert!(began.elapsed() < Duration::from_millis(400), "{:?}", began.elapsed());
    guest.read_until(&mut told, |told| told.last.is_some());
    assert!(told.out().ends_with("1999\n"));
    assert!(told.frames < 40, "{} frames", told.frames);
    guest.child.wait().unwrap();
}

#[test]
fn what_was_written_first_is_told_first_whichever_stream_it_was_written_to() {
    // The pauses give the guest time to read, and are shorter than output waits for more.
    let script = "for i in 1 2 3; do printf a >&2; sleep 0.003; printf b; sleep 0.003; done; printf c >&2";
    both(|machine| {
        let told = machine.run(&shell(script));
        assert_eq!(String::from_utf8_lossy(&told.both), "abababc");
    });
}

#[test]
fn orders_are_gone_before_the_job_runs_and_bad_ones_are_refused() {
    let machine = Machine::new();
    let orders_file = machine.root.path().join("run/machine/orders.json");
    let told = machine.run(&shell("true"));
    assert_eq!(told.code(), Some(0));
    assert!(!orders_file.exists());
    std::fs::write(&orders_file, r#"{"key":"hunter2"}"#).unwrap();
    let output = machine.guest(&["job"]).output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("orders") && !said.contains("hunter2"), "{said}");
    assert!(!orders_file.exists());
}
