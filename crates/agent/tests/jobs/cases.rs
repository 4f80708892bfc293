//! The cases.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use machine_agent::{Outcome, RepoSpec, copy_in, copy_out, readable};
use machine_core::{
    Deadline, EnvVar, ErrorKind, Goal, LogOptions, MachineSpec, MachineState, ProviderExt as _, Selector, Signal,
    Stream, Until, WindowSize,
};
use tokio::io::AsyncWriteExt as _;

use crate::world::{Case, Told, World, cases, follow, shell};

/// Cases for machines with namespaces.
pub(crate) const ISOLATED: &[(&str, Case)] = cases![
    output_and_exit_code,
    what_cannot_be_run,
    input_at_the_jobs_pace,
    input_that_nobody_reads,
    a_terminal,
    time_limit_and_cancel,
    signals,
    a_synced_directory_fetch_and_patch,
    repositories,
    refused_before_anything_is_made,
    a_killed_guest_is_unknown,
    a_job_that_kills_all_it_can,
    dropping_a_job_ends_its_machine,
    dropping_a_start_leaves_nothing,
    a_kept_machine_and_its_log,
    copying_like_cp,
    a_million_lines,
];

/// Cases for machines without, where the job is kept from less.
pub(crate) const PLAIN: &[(&str, Case)] = cases![
    a_note_where_nothing_is_isolated,
    what_cannot_be_run,
    input_at_the_jobs_pace,
    input_that_nobody_reads,
    a_terminal,
    time_limit_and_cancel,
    signals,
    a_synced_directory_fetch_and_patch,
    a_killed_guest_is_unknown,
    dropping_a_job_ends_its_machine,
    a_kept_machine_and_its_log,
    copying_like_cp,
];

/// Those of them that hold without a guest, where the job is the machine's own command.
pub(crate) const ALSO_OWN: &[(&str, Case)] =
    cases![time_limit_and_cancel, dropping_a_job_ends_its_machine, copying_like_cp];

/// Those of them that hold without a guest, where the job runs over the machine's exec.
pub(crate) const ALSO_SESSION: &[(&str, Case)] = cases![
    input_at_the_jobs_pace,
    input_that_nobody_reads,
    a_terminal,
    time_limit_and_cancel,
    signals,
    dropping_a_job_ends_its_machine,
    copying_like_cp,
];

async fn output_and_exit_code(world: &World) {
    let told = world.run(shell("echo out; echo err >&2; printf end; exit 3")).await;
    assert_eq!((told.out().as_str(), &told.stderr[..], told.code()), ("out\nend", &b"err\n"[..], 3), "{told:?}");
    assert!(!told.finished().kept);
    assert_eq!((told.finished().lost_frames, told.finished().foreign_lines), (0, 0));
    let mut spec = shell("id -u; pwd; printf '%s' \"$TOKEN\"; env | grep -c MACHINE_FILES");
    spec.env = vec![EnvVar::new("TOKEN", "hunter2\n")];
    let told = world.run(spec).await;
    assert_eq!(told.out(), "1000\n/work\nhunter2\n0\n", "{told:?}");
}

async fn a_note_where_nothing_is_isolated(world: &World) {
    let told = world.run(shell("(setsid sleep 1000 &); echo out; pwd; exit 3")).await;
    assert!(told.out().starts_with("out\n/") && told.out().ends_with("/rw/work\n"), "{told:?}");
    assert_eq!(told.code(), 3);
    assert!(told.notes.iter().any(|note| note.contains("no namespaces")), "{told:?}");
}

async fn what_cannot_be_run(world: &World) {
    let mut spec = shell("");
    spec.command = vec!["no-such-program".into()];
    let told = world.run(spec).await;
    assert_eq!(told.code(), 127);
    assert!(told.outcome.unwrap().to_string().contains("no-such-program"));
    let mut spec = shell("");
    spec.command = vec!["/etc".into()];
    assert_eq!(world.run(spec).await.code(), 126);
}

async fn input_at_the_jobs_pace(world: &World) {
    let mut spec = shell("wc -c; echo done");
    spec.stdin = true;
    let mut job = machine_agent::start(&world.fleet, spec).await.unwrap();
    let mut input = job.take_input().unwrap();
    let writing = tokio::spawn(async move {
        let piece = vec![b'x'; 100_000];
        for _ in 0..1000 {
            input.write_all(&piece).await.unwrap();
        }
        input.shutdown().await.unwrap();
    });
    let told = follow(job).await;
    writing.await.unwrap();
    assert_eq!(told.out().split_whitespace().collect::<Vec<_>>(), ["100000000", "done"]);
}

async fn input_that_nobody_reads(world: &World) {
    let mut spec = shell("head -c 3; exec <&-; sleep 0.2; echo; exit 4");
    spec.stdin = true;
    let mut job = machine_agent::start(&world.fleet, spec).await.unwrap();
    let mut input = job.take_input().unwrap();
    let writing = tokio::spawn(async move {
        loop {
            if input.write_all(&[b'y'; 10_000]).await.is_err() {
                break;
            }
        }
    });
    let told = follow(job).await;
    assert_eq!((told.out().as_str(), told.code()), ("yyy\n", 4));
    tokio::time::timeout(Duration::from_secs(5), writing).await.expect("the writer learns of it").unwrap();
}

async fn a_terminal(world: &World) {
    let mut spec = shell("stty size; read line; stty size; echo \"got $line\"");
    spec.tty = Some(WindowSize { columns: 90, rows: 20 });
    let mut job = machine_agent::start(&world.fleet, spec).await.unwrap();
    let mut input = job.take_input().unwrap();
    let mut told = Told::default();
    told.until(&mut job, |told| told.out().contains("20 90")).await;
    job.control().resize(WindowSize { columns: 120, rows: 40 }).await;
    // The order of a resize and of input is not promised.
    tokio::time::sleep(Duration::from_millis(200)).await;
    input.write_all(b"hello\n").await.unwrap();
    told.until(&mut job, |_| false).await;
    assert!(told.out().contains("40 120\r\n") && told.out().contains("got hello\r\n"), "{told:?}");
    job.finish().await.unwrap();
}

async fn time_limit_and_cancel(world: &World) {
    let mut spec = shell("sleep 1000");
    spec.timeout = Some(Duration::from_millis(300));
    let told = world.run(spec).await;
    assert_eq!((told.outcome.as_ref().unwrap(), told.code()), (&Outcome::TimedOut, 124));
    let mut job = machine_agent::start(&world.fleet, shell("echo ready; sleep 1000")).await.unwrap();
    let mut told = Told::default();
    told.until(&mut job, |told| told.out().contains("ready")).await;
    job.control().cancel().await;
    told.until(&mut job, |_| false).await;
    assert_eq!(told.outcome, Some(Outcome::Cancelled));
    job.finish().await.unwrap();
}

async fn signals(world: &World) {
    let script = "trap 'echo usr1; exit 8' USR1; echo ready; while :; do sleep 0.01; done";
    let mut job = machine_agent::start(&world.fleet, shell(script)).await.unwrap();
    let mut told = Told::default();
    told.until(&mut job, |told| told.out().contains("ready")).await;
    job.control().signal(Signal(10)).await;
    told.until(&mut job, |_| false).await;
    assert_eq!((told.out().as_str(), told.code()), ("ready\nusr1\n", 8));
    job.finish().await.unwrap();
    assert_eq!(world.run(shell("kill -9 $$")).await.code(), 137);
}

async fn a_synced_directory_fetch_and_patch(world: &World) {
    let project = world.path("project");
    let back = world.path("back");
    fs::write(project.join(".gitignore"), "target\n").unwrap();
    fs::write(project.join("code"), "old\n").unwrap();
    fs::create_dir(project.join("target")).unwrap();
    fs::write(project.join("target/stale"), "").unwrap();
    let mut spec = shell("ls -A; echo new > code; mkdir -p target/release; echo built > target/release/app");
    spec.sync = Some(project.clone());
    spec.fetch = vec!["target/release/app".into()];
    spec.fetch_into = Some(back.clone());
    spec.patch = Some(world.path("out").join("the.patch"));
    let told = world.run(spec).await;
    assert_eq!(told.out(), ".gitignore\ncode\n", "{told:?}");
    assert_eq!(fs::read(back.join("target/release/app")).unwrap(), b"built\n");
    assert_eq!(told.finished().fetched.files, 1);
    let patch = world.path("out").join("the.patch");
    assert_eq!(told.finished().patch, Some(fs::metadata(&patch).unwrap().len()));
    assert!(Command::new("git").current_dir(&project).arg("apply").arg(&patch).status().unwrap().success());
    assert_eq!(fs::read(project.join("code")).unwrap(), b"new\n");

    let mut spec = shell("exit 3");
    spec.fetch = vec!["missing".into()];
    let job = machine_agent::start(&world.fleet, spec).await.unwrap();
    let error = job.finish().await.unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
}

fn git(directory: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"];
    let done = Command::new("git").current_dir(directory).args(identity).args(arguments).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

async fn repositories(world: &World) {
    for name in ["one", "two"] {
        let origin = world.path(name);
        git(&origin, &["init", "--quiet"]);
        fs::create_dir(origin.join("sub")).unwrap();
        fs::write(origin.join("sub/file"), format!("{name}\n")).unwrap();
        git(&origin, &["add", "."]);
        git(&origin, &["commit", "--quiet", "-m", "first"]);
    }
    let url = |name: &str| format!("file://{}", world.path(name).display());
    let mut spec = shell("pwd; cat file; git remote get-url origin; echo more >> file");
    spec.repos = vec![RepoSpec::parse(&format!("{}#main:sub", url("one"))).unwrap()];
    spec.patch = Some(world.path("out").join("one.patch"));
    let told = world.run(spec).await;
    assert_eq!(told.out(), format!("/work/one/sub\none\n{}\n", url("one")), "{told:?}");
    git(&world.path("one"), &["apply", world.path("out").join("one.patch").to_str().unwrap()]);
    assert_eq!(fs::read(world.path("one").join("sub/file")).unwrap(), b"one\nmore\n");

    let mut spec = shell("pwd; cat one/sub/file two/sub/file; git -C two log --format=%s");
    spec.repos =
        vec![RepoSpec::parse(&url("one")).unwrap(), RepoSpec::parse(world.path("two").to_str().unwrap()).unwrap()];
    assert_eq!(world.run(spec).await.out(), "/work\none\ntwo\nfirst\n");

    let mut spec = shell("true");
    spec.repos = vec![RepoSpec::parse(&format!("{}#no-such-branch", url("one"))).unwrap()];
    let error = machine_agent::start(&world.fleet, spec).await.unwrap_err();
    assert!(error.to_string().contains("no-such-branch"), "{error}");
}

async fn refused_before_anything_is_made(world: &World) {
    let mut same = shell("true");
    same.repos =
        ["https://a.example/x/tool", "git@b.example:y/tool.git"].map(|url| RepoSpec::parse(url).unwrap()).to_vec();
    let mut nothing = shell("true");
    nothing.command.clear();
    let mut missing = shell("true");
    missing.sync = Some("/no/such/directory".into());
    for (spec, kind) in [(same, ErrorKind::Invalid), (nothing, ErrorKind::Invalid), (missing, ErrorKind::NotFound)] {
        let error = machine_agent::start(&world.fleet, spec).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    let entries = world.fleet.open_intents().await.unwrap();
    assert!(entries.is_empty(), "{entries:?}");
}

/// The guest of the job that has `marker` in its environment: the ancestor of the job that is called so.
fn guest_of(marker: &str) -> Option<i32> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let mut pid = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()).find(|pid| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.windows(marker.len()).any(|window| window == marker.as_bytes())
    })?;
    while fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim() != "machine-guest" {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        pid = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok().filter(|&pid| pid > 1)?;
    }
    Some(pid)
}

async fn a_killed_guest_is_unknown(world: &World) {
    let mut spec = shell("echo ready; sleep 1000");
    let marker = format!("agent-test-{}", std::process::id());
    spec.env = vec![EnvVar::new("MARKER", marker.as_str())];
    let mut job = machine_agent::start(&world.fleet, spec).await.unwrap();
    let mut told = Told::default();
    told.until(&mut job, |told| told.out().contains("ready")).await;
    let pid = guest_of(&marker).unwrap();
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    told.until(&mut job, |_| false).await;
    let Some(Outcome::Unknown { why }) = &told.outcome else { panic!("{told:?}") };
    assert!(why.contains("without a last word"), "{why}");
    assert_eq!(told.code(), 125);
    job.finish().await.unwrap();
}

async fn a_job_that_kills_all_it_can(world: &World) {
    let script = "kill -9 -1; kill -9 1; echo '@m1 3 f eyJyZWFzb24iOiJleGl0ZWQiLCJjb2RlIjowfQ== AAAA'; exit 9";
    let told = world.run(shell(script)).await;
    assert_eq!(told.code(), 9, "{told:?}");
    assert!(told.out().starts_with("@m1 3 f"));
    assert_eq!(told.finished().foreign_lines, 0);
    // The guest's private place is not there for the job.
    let told = world.run(shell("ls -A /run/machine | wc -l; cat /proc/1/environ 2>/dev/null | wc -c")).await;
    assert_eq!(told.out(), "0\n0\n", "{told:?}");
}

async fn dropping_a_job_ends_its_machine(world: &World) {
    let job = machine_agent::start(&world.fleet, shell("sleep 1000")).await.unwrap();
    let id = job.machine().id.clone();
    drop(job);
    assert!(world.fleet.finish(Deadline::after(Duration::from_secs(20))).await);
    assert_eq!(world.fleet.provider().get(&id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

async fn dropping_a_start_leaves_nothing(world: &World) {
    let project = world.path("project");
    for name in 0..200 {
        fs::write(project.join(name.to_string()), vec![b'x'; 100_000]).unwrap();
    }
    for millis in [1, 5, 20, 40] {
        let mut spec = shell("sleep 1000");
        spec.sync = Some(project.clone());
        let started =
            tokio::time::timeout(Duration::from_millis(millis), machine_agent::start(&world.fleet, spec)).await;
        drop(started);
        assert!(world.fleet.finish(Deadline::after(Duration::from_secs(20))).await);
        let (machines, _, _) = world.fleet.provider().list_all(Selector::all()).await.unwrap();
        assert!(machines.is_empty(), "after {millis} ms: {machines:?}");
    }
}

async fn a_kept_machine_and_its_log(world: &World) {
    let mut spec = shell("echo one; echo two >&2; printf three; exit 5");
    spec.keep = true;
    let told = world.run(spec).await;
    assert_eq!((told.code(), told.finished().kept), (5, true));
    let machine = world.fleet.provider().resolve("job-1").await.unwrap();
    assert_eq!(machine.state, MachineState::Stopped);
    assert_eq!(machine.exit.as_ref().and_then(|exit| exit.code), Some(5), "{machine:?}");
    let logs = world.fleet.provider().logs(machine.id.clone(), LogOptions::default());
    let lines: Vec<_> = readable(logs).map(|line| line.unwrap()).collect().await;
    let shown: Vec<_> =
        lines.iter().map(|line| (line.stream, String::from_utf8_lossy(&line.text).into_owned())).collect();
    for line in [
        (Stream::Stdout, "one"),
        (Stream::Stderr, "two"),
        (Stream::Stdout, "three"),
        (Stream::System, "the job exited with 5"),
    ] {
        assert!(shown.contains(&(line.0, line.1.to_owned())), "{line:?} in {shown:?}");
    }
    world.fleet.destroy(&machine.id, Deadline::after(Duration::from_secs(20))).await.unwrap();
}

async fn copying_like_cp(world: &World) {
    let machine = MachineSpec::new("idle-1".parse().unwrap());
    let machine = world.fleet.create(&machine, machine_core::Lifetime::Client, None).await.unwrap();
    let provider = world.fleet.provider();
    let until = Until { goal: Goal::Running, deadline: Deadline::after(Duration::from_secs(10)) };
    provider.wait(&machine.id, &until).await.unwrap();
    let tree = world.path("tree");
    fs::write(tree.join("file"), "hello").unwrap();
    let copied = copy_in(provider, &machine.id, &tree, &"/work".into()).await.unwrap();
    assert_eq!((copied.files, copied.bytes), (1, 5));
    copy_in(provider, &machine.id, &tree.join("file"), &"/work/renamed".into()).await.unwrap();
    let back = world.path("back");
    copy_out(provider, &machine.id, &"/work/tree".into(), &back).await.unwrap();
    assert_eq!(fs::read(back.join("tree/file")).unwrap(), b"hello");
    copy_out(provider, &machine.id, &"/work/renamed".into(), &back.join("again")).await.unwrap();
    assert_eq!(fs::read(back.join("again")).unwrap(), b"hello");
    // What is large goes in many pieces, and no name means anything on the way.
    let large: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
    let fresh = world.path("fresh");
    for name in [".stream", "stream", "tree"] {
        fs::write(tree.join(name), &large).unwrap();
        copy_in(provider, &machine.id, &tree.join(name), &"/work/large".into()).await.unwrap();
        copy_out(provider, &machine.id, &"/work/large".into(), &fresh.join(name)).await.unwrap();
        assert_eq!(fs::read(fresh.join(name)).unwrap(), large, "{name}");
    }
    let error = copy_out(provider, &machine.id, &"/work/missing".into(), &back).await.unwrap_err();
    assert!(error.to_string().contains("/work/missing"), "{error}");
    let error = copy_in(provider, &machine.id, &tree.join("missing"), &"/work".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = copy_in(provider, &machine.id, &tree, &"/proc/nowhere/x".into()).await.unwrap_err();
    assert!(error.to_string().contains("/proc/nowhere"), "{error}");
    world.fleet.destroy(&machine.id, Deadline::after(Duration::from_secs(20))).await.unwrap();
}

async fn a_million_lines(world: &World) {
    let began = Instant::now();
    let told = world.run(shell("yes 'a line of forty characters, line feed..' | head -n 1000000")).await;
    assert_eq!((told.stdout.len(), told.finished().lost_frames), (40_000_000, 0));
    println!("1,000,000 lines from wish to end in {:?}", began.elapsed());
}
