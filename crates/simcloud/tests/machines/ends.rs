//! The end of a cloud: nothing goes on running, and what is kept runs again.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use machine_simcloud::Cloud;
use serde_json::json;

use crate::bench::{builder, create, exec, make_app, processes, until_processes, up, wait};
use crate::support::Caller;

/// The argument by which this program knows that it is to play a cloud whose state is in the directory behind it.
const PLAY: &str = "play-for-a-test";

/// In place of a directory: the state is not kept.
const PASSING: &str = "-";

/// A word that no other process has: how long a `sleep` is to sleep.
fn word(digits: u32) -> String {
    format!("{}.{digits}", 100_000 + std::process::id())
}

/// Plays a cloud until its standard input ends, where it is told to by its arguments.
pub(crate) fn play_if_told() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    arguments.next().filter(|first| first == PLAY)?;
    let dir = arguments.next()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().ok()?;
    runtime.block_on(async {
        let builder = if dir == PASSING { builder() } else { builder().state(dir) };
        let running = builder.start().await.unwrap();
        let address = running.address(Cloud::Fly).unwrap().to_string();
        std::io::Write::write_all(&mut std::io::stdout(), (address + "\n").as_bytes()).unwrap();
        let wait = || std::io::stdin().read_to_end(&mut Vec::new());
        tokio::task::spawn_blocking(wait).await.unwrap().unwrap();
        running.shutdown().await;
    });
    Some(ExitCode::SUCCESS)
}

/// Another process that plays a cloud.
fn play(dir: &OsStr) -> (Child, Caller) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let command = command.args([PLAY.as_ref(), dir]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut player = command.spawn().unwrap();
    let mut address = String::new();
    BufReader::new(player.stdout.take().unwrap()).read_line(&mut address).unwrap();
    (player, Caller { address: address.trim().parse().unwrap(), token: Some("token".to_owned()) })
}

/// A machine in a cloud of that state that sleeps for `word`, with a note on its volume.
async fn sleeper(caller: &Caller, word: &str) -> String {
    make_app(caller).await;
    let made = caller.call("POST", "/v1/apps/web/volumes", json!({"name": "data", "region": "iad"}), 200).await;
    let mounts = json!({"mounts": [{"volume": made["id"], "path": "/data"}]});
    let machine = create(caller, &format!("echo ran >>/data/runs; exec sleep {word}"), mounts).await;
    until_processes(word, 1).await;
    wait(caller, &machine, "started").await;
    machine
}

/// That the machine runs again, once, and still has its volume.
async fn ensure_again(dir: &Path, machine: &str, word: &str) {
    let running = builder().state(dir).start().await.unwrap();
    let caller = Caller::new(&running, Cloud::Fly, "token");
    wait(&caller, machine, "started").await;
    until_processes(word, 1).await;
    let read = exec(&caller, machine, json!({"command": ["cat", "/data/runs"]})).await;
    assert_eq!(read.1, "ran\nran\n");
    running.shutdown().await;
    assert_eq!(processes(word), 0);
}

pub(crate) async fn a_kept_state_runs_again() {
    let (dir, word) = (tempfile::tempdir().unwrap(), word(1));
    let running = builder().state(dir.path()).start().await.unwrap();
    let machine = sleeper(&Caller::new(&running, Cloud::Fly, "token"), &word).await;
    running.shutdown().await;
    assert_eq!(processes(&word), 0);
    ensure_again(dir.path(), &machine, &word).await;
}

pub(crate) async fn what_was_killed_is_cleared_up() {
    let (dir, word) = (tempfile::tempdir().unwrap(), word(2));
    let (mut player, caller) = play(dir.path().as_os_str());
    let machine = sleeper(&caller, &word).await;
    // The state is written once in a second.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    player.kill().unwrap();
    player.wait().unwrap();
    assert_eq!(processes(&word), 1, "whoever is killed ends nothing");
    ensure_again(dir.path(), &machine, &word).await;
}

pub(crate) async fn nothing_is_left_of_what_was_killed() {
    let word = word(5);
    let (mut player, caller) = play(PASSING.as_ref());
    sleeper(&caller, &word).await;
    player.kill().unwrap();
    player.wait().unwrap();
    until_processes(&word, 0).await;
}

pub(crate) async fn nothing_is_left_of_what_was_dropped() {
    let word = word(3);
    let (running, caller) = up().await;
    create(&caller, &format!("exec sleep {word}"), json!({})).await;
    until_processes(&word, 1).await;
    create(&caller, &format!("exec sleep {word}"), json!({})).await;
    drop(running);
    assert_eq!(processes(&word), 0);
}

pub(crate) async fn nothing_is_left_of_what_was_shut_down() {
    let word = word(4);
    let (running, caller) = up().await;
    for _ in 0..3 {
        create(&caller, &format!("exec sleep {word}"), json!({})).await;
    }
    until_processes(&word, 3).await;
    create(&caller, &format!("exec sleep {word}"), json!({})).await;
    running.shutdown().await;
    assert_eq!(processes(&word), 0);
}
