//! What a machine's own command wrote.

use std::time::Duration;

use futures::StreamExt as _;
use machine_core::{ErrorKind, Goal, LogLine, LogOptions, Power, Stream};

use super::nobodys;
use crate::bench::Bench;
use crate::outcome::{Outcome, refused};

cases! { "logs":
    tell_what_was_written_oldest_first [Command, Logs],
    tell_output_from_errors [Command, Logs, ExactOutput],
    carry_any_bytes [Command, Logs, ExactOutput],
    tell_a_line_without_its_end [Command, Logs, ExactOutput],
    tell_when_each_line_came [Command, Logs],
    without_follow_end_with_what_is_there [Command, Logs],
    follow_until_the_machine_has_ended [Command, Logs],
    following_delivers_all_that_was_written [Command, Logs],
    following_tells_lines_as_they_come [Command, Logs],
    following_what_has_ended_ends [Command, Logs],
    the_tail_is_what_came_last [Command, Logs],
    since_leaves_out_what_is_older [Command, Logs],
    outlive_their_client [Command, Logs],
    an_unknown_id_is_not_found [Logs],
}

const FOLLOW: LogOptions = LogOptions { follow: true, tail: None, since: None };
const ALL: LogOptions = LogOptions { follow: false, tail: None, since: None };

fn texts(lines: &[LogLine]) -> Vec<String> {
    lines.iter().map(|line| String::from_utf8_lossy(&line.text).into_owned()).collect()
}

async fn tell_what_was_written_oldest_first(bench: &Bench) -> Outcome {
    let told = bench.told(&bench.script("for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done")).await?;
    ensure_eq!(told, (1..10).map(|number| format!("line {number}")).collect::<Vec<_>>(), "the lines");
    Ok(())
}

async fn tell_output_from_errors(bench: &Bench) -> Outcome {
    let machine = bench.ended(&bench.script("echo out; echo err >&2; echo more; echo worse >&2")).await?;
    let lines = bench.lines(&machine.id, ALL).await?;
    for (stream, expected) in [(Stream::Stdout, ["out", "more"]), (Stream::Stderr, ["err", "worse"])] {
        let of_it: Vec<LogLine> = lines.iter().filter(|line| line.stream == stream).cloned().collect();
        ensure_eq!(texts(&of_it), expected, "the lines of {stream:?}");
    }
    Ok(())
}

async fn carry_any_bytes(bench: &Bench) -> Outcome {
    let machine = bench.ended(&bench.script("printf '\\377\\376\\001 \\303\\263\\n'")).await?;
    let lines = bench.lines(&machine.id, ALL).await?;
    let bytes: Vec<&[u8]> = lines.iter().map(|line| line.text.as_ref()).collect();
    ensure_eq!(bytes, [&b"\xff\xfe\x01 \xc3\xb3"[..]], "bytes that are no text");
    Ok(())
}

async fn tell_a_line_without_its_end(bench: &Bench) -> Outcome {
    let machine = bench.ended(&bench.script("echo whole; printf cut")).await?;
    let lines = bench.lines(&machine.id, ALL).await?;
    let told: Vec<_> = lines.iter().map(|line| (line.text.as_ref(), line.partial)).collect();
    ensure_eq!(told, [(&b"whole"[..], false), (&b"cut"[..], true)], "the lines, and whether each has no end");
    Ok(())
}

async fn tell_when_each_line_came(bench: &Bench) -> Outcome {
    let machine = bench.ended(&bench.script("echo one; sleep 0.2; echo two")).await?;
    let lines = bench.lines(&machine.id, ALL).await?;
    let [one, two] = lines.as_slice() else { broken!("two lines were written, and {} are told", lines.len()) };
    let between = two.at.as_millisecond() - one.at.as_millisecond();
    ensure!(between > 0, "a line that came 0.2 s later came {between} ms later");
    let off = (one.at.as_second() - bench.subject.now().as_second()).abs();
    ensure!(off < 600, "a line of just now came at {}", one.at);
    Ok(())
}

async fn without_follow_end_with_what_is_there(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.script("echo there; sleep 1000")).await?;
    bench
        .eventually("the line is there", || async {
            let lines = tokio::time::timeout(bench.subject.patience(), bench.lines(&machine.id, ALL)).await;
            let Ok(lines) = lines else { broken!("the log of a machine that runs does not end") };
            Ok(texts(&lines?) == ["there"])
        })
        .await
}

async fn follow_until_the_machine_has_ended(bench: &Bench) -> Outcome {
    let script = "exec 2>/dev/null; trap 'echo last; exit' TERM; echo first; while :; do sleep 0.02; done";
    let machine = bench.running(&bench.script(script)).await?;
    let mut stream = bench.provider.logs(machine.id.clone(), FOLLOW);
    let mut lines = Vec::new();
    loop {
        // It has not ended before somebody who has read the first line, and waited for more in vain, says so.
        match tokio::time::timeout(Duration::from_millis(200), stream.next()).await {
            Ok(Some(line)) => lines.extend(Some(line?).filter(|line| line.stream != Stream::System)),
            Ok(None) => break,
            Err(_) if lines.len() == 1 => {
                bench.provider.power(&machine.id, Power::Stop { grace: Duration::from_secs(10) }).await?;
            }
            Err(_) => {}
        }
    }
    ensure_eq!(texts(&lines), ["first", "last"], "the lines");
    let ended = bench.provider.get(&machine.id).await?;
    ensure!(Goal::Ended.reached(&ended), "its log has ended, and it is {}", ended.raw_state);
    Ok(())
}

async fn following_delivers_all_that_was_written(bench: &Bench) -> Outcome {
    let script = "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; printf end";
    let machine = bench.create(&bench.script(script)).await?;
    let lines = texts(&bench.lines(&machine.id, FOLLOW).await?);
    let expected: Vec<String> = (0..2000).map(|number| format!("line {number}")).chain(["end".to_owned()]).collect();
    ensure_eq!(lines.len(), expected.len(), "the lines that were delivered");
    ensure!(lines == expected, "the lines are not those that were written");
    Ok(())
}

async fn following_tells_lines_as_they_come(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.script("echo early; sleep 1000")).await?;
    let mut lines = bench.provider.logs(machine.id.clone(), FOLLOW);
    loop {
        match tokio::time::timeout(bench.subject.patience(), lines.next()).await {
            Ok(Some(line)) if line.as_ref().is_ok_and(|line| line.stream == Stream::System) => {}
            Ok(Some(line)) => {
                ensure_eq!(texts(&[line?]), ["early"], "the first line");
                return Ok(());
            }
            Ok(None) => broken!("the machine runs, and its log has ended"),
            Err(_) => broken!("a line was written, and nobody tells"),
        }
    }
}

async fn following_what_has_ended_ends(bench: &Bench) -> Outcome {
    let machine = bench.ended(&bench.script("echo only")).await?;
    let lines = tokio::time::timeout(bench.subject.patience(), bench.lines(&machine.id, FOLLOW)).await;
    let Ok(lines) = lines else { broken!("the machine has ended, and its log goes on") };
    ensure_eq!(texts(&lines?), ["only"], "the lines");
    Ok(())
}

async fn the_tail_is_what_came_last(bench: &Bench) -> Outcome {
    let machine = bench.ended(&bench.script("for i in 1 2 3 4 5; do echo $i; done")).await?;
    for (tail, expected) in [(0, &[][..]), (2, &["4", "5"]), (9, &["1", "2", "3", "4", "5"])] {
        let told = bench.texts(&machine.id, LogOptions { tail: Some(tail), ..ALL }).await?;
        ensure_eq!(told, expected, "the last {tail} lines");
    }
    Ok(())
}

async fn since_leaves_out_what_is_older(bench: &Bench) -> Outcome {
    let machine = bench.ended(&bench.script("echo old; sleep 0.3; echo new")).await?;
    let lines = bench.lines(&machine.id, ALL).await?;
    let Some(newest) = lines.last() else { broken!("there are no lines") };
    let told = bench.texts(&machine.id, LogOptions { since: Some(newest.at), ..ALL }).await?;
    ensure_eq!(told, ["new"], "the lines since the last was written");
    Ok(())
}

async fn outlive_their_client(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.script("echo first; sleep 0.2; echo last")).await?;
    let client = bench.another()?;
    let mut stream = client.logs(machine.id, FOLLOW);
    drop(client);
    let mut lines = Vec::new();
    while let Some(line) = stream.next().await {
        lines.extend(Some(line?).filter(|line| line.stream != Stream::System));
    }
    ensure_eq!(texts(&lines), ["first", "last"], "the lines after the client was gone");
    Ok(())
}

async fn an_unknown_id_is_not_found(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    for how in [ALL, FOLLOW] {
        let mut stream = bench.provider.logs(nobodys(&machine.id), how);
        let first = tokio::time::timeout(Duration::from_secs(5), stream.next()).await;
        let Ok(Some(first)) = first else { broken!("the log of a machine that nobody has is {first:?}") };
        refused(first, &[ErrorKind::NotFound], "the log of a machine that nobody has")?;
        ensure!(stream.next().await.is_none(), "it goes on after the error");
    }
    Ok(())
}
