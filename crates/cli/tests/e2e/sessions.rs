//! `machine session`: turns that share a workspace and a conversation.

use std::fs;
use std::io::BufReader;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::playing::Playing;
use crate::support::{Home, end_of, finish, read_until};

/// A program that is called as Claude Code is, and tells how; it remembers in its home what it was told.
const STUB: &str = r#"#!/bin/sh
for argument; do last=$argument; done
echo "$@ in $PWD" | sed 's/-- .*in/in/'
echo "$last" >> ~/.memory
cat ~/.memory
case $last in fail*) exit 3 ;; esac
"#;

/// A directory with that program in it.
fn tools(home: &Home) -> String {
    let tools = home.path().join("tools");
    fs::create_dir_all(tools.join("bin")).unwrap();
    fs::write(tools.join("bin/claude"), STUB).unwrap();
    fs::set_permissions(tools.join("bin/claude"), fs::Permissions::from_mode(0o755)).unwrap();
    tools.display().to_string()
}

/// A repository with one file; its URL.
fn repository(home: &Home) -> String {
    let repository = home.path().join("app");
    fs::create_dir(&repository).unwrap();
    fs::write(repository.join("a.txt"), "one\n").unwrap();
    for args in [&["init", "--quiet", "-b", "main"][..], &["add", "."], &["commit", "--quiet", "-m", "first"]] {
        let mut git = Command::new("git");
        git.arg("-C").arg(&repository).args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(args);
        assert!(git.status().unwrap().success());
    }
    format!("file://{}", repository.display())
}

/// A command of that account, with a token for the agent.
fn said(at: Option<&Playing>, home: &Home, args: &[&str]) -> (i32, String) {
    let mut command = match at {
        Some(playing) => playing.command(home, args),
        None => home.command(args),
    };
    // What is unclear is settled in the cloud's own time, of which the simulated one has less.
    command.env("CLAUDE_CODE_OAUTH_TOKEN", "t").env("MACHINE_TEST_SPEED", "20");
    let said = finish(command, b"");
    (said.code, said.out() + &said.stderr)
}

/// Two turns with a prompt and one with a command, and the end.
fn turns(at: Option<&Playing>) {
    let own = Home::new();
    let home = &own;
    let (tools, repository) = (tools(home), repository(home));
    let path = "PATH=/work/bin:/usr/local/bin:/usr/bin:/bin";
    let create = ["session", "create", "fix", "--sync", &tools, "--env", path, "--repo", &repository, "-p", "first"];
    let (code, out) = said(at, home, &create);
    assert_eq!(code, 0, "{out}");
    let id = out.split("--session-id ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert!(out.contains("in /work/app") && out.contains("\nfirst\n"), "{out}");
    let shown =
        || -> Value { serde_json::from_str(&home.machine(["session", "show", "fix"]).expect(0).out()).unwrap() };
    assert_eq!((shown()["session"]["conversation"].as_str(), shown()["turns"].as_u64()), (Some(&*id), Some(1)));

    let (code, out) = said(at, home, &["list", "-o", "ids"]);
    assert_eq!((code, out.as_str()), (0, ""), "between two turns there is no machine");
    let (code, out) = said(at, home, &["session", "turn", "fix", "-p", "fail second"]);
    assert_eq!(code, 3, "{out}");
    assert!(out.contains(&format!("--resume {id} ")) && out.contains("in /work/app"), "{out}");
    assert!(out.contains("first\nfail second\n"), "the agent remembers: {out}");
    let (code, out) =
        said(at, home, &["session", "turn", "fix", "--", "sh", "-c", "echo two >> a.txt; git status --short"]);
    assert_eq!((code, out.contains(" M a.txt")), (0, true), "{out}");
    let (code, out) = said(at, home, &["session", "turn", "fix", "--agent", "shell", "-p", "cat a.txt"]);
    assert_eq!((code, out.contains("one\ntwo\n")), (0, true), "{out}");
    assert_eq!(shown()["turns"], 4);
    assert!(home.machine(["session", "list"]).expect(0).out().starts_with("fix\t"));

    let (code, out) = said(at, home, &["session", "destroy", "--yes", "fix"]);
    assert_eq!(code, 0, "{out}");
    assert_eq!(home.machine(["session", "list"]).expect(0).out(), "");
    let (code, out) = said(at, home, &["volumes", "list", "-o", "ids"]);
    assert_eq!((code, out.as_str()), (0, ""));
    own.assert_clean();
}

#[test]
fn turns_share_a_workspace_and_a_conversation_here() {
    turns(None);
}

#[test]
fn turns_share_a_workspace_and_a_conversation_at_fly() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &[]);
    turns(Some(&fly));
    let bill = fly.told("/_sim/bill");
    let bill: Value = serde_json::from_str(bill.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(bill["total"]["open"], 0, "{bill}");
    fly.end();
}

#[test]
fn a_session_that_cannot_be_begun_leaves_nothing() {
    let home = Home::new();
    let wrong: [&[&str]; 4] = [
        &["session", "create", "fix", "--memory", "100000g", "--", "true"],
        &["session", "create", "fix", "--keep", "--", "true"],
        &["session", "create", "fix", "-p", " "],
        &["session", "create", "Not_A_Name", "--", "true"],
    ];
    for args in wrong {
        let (code, out) = said(None, &home, args);
        assert_eq!(code, 125, "{args:?}: {out}");
        assert_eq!(home.machine(["volumes", "list", "-o", "ids"]).expect(0).out(), "", "{args:?}: {out}");
        assert_eq!(home.machine(["session", "list"]).expect(0).out(), "");
    }
    home.machine(["session", "turn", "fix", "--", "true"]).expect(125);
    home.machine(["session", "destroy", "--yes", "fix"]).expect(3);
    home.machine(["session", "show", "fix"]).expect(3);
    let digitalocean = Playing::begin(&home, "digitalocean", &["--no-machines"]);
    let (code, out) = said(Some(&digitalocean), &home, &["session", "create", "fix", "--", "true"]);
    assert!(code == 125 && out.contains("volume"), "{out}");
    digitalocean.end();
    home.assert_clean();
}

#[test]
fn a_session_has_one_turn_at_a_time() {
    let home = Home::new();
    let mut child = home
        .command(["session", "create", "fix", "--", "sh", "-c", "echo runs; sleep 2"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    read_until(&mut BufReader::new(child.stdout.take().unwrap()), "runs\n");
    let (code, out) = said(None, &home, &["session", "turn", "fix", "--", "true"]);
    assert!(code == 125 && out.contains("one turn at a time"), "{out}");
    home.machine(["session", "destroy", "--yes", "fix"]).expect(5);
    end_of(child).expect(0);
    home.machine(["session", "turn", "fix", "--", "true"]).expect(0);
    let (code, out) = said(None, &home, &["session", "create", "fix", "--", "true"]);
    assert!(code == 125 && out.contains("there is a session `fix`"), "{out}");
    home.machine(["session", "destroy", "--yes", "fix"]).expect(0);
    home.assert_clean();
}

#[test]
fn a_session_whose_time_is_over_is_swept() {
    let home = Home::new();
    home.machine(["session", "create", "fix", "--session-ttl", "1s", "--", "true"]).expect(0);
    home.machine(["session", "create", "stays", "--", "true"]).expect(0);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    home.machine(["gc"]).expect(0);
    let left = home.machine(["volumes", "list"]).expect(0).out();
    assert!(left.starts_with("stays\t") && left.lines().count() == 1, "{left}");
    home.machine(["session", "destroy", "--yes", "fix", "stays"]).expect(0);
    home.assert_clean();
}

// Time that goes faster is in builds with debug assertions only.
#[cfg(debug_assertions)]
#[test]
fn faults_at_its_requests_leave_nothing_of_a_session() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &[]);
    let fault = |operation: &str, when: &str, times: u32| {
        let what = serde_json::json!({"status": {"code": 500, "body": {"error": "internal"}}});
        let fault = serde_json::json!([{"operation": operation, "when": when, "what": what, "times": times}]);
        let answer = fly.ask("POST", "/_sim/faults", &fault.to_string());
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    };
    let open = || -> u64 {
        let bill = fly.told("/_sim/bill");
        let bill: Value = serde_json::from_str(bill.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        bill["total"]["open"].as_u64().unwrap()
    };
    // Its answer is lost, or nothing was made: either way the first turn goes on or nothing is left.
    for (operation, when) in [
        ("create_volume", "before"),
        ("create_volume", "after"),
        ("create_machine", "before"),
        ("create_machine", "after"),
    ] {
        fault(operation, when, 1);
        let (code, out) = said(Some(&fly), &home, &["session", "create", "fix", "--", "true"]);
        if code == 0 {
            let (code, out) = said(Some(&fly), &home, &["session", "destroy", "--yes", "fix"]);
            assert_eq!(code, 0, "{operation} {when}: {out}");
        }
        assert_eq!(home.machine(["session", "list"]).expect(0).out(), "", "{operation} {when}: {out}");
        said(Some(&fly), &home, &["gc"]);
        assert_eq!(open(), 0, "{operation} {when}: {out}");
    }
    let (code, out) = said(Some(&fly), &home, &["session", "create", "fix", "--", "true"]);
    assert_eq!(code, 0, "{out}");
    fault("delete_volume", "before", 3);
    let (code, out) = said(Some(&fly), &home, &["session", "destroy", "--yes", "fix"]);
    assert_eq!(code, 0, "{out}");
    assert_eq!(open(), 0);
    fly.end();
}
