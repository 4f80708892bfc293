//! `machine simcloud` in one terminal, and `machine` against it in another.

use std::process::Stdio;

use crate::playing::Playing;
use crate::support::{Home, end_of, eventually, finish};

#[test]
fn the_machines_of_a_simulated_fly_do_what_machines_do() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &[]);
    let run = |args: &[&str]| fly.machine(&home, args);
    let script = "echo hello from $FLY_REGION; exec sleep 1000";
    let (code, text) = run(&["create", "one", "--", "sh", "-c", script]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = run(&["exec", "one", "--", "sh", "-c", "uname; exit 7"]);
    assert_eq!((code, text.as_str()), (7, "Linux\n"));
    assert_eq!(run(&["logs", "one"]).1, "hello from iad\n");
    assert_eq!(run(&["stop", "one"]).0, 0);
    assert!(run(&["status", "one"]).1.contains("stopped"));
    assert_eq!(run(&["start", "one"]).0, 0);
    assert!(run(&["status", "one"]).1.contains("running"));
    assert_eq!(run(&["destroy", "--yes", "one"]).0, 0);
    assert_eq!(run(&["list"]).1, "");
    fly.end();
}

#[test]
fn without_machines_there_are_records_only() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &["--no-machines"]);
    assert_eq!(fly.machine(&home, &["create", "one"]).0, 0);
    let (code, text) = fly.machine(&home, &["exec", "one", "--", "true"]);
    assert!(code != 0 && text.contains("exec is not supported on this machine"), "{code}: {text}");
    fly.end();
}

#[test]
fn jobs_and_files_go_to_a_simulated_fly() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &[]);
    let run = |args: &[&str]| fly.machine(&home, args);
    assert_eq!(run(&["-q", "run", "--", "sh", "-c", "echo out; exit 3"]), (3, "out\n".to_owned()));
    assert_eq!(run(&["run", "--", "sh", "-c", "kill -9 $$"]).0, 137);
    let (code, text) = run(&["run", "--ttl", "2s", "--", "sleep", "1000"]);
    assert!(code == 124 && text.contains("time limit"), "{code}: {text}");
    let (code, text) = run(&["run", "--fetch", "out", "--", "true"]);
    assert!(code == 125 && text.contains("machine cp"), "{code}: {text}");
    assert_eq!(run(&["create", "one"]).0, 0);
    std::fs::write(home.path().join("here"), b"\x00\xff bytes").unwrap();
    assert_eq!(run(&["cp", "here", "one:/tmp/there"]).0, 0);
    assert_eq!(run(&["cp", "one:/tmp/there", "back"]).0, 0);
    assert_eq!(std::fs::read(home.path().join("back")).unwrap(), b"\x00\xff bytes");
    let piped = |args: &[&str]| {
        let mut command = home.command(args);
        command.envs(fly.variables.iter().map(|(name, value)| (name, value))).env("MACHINE_PROVIDER", "fly");
        command.stdin(Stdio::piped());
        finish(command, b"text\n")
    };
    assert_eq!(piped(&["exec", "one", "--", "cat"]).expect(0).out(), "text\n");
    let said = piped(&["run", "--", "true"]).expect(0).stderr;
    assert!(said.contains("what is piped in is not read"), "{said}");
    assert_eq!(run(&["destroy", "--yes", "one"]).0, 0);
    assert_eq!(run(&["list"]).1, "");
    fly.end();
}

/// The files of that name below a directory.
fn named(dir: &std::path::Path, name: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(named(&entry.path(), name));
        } else if entry.file_name() == name {
            found.push(entry.path());
        }
    }
    found
}

#[test]
fn the_machines_of_the_other_clouds_are_reached_by_ssh() {
    for cloud in ["digitalocean", "vultr"] {
        let home = Home::new();
        let playing = Playing::begin(&home, cloud, &[]);
        let run = |args: &[&str]| playing.machine(&home, args);
        let user_data = "#cloud-config\nruncmd:\n  - echo from the user\n";
        std::fs::write(home.path().join("user-data"), user_data).unwrap();
        let (code, text) = run(&["create", "one", "--user-data", "user-data"]);
        assert_eq!(code, 0, "{text}");
        let state = home.state().join(cloud);
        let pinned = || std::fs::read_to_string(&named(&state, "host_keys")[0]).unwrap();
        let (first, login) = (pinned(), named(&state, "login"));
        assert_eq!((first.lines().count(), named(&state, "birth").len(), login.len()), (1, 1, 1));

        let (code, text) = run(&["exec", "one", "--", "sh", "-c", "cat /etc/ssh/ssh_host_ed25519_key.pub; exit 7"]);
        assert!(code == 7 && text.starts_with("ssh-ed25519 "), "{code}: {text}");
        // The key that every process inside can read is not the machine's any more.
        let second = pinned();
        assert_eq!((second.trim(), named(&state, "birth").len()), (text.trim(), 0));
        assert_ne!(second, first);

        let (code, text) = run(&["logs", "one"]);
        assert!(code == 0 && text.contains("from the user\n"), "{text}");
        std::fs::write(home.path().join("here"), b"\x00\xff bytes").unwrap();
        assert_eq!(run(&["cp", "here", "one:/tmp/there"]).0, 0);
        assert_eq!(run(&["cp", "one:/tmp/there", "back"]).0, 0);
        assert_eq!(std::fs::read(home.path().join("back")).unwrap(), b"\x00\xff bytes");
        assert_eq!(run(&["ssh", "one", "echo $((6 * 7)); exit 3"]), (3, "42\n".to_owned()));
        assert_eq!(run(&["-q", "run", "--", "sh", "-c", "echo out; exit 4"]), (4, "out\n".to_owned()));

        // Whoever has another key is not believed, and is told nothing.
        std::fs::write(&named(&state, "host_keys")[0], first).unwrap();
        let (code, text) = run(&["exec", "one", "--", "true"]);
        assert!(code == 125 && text.contains("does not prove to be the machine") && text.contains("hint:"), "{text}");
        assert_eq!(run(&["destroy", "--yes", "one"]).0, 0);
        assert_eq!(named(&state, "login"), Vec::<std::path::PathBuf>::new());
        playing.end();
    }
}

#[test]
fn whoever_follows_a_log_sees_its_machine_destroyed_by_another_command() {
    for cloud in ["digitalocean", "vultr"] {
        let home = Home::new();
        let playing = Playing::begin(&home, cloud, &[]);
        assert_eq!(playing.machine(&home, &["create", "one"]).0, 0);
        let told = home.path().join("told");
        let mut follow = playing.command(&home, &["logs", "-f", "one"]);
        follow.stdout(std::fs::File::create(&told).unwrap()).stderr(Stdio::piped());
        let follow = follow.spawn().unwrap();
        let following = || std::fs::read_to_string(&told).unwrap().contains("Cloud-init");
        eventually("the log is followed", following);
        assert_eq!(playing.machine(&home, &["destroy", "--yes", "one"]).0, 0);
        end_of(follow).expect(0);
        playing.end();
    }
}
