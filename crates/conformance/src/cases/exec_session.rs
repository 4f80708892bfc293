//! Running commands inside: what can be done to them while they run.

use futures::StreamExt as _;
use machine_core::{Exec, ExecEvent, ExecSession, Signal, WindowSize};
use tokio::io::AsyncWriteExt as _;

use crate::bench::Bench;
use crate::outcome::{Outcome, Stop};

cases! { "exec":
    output_comes_while_it_runs [Exec, ExecLive],
    a_signal_reaches_it [Exec, ExecLive],
    a_signal_after_its_end_is_left_alone [Exec],
    dropping_the_session_hangs_up [Exec, ExecLive],
    there_is_input_only_where_it_was_asked_for [Exec],
    input_arrives_and_its_end_does [Exec, ExecInput],
    input_and_output_move_at_once [Exec, ExecStdin],
    a_terminal_has_its_size [Exec, ExecTty],
    a_terminal_has_one_stream [Exec, ExecTty],
    a_terminal_can_be_resized [Exec, ExecTty, ExecStdin],
}

/// Reads until the output holds `word`.
async fn read_until(session: &mut ExecSession, word: &str) -> Outcome {
    let mut seen = Vec::new();
    while let Some(event) = session.events.next().await {
        match event? {
            ExecEvent::Stdout(bytes) => seen.extend_from_slice(&bytes),
            ExecEvent::Stderr(_) => {}
            other => broken!("before it wrote `{word}`: {other:?}"),
        }
        if String::from_utf8_lossy(&seen).contains(word) {
            return Ok(());
        }
    }
    broken!("it ended without `{word}`, and nobody said how")
}

async fn output_comes_while_it_runs(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let mut session = bench.provider.exec(&machine.id, Bench::command(&["sh", "-c", "echo early; sleep 1000"])).await?;
    match tokio::time::timeout(bench.subject.patience(), read_until(&mut session, "early")).await {
        Ok(outcome) => outcome,
        Err(_) => broken!("what it wrote does not come before it ends"),
    }
}

async fn a_signal_reaches_it(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let script = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.02; done";
    let mut session = bench.provider.exec(&machine.id, Bench::command(&["sh", "-c", script])).await?;
    read_until(&mut session, "ready").await?;
    session.control.signal(Signal::TERMINATE).await?;
    ensure_eq!(Bench::drain(session).await?.exit.code, Some(7), "the status of what was told to end");
    Ok(())
}

async fn a_signal_after_its_end_is_left_alone(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let session = bench.provider.exec(&machine.id, Bench::command(&["true"])).await?;
    let control = std::sync::Arc::clone(&session.control);
    ensure!(Bench::drain(session).await?.exit.success(), "`true` failed");
    control.signal(Signal::TERMINATE).await?;
    Ok(())
}

async fn dropping_the_session_hangs_up(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let note = format!("/tmp/{}", bench.name());
    let script =
        format!("exec 2>/dev/null; trap 'echo told >{note}; exit' HUP; echo ready; while :; do sleep 0.02; done");
    let mut session = bench.provider.exec(&machine.id, Bench::command(&["sh", "-c", &script])).await?;
    read_until(&mut session, "ready").await?;
    drop(session);
    // Between its making and its writing the note is empty.
    let look = format!("test -s {note} && cat {note} && rm {note}");
    bench
        .eventually("the command is told that the session is gone", || async {
            Ok(bench.sh(&machine.id, &look).await?.out == b"told\n")
        })
        .await
}

async fn there_is_input_only_where_it_was_asked_for(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let session = bench.provider.exec(&machine.id, Bench::command(&["true"])).await?;
    ensure!(session.stdin.is_none(), "there is input that nobody asked for");
    Bench::drain(session).await?;
    if bench.provider.capabilities().exec_stdin {
        let exec = Exec { stdin: true, ..Bench::command(&["true"]) };
        let session = bench.provider.exec(&machine.id, exec).await?;
        ensure!(session.stdin.is_some(), "there is no input where it was asked for");
        Bench::drain(session).await?;
    }
    Ok(())
}

async fn write(stdin: Option<machine_core::ExecStdin>, bytes: &[u8]) -> Outcome {
    let Some(mut stdin) = stdin else { broken!("there is no input where it was asked for") };
    let wrote = async {
        stdin.write_all(bytes).await?;
        stdin.shutdown().await
    };
    wrote.await.map_err(|error| Stop::Broken(format!("the input is not taken: {error}")))
}

async fn input_arrives_and_its_end_does(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let exec = Exec { stdin: true, ..Bench::command(&["sh", "-c", "cat; echo end"]) };
    let mut session = bench.provider.exec(&machine.id, exec).await?;
    write(session.stdin.take(), b"one\ntwo\n").await?;
    ensure_eq!(Bench::drain(session).await?.out, b"one\ntwo\nend\n", "what came back");
    Ok(())
}

async fn input_and_output_move_at_once(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let exec = Exec { stdin: true, ..Bench::command(&["cat"]) };
    let mut session = bench.provider.exec(&machine.id, exec).await?;
    // More than all pipes on the way hold.
    let sent: Vec<u8> = (0..1_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let (wrote, ran) = tokio::join!(write(session.stdin.take(), &sent), Bench::drain(session));
    wrote?;
    let ran = ran?;
    ensure!(ran.out == sent, "of {} bytes came back {} that are not the same", sent.len(), ran.out.len());
    ensure!(ran.exit.success(), "it ended badly: {:?}", ran.exit);
    Ok(())
}

/// A script on a terminal of 100 columns and 40 rows.
fn on_terminal(script: &str) -> Exec {
    Exec { tty: Some(WindowSize { columns: 100, rows: 40 }), ..Bench::command(&["sh", "-c", script]) }
}

async fn a_terminal_has_its_size(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let ran = bench.exec(&machine.id, on_terminal("test -t 0 && test -t 1 && stty size")).await?;
    ensure!(ran.exit.success(), "there is no terminal: {ran:?}");
    ensure_eq!(String::from_utf8_lossy(&ran.out).trim(), "40 100", "its size");
    Ok(())
}

async fn a_terminal_has_one_stream(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let ran = bench.exec(&machine.id, on_terminal("echo out; echo err >&2; exit 7")).await?;
    let out = String::from_utf8_lossy(&ran.out).into_owned();
    ensure!(out.contains("out") && out.contains("err"), "what it wrote: {out:?}");
    ensure_eq!((ran.err.len(), ran.exit.code), (0, Some(7)), "bytes on standard error, and the status");
    Ok(())
}

async fn a_terminal_can_be_resized(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let exec = Exec { stdin: true, ..on_terminal("stty size; read line; stty size") };
    let mut session = bench.provider.exec(&machine.id, exec).await?;
    read_until(&mut session, "40 100").await?;
    session.control.resize(WindowSize { columns: 90, rows: 30 }).await?;
    write(session.stdin.take(), b"\n").await?;
    let ran = Bench::drain(session).await?;
    let out = String::from_utf8_lossy(&ran.out).into_owned();
    ensure!(out.contains("30 90"), "its size after that: {out:?}");
    Ok(())
}
