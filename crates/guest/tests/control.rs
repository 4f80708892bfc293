//! The guest's socket: starting, feeding, signalling and releasing a job.

#![cfg(target_os = "linux")]

mod harness;

use std::time::{Duration, Instant};

use harness::{Machine, Told, shell};
use machine_core::{ExitReason, Signal, WindowSize};
use machine_guest::control::{MAX_INPUT, ToClient, ToGuest};

#[test]
fn a_job_waits_for_its_start_and_the_guest_for_its_release() {
    let machine = Machine::new();
    let mut orders = shell("cat ready");
    orders.start_within_ms = Some(10_000);
    orders.linger_ms = Some(10_000);
    let mut guest = machine.start(&orders);
    let mut client = machine.attach();
    client.hello(false);
    std::fs::write(machine.work().join("ready"), "all here").unwrap();
    client.say(&ToGuest::Start);
    let mut told = Told::default();
    guest.read_until(&mut told, |told| told.last.is_some());
    assert_eq!((told.out().as_str(), told.last().status.code), ("all here", Some(0)));
    std::thread::sleep(Duration::from_millis(100));
    assert!(guest.child.try_wait().unwrap().is_none(), "it stays until it is released");
    client.say(&ToGuest::Release);
    assert!(guest.child.wait().unwrap().success());
}

#[test]
fn a_start_that_never_comes_is_told() {
    let machine = Machine::new();
    let mut orders = shell("echo never");
    orders.start_within_ms = Some(200);
    let told = machine.run(&orders);
    assert_eq!((told.last().status.code, told.last().status.reason), (Some(125), ExitReason::SetupFailed));
    assert!(told.last().status.message.as_ref().unwrap().contains("no client"), "{told:?}");
    assert_eq!(told.out(), "");
}

#[test]
fn a_stranger_is_shown_out_and_the_newest_client_is_the_one() {
    let machine = Machine::new();
    let mut orders = shell("cat");
    orders.stdin = true;
    let guest = machine.start(&orders);
    let mut stranger = machine.attach();
    stranger.say(&ToGuest::Hello { token: [0; 32], acknowledges: false });
    assert!(matches!(stranger.hear(), Some(ToClient::Refused(_))));
    assert_eq!(stranger.hear(), None);
    let mut older = machine.attach();
    older.hello(false);
    let mut newer = machine.attach();
    newer.hello(false);
    loop {
        match older.hear() {
            Some(ToClient::Refused(why)) => break assert!(why.contains("another client"), "{why}"),
            Some(_) => {}
            None => panic!("it is told why"),
        }
    }
    assert!(matches!(newer.hear(), Some(ToClient::Credit(_))));
    newer.say(&ToGuest::Input(b"from the newer".to_vec()));
    newer.say(&ToGuest::EndOfInput);
    assert_eq!(guest.wait().out(), "from the newer");
}

#[test]
fn much_input_passes_through_at_the_jobs_pace() {
    let machine = Machine::new();
    let mut orders = shell("sha256sum; echo done >&2");
    orders.stdin = true;
    let guest = machine.start(&orders);
    let mut client = machine.attach();
    client.hello(false);
    let (mut left, mut credit) = (32 * 1024 * 1024_usize, 0_usize);
    while left > 0 {
        while credit == 0 {
            match client.hear() {
                Some(ToClient::Credit(more)) => credit += more as usize,
                other => panic!("{other:?}"),
            }
        }
        let size = credit.min(MAX_INPUT).min(left);
        client.say(&ToGuest::Input(vec![b'x'; size]));
        credit -= size;
        left -= size;
    }
    client.say(&ToGuest::EndOfInput);
    let told = guest.wait();
    let sum = std::process::Command::new("sh")
        .args(["-c", "head -c 33554432 /dev/zero | tr '\\0' x | sha256sum"])
        .output()
        .unwrap();
    assert_eq!(told.stdout, sum.stdout);
    assert_eq!(told.stderr, b"done\n");
}

#[test]
fn input_without_credit_ends_the_connection_and_not_the_job() {
    let machine = Machine::new();
    let mut orders = shell("sleep 0.5; echo survived");
    orders.stdin = true;
    let guest = machine.start(&orders);
    let mut client = machine.attach();
    client.hello(false);
    assert!(matches!(client.hear(), Some(ToClient::Credit(_))));
    for _ in 0..5 {
        client.say(&ToGuest::Input(vec![0; MAX_INPUT]));
    }
    assert!(matches!(client.hear(), Some(ToClient::Refused(_))));
    assert_eq!(guest.wait().out(), "survived\n");
}

#[test]
fn a_job_that_closes_its_input_says_so() {
    let machine = Machine::new();
    let mut orders = shell("exec <&-; sleep 0.3; echo on");
    orders.stdin = true;
    let guest = machine.start(&orders);
    let mut client = machine.attach();
    client.hello(false);
    assert!(matches!(client.hear(), Some(ToClient::Credit(_))));
    std::thread::sleep(Duration::from_millis(100));
    client.say(&ToGuest::Input(b"unwanted".to_vec()));
    assert_eq!(client.hear(), Some(ToClient::InputClosed));
    assert_eq!(guest.wait().out(), "on\n");
}

#[test]
fn signals_reach_the_job_and_a_stop_is_told_as_one() {
    for isolated in [true, false] {
        let machine = Machine::with(isolated);
        let script = "trap 'echo usr1' USR1; trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.01; done";
        let mut guest = machine.start(&shell(script));
        let mut told = Told::default();
        guest.read_until(&mut told, |told| told.out().contains("ready"));
        let mut client = machine.attach();
        client.hello(false);
        client.say(&ToGuest::Signal(Signal(10)));
        assert!(guest.read_until(&mut told, |told| told.out().contains("usr1")), "{told:?}");
        client.say(&ToGuest::Stop);
        guest.read_until(&mut told, |told| told.last.is_some());
        assert_eq!(told.out(), "ready\nusr1\nbye\n");
        assert_eq!((told.last().status.code, told.last().status.reason), (Some(3), ExitReason::Stopped));
        guest.child.wait().unwrap();
    }
}

#[test]
fn a_terminal_is_a_terminal() {
    for isolated in [true, false] {
        let machine = Machine::with(isolated);
        let script = "test -t 0 && test -t 1 && test -t 2 && tty >/dev/null && stty size; read line; stty size; \
                      echo \"got $line\"; trap 'echo interrupted; exit 9' INT; echo armed; while :; do sleep 0.01; done";
        let mut orders = shell(script);
        orders.tty = Some(WindowSize { columns: 90, rows: 20 });
        let mut guest = machine.start(&orders);
        let mut told = Told::default();
        assert!(guest.read_until(&mut told, |told| told.out().contains("20 90")), "{told:?}");
        let mut client = machine.attach();
        client.hello(false);
        assert!(matches!(client.hear(), Some(ToClient::Credit(_))));
        client.say(&ToGuest::Resize(WindowSize { columns: 120, rows: 40 }));
        client.say(&ToGuest::Input(b"hello\n".to_vec()));
        assert!(guest.read_until(&mut told, |told| told.out().contains("armed")), "{told:?}");
        assert!(told.out().contains("40 120\r\n") && told.out().contains("got hello\r\n"), "{told:?}");
        client.say(&ToGuest::Input(vec![3]));
        guest.read_until(&mut told, |told| told.last.is_some());
        assert!(told.out().contains("interrupted\r\n"), "{told:?}");
        assert_eq!(told.last().status.code, Some(9));
        guest.child.wait().unwrap();
    }
}

#[test]
fn output_is_held_back_for_a_client_that_does_not_keep_up_and_only_for_one() {
    let machine = Machine::new();
    let mut orders = shell("head -c 120000000 /dev/zero; echo end >&2");
    orders.client = true;
    let mut guest = machine.start(&orders);
    let mut client = machine.attach();
    client.hello(true);
    let mut told = Told::default();
    let window = 64 * 1024 * 1024;
    assert!(guest.read_until(&mut told, |told| told.stdout.len() >= window));
    let began = Instant::now();
    // Nothing more comes until the client has acknowledged.
    client.say(&ToGuest::Ack(told.frames / 2));
    assert!(guest.read_until(&mut told, |told| told.stdout.len() >= window + window / 2 - 1024 * 1024));
    assert!(told.last.is_none() && told.stdout.len() <= window * 3 / 2 + 1024 * 1024, "{}", told.stdout.len());
    assert!(began.elapsed() < Duration::from_secs(5));
    drop(client);
    guest.read_until(&mut told, |told| told.last.is_some());
    assert_eq!((told.stdout.len(), told.lost), (120_000_000, 0));
    assert_eq!(told.stderr, b"end\n");
    guest.child.wait().unwrap();
}
