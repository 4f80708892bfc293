//! Bad input: refused with a sentence before anything is made.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use crate::support::{Home, end_of, eventually, finish};

#[test]
fn bad_names_are_refused_by_the_strictest_rule() {
    let home = Home::new();
    for name in ["a", "Web", "web_1", "1web", "web-", "web 1", "wéb", &"x".repeat(64)] {
        let said = home.machine(["create", name]).expect(2);
        assert!(said.stderr.starts_with("error: the name `"), "{name}: {}", said.stderr);
    }
    assert_eq!(home.names(), Vec::<String>::new(), "nothing was made");
    assert!(!home.state().join("ledger.db").exists(), "and nothing was recorded");
}

#[test]
fn a_name_is_given_once() {
    let home = Home::new();
    home.machine(["create", "web-1"]).expect(0);
    let said = home.machine(["create", "web-1"]).expect(5);
    assert!(said.stderr.contains("web-1"), "{}", said.stderr);
    assert_eq!(home.names(), ["web-1"]);
    home.machine(["destroy", "-y", "web-1"]).expect(0);
    home.assert_clean();
}

#[test]
fn an_unknown_machine_gets_the_nearest_names() {
    let home = Home::new();
    home.machine(["create", "database"]).expect(0);
    for args in [
        &["status", "databse"][..],
        &["inspect", "databse"],
        &["start", "databse"],
        &["stop", "databse"],
        &["restart", "databse"],
        &["logs", "databse"],
        &["wait", "databse"],
        &["destroy", "--yes", "databse"],
        &["cp", "databse:/etc/passwd", "x"],
        &["volumes", "destroy", "--yes", "databse"],
    ] {
        let said = home.machine(args).expect(3);
        assert!(said.stderr.contains("no ") && said.stderr.contains("hint:"), "{args:?}: {}", said.stderr);
        assert!(args[0] == "volumes" || said.stderr.contains("did you mean database?"), "{args:?}: {}", said.stderr);
    }
    // One that works and one that does not.
    let said = home.machine(["destroy", "--yes", "databse", "database"]).expect(9);
    assert!(said.stderr.contains("databse"), "{}", said.stderr);
    home.assert_clean();
}

#[test]
fn destroying_asks_or_is_told() {
    let home = Home::new();
    home.machine(["create", "web-1"]).expect(0);
    let said = home.machine(["destroy", "web-1"]).expect(1);
    assert!(said.stderr.contains("--no-confirm"), "{}", said.stderr);
    for answer in ["yes\n", "y\n", " YES\n", ""] {
        home.machine_with_input(["destroy", "web-1"], answer.as_bytes()).expect(1);
    }
    assert_eq!(home.names(), ["web-1"]);
    let said = home.machine_with_input(["destroy", "web-1"], b"YES\n").expect(0);
    assert!(said.out().contains("DELETE/DESTROY machine \"web-1\" (id: m-"), "{}", said.out());
    home.machine(["create", "web-2"]).expect(0);
    home.machine(["destroy", "web-2", "--no-confirm"]).expect(0);
    assert_eq!(home.machine(["destroy"]).expect(0).out(), "", "nothing is asked for, and nothing is done");
    home.assert_clean();
}

#[test]
fn a_missing_program_is_127_and_the_machine_tells() {
    let home = Home::new();
    home.machine(["create", "broken", "--", "/no/such/program"]);
    if home.names() == ["broken"] {
        let status = home.machine(["status", "broken"]).expect(0).out();
        assert!(status.contains("127") && status.contains("/no/such/program"), "{status}");
        home.machine(["destroy", "-y", "broken"]).expect(0);
    }
    home.assert_clean();
}

#[test]
fn a_state_directory_that_cannot_be_used_is_named() {
    let home = Home::new();
    fs::write(home.path().join("file"), "").unwrap();
    let open = home.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    for state in [home.path().join("file"), home.path().join("file/below"), "/proc/1/state".into(), open] {
        for args in [&["create", "web-1"][..], &["run", "--", "true"]] {
            let mut command = home.command(args);
            command.env("MACHINE_STATE_DIR", &state);
            let said = finish(command, b"");
            let code = if args[0] == "run" { 125 } else { said.code };
            assert!(said.code == code && code != 0, "{state:?}: {said:?}");
            assert!(said.stderr.contains(state.to_str().unwrap()), "{state:?}: {}", said.stderr);
        }
    }
}

#[test]
fn a_damaged_record_is_named_and_the_rest_is_listed() {
    let home = Home::new();
    let id = home.machine(["-q", "create", "damaged"]).expect(0).out().trim().to_owned();
    home.machine(["create", "sound"]).expect(0);
    let record = home.state().join("local/machines").join(&id).join("spec.json");
    fs::write(&record, "{").unwrap();
    let said = home.machine(["list"]).expect(9);
    assert!(said.out().contains("sound"), "{said:?}");
    assert!(said.stderr.contains(&id), "{said:?}");
    // By its name it is there, and what is wrong is said; by its id it can be destroyed, although it runs.
    for command in ["status", "start"] {
        let said = home.machine([command, "damaged"]).expect(1);
        assert!(
            said.stderr.contains("spec.json") && said.stderr.contains(&format!("machine destroy {id}")),
            "{said:?}"
        );
    }
    home.machine(["destroy", "-y", &id, "sound"]).expect(0);
    home.assert_clean();
}

#[test]
fn two_commands_on_one_machine_do_not_mix() {
    let home = Home::new();
    home.machine(["create", "box-1"]).expect(0);
    home.machine(["stop", "box-1"]).expect(0);
    let starts: Vec<_> = (0..6)
        .map(|_| home.command(["start", "box-1"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let said: Vec<_> = starts.into_iter().map(end_of).collect();
    assert!(said.iter().any(|said| said.code == 0), "{said:?}");
    for said in said.iter().filter(|said| said.code != 0) {
        assert_eq!(said.code, 5, "{said:?}");
        assert!(said.stderr.contains("box-1"), "{said:?}");
    }
    home.machine(["exec", "box-1", "--", "true"]).expect(0);
    let destroys: Vec<_> = (0..4)
        .map(|_| {
            home.command(["destroy", "-y", "box-1"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let said: Vec<_> = destroys.into_iter().map(end_of).collect();
    assert!(said.iter().any(|said| said.code == 0), "{said:?}");
    assert!(said.iter().all(|said| matches!(said.code, 0 | 3 | 5)), "{said:?}");
    home.assert_clean();
}

#[test]
fn one_name_wanted_by_many_is_given_once() {
    let home = Home::new();
    let creates: Vec<_> = (0..6)
        .map(|_| home.command(["create", "only"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let codes: Vec<_> = creates.into_iter().map(|child| end_of(child).code).collect();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, 0 | 5)), "{codes:?}");
    assert_eq!(home.names(), ["only"]);
    home.machine(["destroy", "-y", "only"]).expect(0);
    home.assert_clean();
}

#[test]
fn what_this_computer_does_not_offer_is_refused_by_name() {
    let home = Home::new();
    fs::write(home.path().join("data"), "#cloud-config\n").unwrap();
    fs::write(home.path().join("bytes"), b"\xff\xfe").unwrap();
    fs::write(home.path().join("large"), vec![b'x'; (1 << 20) + 1]).unwrap();
    for (flags, code, word) in [
        (&["--image", "debian-12"][..], 2, "images"),
        (&["--size", "large-one"], 2, "large-one"),
        (&["--region", "ams3,fra1"], 2, "ams3"),
        (&["--ssh-key", "laptop"], 2, "ssh keys"),
        (&["--user-data", "data"], 2, "user data"),
        (&["--user-data", "missing"], 2, "missing"),
        (&["--user-data", "bytes"], 2, "UTF-8"),
        (&["--user-data", "large"], 2, "1 MiB"),
        (&["--size", "large-one", "--memory", "1g"], 2, "--memory"),
    ] {
        let line = ["create", "web-1"].iter().chain(flags).copied();
        let said = home.machine(line).expect(code).stderr;
        assert!(said.contains(word), "{flags:?}: {said}");
    }
    assert_eq!(home.machine(["list", "-q"]).expect(0).out(), "");
}

#[test]
fn a_command_follows_the_name_however_that_is_given() {
    let home = Home::new();
    for (args, name) in [
        (&["create", "one", "sh", "-c", "echo one; exec sleep 1000"][..], "one"),
        (&["create", "two", "--", "sh", "-c", "echo two; exec sleep 1000"], "two"),
        (&["create", "--name", "three", "--", "sh", "-c", "echo three; exec sleep 1000"], "three"),
    ] {
        home.machine(args).expect(0);
        eventually("its command runs", || home.machine(["logs", name]).out() == format!("{name}\n"));
    }
    home.machine(["destroy", "-y", "one", "two", "three"]).expect(0);
    home.assert_clean();
}
