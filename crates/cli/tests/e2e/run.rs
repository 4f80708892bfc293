//! `machine run`: what comes out, what goes in, and what is left.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Home, end_of, finish};

fn shell(home: &Home, script: &str) -> crate::support::Said {
    home.machine(["run", "--", "sh", "-c", script])
}

#[test]
fn the_first_command_of_the_readme() {
    let home = Home::new();
    let said = shell(&home, "echo out; echo err >&2; exit 3").expect(3);
    assert_eq!((said.out().as_str(), said.stderr.as_str()), ("out\n", "err\n"));
    home.assert_clean();
}

#[test]
fn the_exit_code_is_the_jobs() {
    let home = Home::new();
    shell(&home, "exit 0").expect(0);
    shell(&home, "exit 125").expect(125);
    shell(&home, "kill -TERM $$").expect(143);
    shell(&home, "kill -KILL $$").expect(137);
    let said = home.machine(["run", "--", "no-such-program"]).expect(127);
    assert!(said.stderr.contains("no-such-program"), "{}", said.stderr);
    // A program that only this computer has: its reader is told where it is and what would show it.
    let dir = home.path().join("tools");
    let tool = dir.join("tool");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(&tool, "#!/bin/sh\necho ran\n").unwrap();
    std::fs::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let said = home.machine(["run".as_ref(), "--".as_ref(), tool.as_os_str()]);
    if said.code != 0 {
        let said = said.expect(127);
        assert!(said.stderr.contains(&format!("--mount {}", dir.display())), "{}", said.stderr);
        let shown = ["run".as_ref(), "--mount".as_ref(), dir.as_os_str(), "--".as_ref(), tool.as_os_str()];
        assert_eq!(home.machine(shown).expect(0).out(), "ran\n");
    }
    home.machine(["run", "--", "/etc/passwd"]).expect(126);
    home.machine(["run", "--", "/etc"]).expect(126);
    home.assert_clean();
}

#[test]
fn output_is_byte_for_byte() {
    let home = Home::new();
    let said = shell(&home, r"printf '\377\000a\r\nb\n\n'; printf 'no end' >&2").expect(0);
    assert_eq!(said.stdout, b"\xff\0a\r\nb\n\n");
    assert_eq!(said.stderr, "no end");
    let said = shell(&home, "head -c 3000000 /dev/zero | tr '\\0' x").expect(0);
    assert_eq!(said.stdout.len(), 3_000_000);
    assert!(said.stdout.iter().all(|byte| *byte == b'x'));
}

#[test]
fn output_is_live() {
    let home = Home::new();
    let mut child = home
        .command(["run", "--", "sh", "-c", "echo first; read answer; echo got $answer"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = std::io::BufReader::new(child.stdout.take().unwrap());
    crate::support::read_until(&mut reader, "first\n");
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"it\n").unwrap();
    crate::support::read_until(&mut reader, "got it\n");
    end_of(child).expect(0);
}

#[test]
fn input_goes_in_whole() {
    let home = Home::new();
    let input: Vec<u8> = (0..2_000_000_u32).map(|number| (number % 251) as u8).collect();
    let said = home.machine_with_input(["run", "--", "cat"], &input).expect(0);
    assert!(said.stdout == input, "{} of {} bytes came back", said.stdout.len(), input.len());
    let said = home.machine(["run", "--", "wc", "-c"]).expect(0);
    assert_eq!(said.out().trim(), "0", "</dev/null is an empty input");
}

#[test]
fn a_job_that_does_not_read_its_input_is_not_waited_for() {
    let home = Home::new();
    let started = Instant::now();
    let mut child = home
        .command(["run", "--", "true"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let held_open = child.stdin.take();
    end_of(child).expect(0);
    drop(held_open);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    // More than all pipes and buffers on the way can hold.
    home.machine_with_input(["run", "--", "true"], &vec![b'x'; 8 << 20]).expect(0);
    home.assert_clean();
}

#[test]
fn arguments_and_variables_are_any_bytes() {
    let home = Home::new();
    let odd: Vec<&[u8]> =
        vec![b"a b", b"", b"new\nline", b"'q' \"Q\" $HOME \\", b"\xff\xfe", b"--help", "żółw".as_bytes()];
    let args = [&b"run"[..], b"--", b"printf", b"%s\\0"].into_iter().chain(odd.iter().copied()).map(OsStr::from_bytes);
    let expected: Vec<u8> = odd.iter().flat_map(|arg| arg.iter().copied().chain([0])).collect();
    assert_eq!(home.machine(args).expect(0).stdout, expected);

    let mut command = home.command(
        [&b"run"[..], b"--env", b"GIVEN=two\nlines \xff", b"--env", b"TAKEN", b"--env", b"ABSENT", b"--"]
            .into_iter()
            .map(OsStr::from_bytes),
    );
    command.args(["sh", "-c", r#"printf '%s|%s|%s' "$GIVEN" "$TAKEN" "${ABSENT-unset}""#]).env("TAKEN", "from here");
    command.env_remove("ABSENT");
    assert_eq!(finish(command, b"").expect(0).stdout, b"two\nlines \xff|from here|unset");
}

#[test]
fn variables_come_from_a_file_and_stay_out_of_sight() {
    let home = Home::new();
    std::fs::write(home.path().join("vars"), "# secrets\nTOKEN=hunter2 and more\nOTHER=1\n").unwrap();
    let args = ["run", "--env-file", "vars", "--env", "OTHER=2", "--keep", "--name", "kept", "--"];
    let said = home.machine(args.into_iter().chain(["sh", "-c", "echo $TOKEN $OTHER"])).expect(0);
    assert_eq!(said.out(), "hunter2 and more 2\n");
    assert!(said.stderr.contains("kept"), "the name of what is kept is said: {}", said.stderr);
    let mut unseen = vec![home.state()];
    while let Some(path) = unseen.pop() {
        if path.is_dir() && !path.is_symlink() {
            unseen.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        // What the job wrote is its own affair, in its log as in what is kept of that.
        } else if path.is_file() && !path.to_string_lossy().contains("/log/") && !path.ends_with("events.jsonl") {
            let text = std::fs::read(&path).unwrap();
            assert!(!String::from_utf8_lossy(&text).contains("hunter2"), "a secret in {}", path.display());
        }
    }
    home.machine(["destroy", "--yes", "kept"]).expect(0);
    home.assert_clean();
}

#[test]
fn the_job_is_an_ordinary_user_unless_told_otherwise() {
    let home = Home::new();
    if home.machine(["run", "--", "sh", "-c", "test $MACHINE_ISOLATION = process"]).code == 0 {
        return;
    }
    assert_eq!(shell(&home, "id -u").expect(0).out(), "1000\n");
    assert_eq!(home.machine(["run", "--root", "--", "id", "-u"]).expect(0).out(), "0\n");
    assert_eq!(home.machine(["run", "--workdir", "/tmp", "--", "pwd"]).expect(0).out(), "/tmp\n");
}
