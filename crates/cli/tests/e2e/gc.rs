//! Sweeps of several accounts, and those that a command makes by itself.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::playing::Playing;
use crate::support::{Home, end_of, eventually, finish, signal};

#[test]
fn every_account_is_swept_and_one_that_fails_is_named() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &["--no-machines"]);
    let droplets = Playing::begin(&home, "digitalocean", &["--no-machines"]);
    let url = fly.variable("FLY_FLAPS_BASE_URL");
    let config = format!(
        "boats: {{kind: fly, access-token: good, app: e2e, api-url: '{url}', logs-url: '{url}'}}\n\
         droplets: {{kind: digitalocean, access-token: bad, api-url: '{}'}}\nvultr: {{}}\nelsewhere: {{kind: fly, \
         access-token: '${{NOT_HERE}}'}}\n",
        droplets.variable("DIGITALOCEAN_API_URL"),
    );
    fs::write(home.path().join("c.yml"), config).unwrap();
    let machine = |args: &[&str]| {
        home.machine(["--config-file", "c.yml", "--no-rate-limit", "--no-reaper"].iter().chain(args).copied())
    };
    machine(&["--provider", "boats", "create", "brief", "--ttl", "1s"]).expect(0);
    machine(&["--provider", "boats", "create", "stays", "--ttl", "1h"]).expect(0);
    std::thread::sleep(Duration::from_millis(1_200));

    let said = machine(&["gc", "--dry-run"]).expect(9);
    let line = said.out();
    assert!(
        line.starts_with("boats: machine `brief` ")
            && line.contains(": would be destroyed (expired: its deadline was ")
    );
    assert!(said.stderr.contains("boats: left alone: 1 in order"), "{}", said.stderr);
    let said = machine(&["gc"]).expect(9);
    assert!(
        said.out().contains("boats: machine `brief` ") && said.out().contains(": destroyed (expired: "),
        "{said:?}"
    );
    assert_eq!(said.stderr.matches("error: `droplets` is not swept: ").count(), 1, "{}", said.stderr);
    for skipped in ["`vultr` is not swept: there is no API key", "`elsewhere` is not swept: "] {
        assert!(said.stderr.contains(skipped), "{skipped}: {}", said.stderr);
    }
    assert!(!machine(&["-q", "gc"]).expect(9).stderr.contains("vultr"), "a note is not said where nobody wants it");

    let json: Value = serde_json::from_slice(&machine(&["gc", "-o", "json"]).expect(9).stdout).unwrap();
    let accounts = json["accounts"].as_array().unwrap();
    let states: Vec<_> = accounts.iter().map(|account| (&account["section"], &account["state"])).collect();
    let wanted = [
        ("boats", "swept"),
        ("droplets", "failed"),
        ("vultr", "skipped"),
        ("elsewhere", "skipped"),
        ("local", "swept"),
    ];
    assert_eq!(
        states,
        wanted
            .map(|(section, state)| (Value::from(section), Value::from(state)))
            .iter()
            .map(|(a, b)| (a, b))
            .collect::<Vec<_>>()
    );
    assert_eq!((&accounts[0]["provider"], &accounts[0]["fleet"]["in_order"]), (&"fly".into(), &1.into()));
    assert_eq!((&accounts[1]["error"]["kind"], &accounts[1]["fleet"]), (&"unauthenticated".into(), &Value::Null));

    let said = machine(&["--provider", "droplets", "gc"]).expect(4);
    assert!(said.stderr.contains("`droplets` is not swept"), "{}", said.stderr);
    machine(&["--provider", "vultr", "gc"]).expect(4);
    assert_eq!(machine(&["--provider", "boats", "gc"]).expect(0).out(), "");
    machine(&["--provider", "boats", "destroy", "--yes", "stays"]).expect(0);
    fly.end();
    droplets.end();
}

#[test]
fn what_one_account_cannot_see_another_can() {
    let home = Home::new();
    let cloud = Playing::begin(&home, "digitalocean", &["--no-machines", "--speed", "400"]);
    let url = cloud.variable("DIGITALOCEAN_API_URL");
    let section = |token: &str| format!("{{kind: digitalocean, access-token: {token}, api-url: '{url}'}}");
    let config = format!("ours: {}\nteam: {}\n", section("dop_v1_ours"), section("dop_v1_team"));
    fs::write(home.path().join("c.yml"), config).unwrap();
    let machine = |args: &[&str]| {
        home.machine(["--config-file", "c.yml", "--no-rate-limit", "--no-reaper"].iter().chain(args).copied())
    };
    for account in ["ours", "team"] {
        machine(&["--provider", account, "create", account, "--ttl", "1h"]).expect(0);
    }
    for _ in 0..2 {
        let said = machine(&["gc"]).expect(0);
        assert!(said.out().is_empty() && !said.stderr.contains("line of the ledger"), "{said:?}");
    }
    let said = machine(&["gc", "--provider", "ours"]).expect(0).stderr;
    assert!(said.contains("1 line of the ledger is for the account"), "{said}");
    for account in ["ours", "team"] {
        machine(&["--provider", account, "destroy", "--yes", account]).expect(0);
    }
    cloud.end();
}

/// A job whose client is killed, and that nobody cleans up after.
fn abandon(home: &Home, fly: &Playing, name: &str) {
    let mut run =
        fly.command(home, &["--no-reaper", "run", "--name", name, "--", "sh", "-c", "echo runs; exec sleep 1000"]);
    let mut child: Child = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    crate::support::read_until(&mut out, "runs\n");
    signal(&child, Signal::KILL);
    end_of(child).expect(137);
}

// The clock that runs ahead is in builds with debug assertions only.
#[cfg(debug_assertions)]
#[test]
fn what_a_killed_client_left_is_settled_by_the_next_command_but_not_by_every_one() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &[]);
    let list = |minutes: u32, more: &[&str]| {
        let mut command = fly.command(&home, &[more, &["list", "-o", "text"]].concat());
        command.env("MACHINE_TEST_LATER", (minutes * 60).to_string());
        finish(command, b"").expect(0).out()
    };
    abandon(&home, &fly, "one");
    assert!(list(0, &[]).starts_with("one ("), "what was asked for comes first");
    assert_eq!(list(0, &[]), "", "and then it is settled");

    abandon(&home, &fly, "two");
    assert!(list(5, &[]).starts_with("two ("));
    assert!(list(5, &[]).starts_with("two ("), "not yet: it was only just swept");
    // Whichever account the command is about.
    assert_eq!(list(11, &["--provider", "local"]), "");
    assert_eq!(list(11, &[]), "");

    abandon(&home, &fly, "three");
    // From here the account cannot be opened, and the ledger says that it has to be.
    let said = home.machine(["gc"]).expect(9);
    assert!(said.stderr.contains("`fly` is not swept: there is no token"), "{}", said.stderr);
    finish(fly.command(&home, &["gc"]), b"").expect(0);
    assert_eq!(list(11, &[]), "");
    fly.end();
}

#[test]
fn on_this_computer_too_the_next_command_that_makes_something_settles() {
    let home = Home::new();
    let args = ["--no-reaper", "run", "--name", "left", "--", "sh", "-c", "echo runs; exec sleep 1000"];
    let mut child = home.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    crate::support::read_until(&mut out, "runs\n");
    signal(&child, Signal::KILL);
    end_of(child).expect(137);
    assert_eq!(home.names(), ["left"], "it costs nothing, and a list is quick");
    home.machine(["run", "--", "true"]).expect(0);
    eventually("it to be gone", || home.names().is_empty());
    home.assert_clean();
}
