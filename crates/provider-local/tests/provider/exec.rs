//! Running commands in a machine: their output, their input, their end.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use machine_core::{CloudProvider as _, ErrorKind, Exec, ExecEvent, ExitReason, OsText, Power, Signal, WindowSize};
use tokio::io::AsyncWriteExt as _;

use crate::bench::{Bench, blocking, spec};
use crate::common::{Case, until as eventually};

pub(crate) const CASES: &[Case] = &[
    ("exec_tells_the_truth", exec_tells_the_truth),
    ("exec_streams_both_ways", exec_streams_both_ways),
    ("exec_on_a_terminal", exec_on_a_terminal),
    ("a_dropped_session_hangs_up", a_dropped_session_hangs_up),
    (
        "what_is_left_in_the_background_does_not_hold_up_the_end",
        what_is_left_in_the_background_does_not_hold_up_the_end,
    ),
];

fn exec_tells_the_truth() {
    blocking(async |bench: Bench| {
        let machine = bench.create(&spec()).await.unwrap();
        let run = async |words: &[&str]| {
            bench
                .exec(
                    &machine.id,
                    Exec { command: words.iter().copied().map(OsText::from).collect(), ..Exec::default() },
                )
                .await
        };
        assert_eq!(run(&["true"]).await.2.unwrap().code, Some(0));
        assert_eq!(run(&["sh", "-c", "exit 42"]).await.2.unwrap().code, Some(42));
        assert_eq!(run(&["sh", "-c", "kill -9 $$"]).await.2.unwrap().signal, Some(9));
        let missing = run(&["no-such-program"]).await.2.unwrap();
        assert_eq!((missing.code, missing.reason), (Some(127), ExitReason::SetupFailed));
        assert!(missing.message.unwrap().contains("no-such-program"));
        assert_eq!(run(&["/etc/hostname"]).await.2.unwrap().code, Some(126));
        assert_eq!(run(&["cat"]).await.0, b"", "without input it reads the end at once");
        // What was written last is there before the end is told.
        for _ in 0..20 {
            let (out, err, exit) = run(&["sh", "-c", "head -c 300000 /dev/zero; echo last >&2"]).await;
            assert_eq!((out.len(), err.as_slice(), exit.unwrap().code), (300_000, &b"last\n"[..], Some(0)));
        }
        bench.provider.power(&machine.id, Power::Stop { grace: Duration::ZERO }).await.unwrap();
        let error = bench.provider.exec(&machine.id, Exec { command: vec!["true".into()], ..Exec::default() }).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.hint().unwrap().starts_with("machine start "), "{error:?}");
    });
}

fn exec_streams_both_ways() {
    blocking(async |bench: Bench| {
        let machine = bench.create(&spec()).await.unwrap();
        let exec = Exec { command: vec!["cat".into()], stdin: true, ..Exec::default() };
        let mut session = bench.provider.exec(&machine.id, exec).await.unwrap();
        let mut stdin = session.stdin.take().unwrap();
        // More than all pipes hold, so that both directions must move at once.
        let sent: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let writing = async {
            stdin.write_all(&sent).await.unwrap();
            stdin.shutdown().await.unwrap();
        };
        let reading = async {
            let mut received = Vec::new();
            let mut exit = None;
            while let Some(event) = session.events.next().await {
                match event.unwrap() {
                    ExecEvent::Stdout(bytes) => received.extend_from_slice(&bytes),
                    ExecEvent::Exited(status) => exit = Some(status),
                    other => panic!("{other:?}"),
                }
            }
            (received, exit)
        };
        let ((), (received, exit)) = tokio::join!(writing, reading);
        assert_eq!((received == sent, exit.unwrap().code), (true, Some(0)));
        let exec = Exec { command: ["sleep", "100"].map(OsText::from).to_vec(), ..Exec::default() };
        let session = bench.provider.exec(&machine.id, exec).await.unwrap();
        session.control.signal(Signal::TERMINATE).await.unwrap();
        let control = std::sync::Arc::clone(&session.control);
        assert_eq!(bench.drain(session).await.2.unwrap().signal, Some(15));
        control.signal(Signal::TERMINATE).await.unwrap();
    });
}

fn exec_on_a_terminal() {
    blocking(async |bench: Bench| {
        let machine = bench.create(&spec()).await.unwrap();
        let exec = Exec {
            command: ["sh", "-c", "stty size; read line; stty size; echo got $line; cat; exit 7"]
                .map(OsText::from)
                .to_vec(),
            tty: Some(WindowSize { columns: 100, rows: 40 }),
            stdin: true,
            ..Exec::default()
        };
        let mut session = bench.provider.exec(&machine.id, exec).await.unwrap();
        let mut seen = String::new();
        while !seen.contains("40 100") {
            let Some(Ok(ExecEvent::Stdout(bytes))) = session.events.next().await else { panic!("{seen}") };
            seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        session.control.resize(WindowSize { columns: 90, rows: 30 }).await.unwrap();
        let mut stdin = session.stdin.take().unwrap();
        stdin.write_all(b"hello\n").await.unwrap();
        stdin.shutdown().await.unwrap();
        let (out, _, exit) = bench.drain(session).await;
        let out = String::from_utf8_lossy(&out).into_owned();
        assert!(out.contains("30 90") && out.contains("got hello"), "{out}");
        assert_eq!(exit.unwrap().code, Some(7), "the end of the input ended cat");
    });
}

fn a_dropped_session_hangs_up() {
    blocking(async |bench: Bench| {
        let machine = bench.create(&spec()).await.unwrap();
        // The shell's own word about the sleep that the signal ends as well would go into a pipe that nobody reads.
        let script =
            "exec 2>/dev/null; trap 'echo hung up >/work/note; exit' HUP; echo ready; while :; do sleep 0.01; done";
        let exec = Exec { command: ["sh", "-c", script].map(OsText::from).to_vec(), ..Exec::default() };
        let mut session = bench.provider.exec(&machine.id, exec).await.unwrap();
        assert!(matches!(session.events.next().await, Some(Ok(ExecEvent::Stdout(_)))));
        let control = std::sync::Arc::clone(&session.control);
        drop(session);
        let note = bench.work(&machine.id).join("note");
        eventually("the command is told", || note.exists());
        drop(control);
    });
}

fn what_is_left_in_the_background_does_not_hold_up_the_end() {
    blocking(async |bench: Bench| {
        let machine = bench.create(&spec()).await.unwrap();
        let began = Instant::now();
        for tty in [None, Some(WindowSize { columns: 80, rows: 24 })] {
            let command =
                ["sh", "-c", "trap '' HUP; (while :; do echo noise; done) & echo mine"].map(OsText::from).to_vec();
            let (out, _, exit) = bench.exec(&machine.id, Exec { command, tty, ..Exec::default() }).await;
            assert!(String::from_utf8_lossy(&out).contains("mine"));
            assert_eq!(exit.unwrap().code, Some(0));
        }
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    });
}
