//! Running commands inside: what they get, what they write, how they end.

use std::time::Duration;

use machine_core::{EnvVar, ErrorKind, Exec, OsText, Power};

use super::nobodys;
use crate::bench::Bench;
use crate::outcome::{Outcome, refused};

cases! { "exec":
    tells_the_exit_status [Exec],
    tells_which_signal_ended_it [Exec],
    tells_output_from_errors [Exec],
    all_output_comes_before_the_end [Exec],
    carries_any_bytes [Exec, ExactOutput],
    a_program_that_is_missing_ends_with_127 [Exec],
    a_program_that_cannot_be_executed_ends_with_126 [Exec],
    arguments_pass_through_no_shell [Exec],
    gives_the_command_its_environment [Exec],
    starts_the_command_in_its_directory [Exec],
    without_input_it_reads_the_end_at_once [Exec],
    text_that_looks_like_a_status_is_none [Exec],
    several_run_at_once [Exec],
    works_for_every_client [Exec],
    a_machine_that_does_not_run_is_a_conflict [Exec],
    an_unknown_id_is_not_found [Exec],
}

async fn tells_the_exit_status(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    for code in [0, 1, 42, 255] {
        let ran = bench.sh(&machine.id, &format!("exit {code}")).await?;
        ensure_eq!(ran.exit.code, Some(code), "the status of `exit {code}`");
        ensure_eq!(ran.exit.success(), code == 0, "whether `exit {code}` is a success");
    }
    Ok(())
}

async fn tells_which_signal_ended_it(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let exit = bench.sh(&machine.id, "kill -9 $$").await?.exit;
    ensure!(!exit.success(), "a command that was killed counts as success");
    ensure_eq!(exit.shell_code(), Some(137), "what a shell would say of it ({exit:?})");
    Ok(())
}

async fn tells_output_from_errors(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let ran = bench.sh(&machine.id, "echo out; echo err >&2; echo more; echo worse >&2").await?;
    ensure_eq!(String::from_utf8_lossy(&ran.out), "out\nmore\n", "its output");
    ensure_eq!(String::from_utf8_lossy(&ran.err), "err\nworse\n", "its errors");
    Ok(())
}

async fn all_output_comes_before_the_end(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    for _ in 0..5 {
        // `Bench::drain` insists that nothing comes after the end.
        let ran = bench.sh(&machine.id, "head -c 300000 /dev/zero; echo last >&2").await?;
        ensure_eq!((ran.out.len(), ran.err.as_slice()), (300_000, &b"last\n"[..]), "what it wrote");
    }
    Ok(())
}

async fn carries_any_bytes(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let ran = bench.sh(&machine.id, "printf '\\377\\000\\r\\n\\033[0m'").await?;
    ensure_eq!(ran.out, b"\xff\0\r\n\x1b[0m", "bytes that are no text");
    Ok(())
}

async fn a_program_that_is_missing_ends_with_127(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let ran = bench.exec(&machine.id, Bench::command(&["no-such-program-anywhere"])).await?;
    ensure_eq!(ran.exit.code, Some(127), "the status of a program that is missing");
    Ok(())
}

async fn a_program_that_cannot_be_executed_ends_with_126(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let ran = bench.exec(&machine.id, Bench::command(&["/etc/passwd"])).await?;
    ensure_eq!(ran.exit.code, Some(126), "the status of a file that is no program");
    Ok(())
}

async fn arguments_pass_through_no_shell(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let odd = ["a b", "$HOME", "`id`", "\"q\" 'q'", "*", "a\\nb", "", "a\nb"];
    let words: Vec<&str> = ["printf", "[%s]"].into_iter().chain(odd).collect();
    let ran = bench.exec(&machine.id, Bench::command(&words)).await?;
    let expected: String = odd.iter().map(|word| format!("[{word}]")).collect();
    ensure_eq!(String::from_utf8_lossy(&ran.out), expected, "the arguments as the command sees them");
    Ok(())
}

async fn gives_the_command_its_environment(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let env = vec![EnvVar::new("ONE", "a b"), EnvVar::new("TWO", "$HOME 'x'\ny"), EnvVar::new("THREE", "")];
    let script = "printf '[%s]' \"$ONE\" \"$TWO\" \"${THREE-unset}\"";
    let ran = bench.exec(&machine.id, Exec { env, ..Bench::command(&["sh", "-c", script]) }).await?;
    ensure_eq!(String::from_utf8_lossy(&ran.out), "[a b][$HOME 'x'\ny][]", "the variables");
    Ok(())
}

async fn starts_the_command_in_its_directory(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let exec = Exec { workdir: Some(OsText::from("/usr")), ..Bench::command(&["sh", "-c", "pwd"]) };
    ensure_eq!(bench.exec(&machine.id, exec).await?.out, b"/usr\n", "where it started");
    Ok(())
}

async fn without_input_it_reads_the_end_at_once(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let Ok(ran) =
        tokio::time::timeout(bench.subject.patience(), bench.exec(&machine.id, Bench::command(&["cat"]))).await
    else {
        broken!("a command without input waits for some")
    };
    let ran = ran?;
    ensure_eq!((ran.out.as_slice(), ran.exit.code), (&b""[..], Some(0)), "what it read");
    Ok(())
}

async fn text_that_looks_like_a_status_is_none(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let script =
        "for s in 0 'exit 0' '{\"code\":0}' '__exit:0' 'MACHINE_EXIT=0'; do echo $s; echo $s >&2; done; exit 9";
    ensure_eq!(bench.sh(&machine.id, script).await?.exit.code, Some(9), "the status of what printed others");
    Ok(())
}

async fn several_run_at_once(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let run = async |number: i32| bench.sh(&machine.id, &format!("sleep 0.1; echo {number}; exit {number}")).await;
    let all = tokio::join!(run(1), run(2), run(3));
    for (number, ran) in [(1, all.0?), (2, all.1?), (3, all.2?)] {
        let told = (ran.out, ran.exit.code);
        ensure_eq!(told, (format!("{number}\n").into_bytes(), Some(number)), "what command {number} wrote and said");
    }
    Ok(())
}

async fn works_for_every_client(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let client = bench.another()?;
    let session = client.exec(&machine.id, Bench::command(&["sh", "-c", "echo here"])).await?;
    drop(client);
    ensure_eq!(Bench::drain(session).await?.out, b"here\n", "what it wrote to a client that is gone");
    Ok(())
}

async fn a_machine_that_does_not_run_is_a_conflict(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    bench.provider.power(&machine.id, Power::Stop { grace: Duration::ZERO }).await?;
    bench.provider.wait(&machine.id, &bench.until(machine_core::Goal::Ended)).await?;
    let answer = bench.provider.exec(&machine.id, Bench::command(&["true"])).await;
    refused(answer, &[ErrorKind::Conflict], "a command in a machine that is stopped").map(drop)
}

async fn an_unknown_id_is_not_found(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    let answer = bench.provider.exec(&nobodys(&machine.id), Bench::command(&["true"])).await;
    refused(answer, &[ErrorKind::NotFound], "a command in a machine that nobody has").map(drop)
}
