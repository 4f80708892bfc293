//! Cases for machines without our guest.

use std::path::PathBuf;

use machine_agent::{JobSpec, Outcome, RepoSpec};
use machine_core::{EnvVar, ErrorKind, ProviderExt as _, Selector, WindowSize};

use crate::world::{Case, Told, World, cases, shell};

/// Where the job is its machine's own command.
pub(crate) const OWN: &[(&str, Case)] = cases![
    output_and_end,
    the_machines_deadline_ends_it,
    what_only_a_guest_can_do_is_refused,
    input_is_refused,
    variables_are_warned_of,
    secrets_stand_nowhere,
    files_come_before_the_job,
];

/// Where it runs over the machine's exec.
pub(crate) const SESSION: &[(&str, Case)] = cases![
    output_and_end,
    the_machines_deadline_ends_it,
    what_only_a_guest_can_do_is_refused,
    secrets_stand_nowhere,
    files_come_before_the_job,
];

async fn output_and_end(world: &World) {
    let mut spec = shell("echo out; echo err >&2; pwd; printf '%s' \"$WORD\"; exit 3");
    spec.env = vec![EnvVar::new("WORD", "two words")];
    spec.workdir = Some("/tmp".into());
    let told = world.run(spec).await;
    assert_eq!((told.out().as_str(), &told.stderr[..]), ("out\n/tmp\ntwo words", &b"err\n"[..]), "{told:?}");
    assert_eq!(told.code(), 3);
    let mut spec = shell("");
    spec.command = vec!["printf".into(), "a\0b".into()];
    assert_eq!(machine_agent::start(&world.fleet, spec).await.unwrap_err().kind(), ErrorKind::Invalid);
    let mut spec = shell("");
    spec.command = vec!["no-such-program".into()];
    match machine_agent::start(&world.fleet, spec).await {
        // Some clouds look before they accept; others tell by the end.
        Err(error) => assert_eq!(error.kind(), ErrorKind::Invalid, "{error}"),
        Ok(job) => assert_eq!(crate::world::follow(job).await.code(), 127),
    }
    let told = world.run(shell("kill -9 $$")).await;
    assert_eq!(told.code(), 137, "{told:?}");
}

async fn the_machines_deadline_ends_it(world: &World) {
    let mut spec = shell("sleep 1000");
    spec.deadline = Some(jiff::Timestamp::now() + jiff::SignedDuration::from_millis(1500));
    let began = std::time::Instant::now();
    let told = world.run(spec).await;
    assert_eq!((told.outcome.as_ref(), told.code()), (Some(&Outcome::TimedOut), 124), "{told:?}");
    assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
}

async fn what_only_a_guest_can_do_is_refused(world: &World) {
    let refused: [fn(&mut JobSpec); 2] =
        [|spec| spec.fetch = vec!["out".into()], |spec| spec.patch = Some(PathBuf::from("/tmp/the.patch"))];
    for refuse in refused {
        let mut spec = shell("true");
        refuse(&mut spec);
        let error = machine_agent::start(&world.fleet, spec).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.hint().unwrap_or_default().contains("machine cp"), "{error:?}");
    }
    let (machines, _, _) = world.fleet.provider().list_all(Selector::all()).await.unwrap();
    assert!(machines.is_empty(), "{machines:?}");
}

async fn input_is_refused(world: &World) {
    let wishes: [fn(&mut JobSpec); 2] =
        [|spec| spec.stdin = true, |spec| spec.tty = Some(WindowSize { columns: 80, rows: 24 })];
    for wish in wishes {
        let mut spec = shell("cat");
        wish(&mut spec);
        let error = machine_agent::start(&world.fleet, spec).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
}

async fn variables_are_warned_of(world: &World) {
    let mut spec = shell("exit 0");
    spec.env = vec![EnvVar::new("TOKEN", "hunter2")];
    let told = world.run(spec).await;
    assert_eq!(told.outcome.as_ref().map(Outcome::success), Some(true), "{told:?}");
    assert!(told.notes.iter().any(|note| note.contains("can read them")), "{told:?}");
}

async fn secrets_stand_nowhere(world: &World) {
    let secret = "hunter2 it's $HOME";
    let mut spec = shell("printf '%s|%s' \"$TOKEN\" \"$WORD\"; sleep 2; exit 3");
    spec.secrets = vec![EnvVar::new("TOKEN", secret)];
    spec.env = vec![EnvVar::new("WORD", "open")];
    spec.workdir = Some("/tmp".into());
    let mut job = machine_agent::start(&world.fleet, spec).await.unwrap();
    let mut told = Told::default();
    told.until(&mut job, |told| told.out().contains("open")).await;
    let machine = world.fleet.provider().get(&job.machine().id).await.unwrap();
    assert!(!format!("{machine:?}").contains("hunter2"), "{machine:?}");
    let grep =
        std::process::Command::new("grep").args(["-rlF", "hunter2"]).arg(world.directory.path()).output().unwrap();
    // What the job itself wrote is in its log, which is its own affair.
    let found = String::from_utf8_lossy(&grep.stdout).into_owned();
    assert!(found.lines().all(|file| file.contains("log")), "{found}");
    let list = std::process::Command::new("ps").args(["-eww", "-o", "args"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&list.stdout).contains("hunter2 it"), "an argument");
    told.until(&mut job, |_| false).await;
    assert_eq!((told.out(), told.code()), (format!("{secret}|open"), 3), "{told:?}");
    assert!(!told.notes.iter().any(|note| note.contains("can read them")), "{told:?}");
    job.finish().await.unwrap();
}

async fn files_come_before_the_job(world: &World) {
    let origin = world.path("origin");
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b"];
        assert!(
            std::process::Command::new("git")
                .arg("-C")
                .arg(&origin)
                .args(identity)
                .args(args)
                .status()
                .unwrap()
                .success()
        );
    };
    git(&["init", "--quiet", "-b", "main"]);
    std::fs::write(origin.join("first.txt"), "one\n").unwrap();
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "first"]);
    let here = world.path("here");
    std::fs::write(here.join("synced.txt"), "two\n").unwrap();

    let mut spec = shell("pwd; cat first.txt ../synced.txt; git status --porcelain; printf '%s' \"$TOKEN\"");
    spec.repos = vec![RepoSpec::parse(origin.to_str().unwrap()).unwrap()];
    spec.sync = Some(here);
    spec.secrets = vec![EnvVar::new("TOKEN", "hunter2")];
    let told = world.run(spec).await;
    assert_eq!((told.out().as_str(), told.code()), ("/work/origin\none\ntwo\nhunter2", 0), "{told:?}");

    let mut spec = shell("true");
    spec.repos = vec![RepoSpec::parse(&format!("{}#absent", origin.display())).unwrap()];
    let error = machine_agent::start(&world.fleet, spec).await.unwrap_err();
    assert!(error.to_string().contains("absent"), "{error}");
}
