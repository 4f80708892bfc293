//! The client's half alone, with scripts in place of the supervisor: what it makes of each answer, and of records that
//! nobody expected.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Instant;

use machine_core::{
    CloudProvider as _, Completeness, Deadline, Destroyed, Effect, Error, ErrorKind, ExitReason, FileSpec, Goal,
    IntentDraft, Lifetime, Machine, MachineChange, MachineId, MachineSpec, MachineState, OwnerId, Power,
    ProviderExt as _, RecordedIntent, ResourceKind, Selector, Until, VolatileIntents, Volume, VolumeMount, VolumeSpec,
    Volumes as _,
};

use super::*;
use crate::testing::{self, Scratch};

/// A provider whose supervisor is a script.
struct Bench {
    scratch: Scratch,
    provider: LocalProvider,
}

/// Says that the machine runs, and leaves it as a supervisor that ended at once would.
const RUNS: &str = r#"cat >order.json; echo '{"gen":1,"code":0,"reason":"exited"}' >exit.json; printf '"running"'"#;

impl Bench {
    fn new(script: &str) -> Self {
        let scratch = Scratch::new();
        let helper = scratch.path().join("helper");
        std::fs::write(&helper, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
        let config =
            LocalConfig { state: Some(scratch.path().join("state")), helper: Some(helper), ..LocalConfig::default() };
        Self { provider: LocalProvider::open(config).unwrap(), scratch }
    }

    fn state(&self, below: &str) -> PathBuf {
        self.scratch.path().join("state").join(below)
    }

    async fn create(&self, spec: &MachineSpec) -> Result<Machine> {
        self.provider.create(&intent(ResourceKind::Machine, spec.name.as_str()).await, spec).await
    }

    async fn volume(&self, name: &str) -> Result<Volume> {
        let spec = VolumeSpec { name: name.parse().unwrap(), size_gib: 2, region: None };
        self.provider.volumes.create(&intent(ResourceKind::Volume, name).await, &spec).await
    }

    /// Whether the state directory is as it was before anything was made.
    fn is_empty(&self) -> bool {
        ["machines", "names", "trash"].iter().all(|part| std::fs::read_dir(self.state(part)).unwrap().next().is_none())
    }
}

async fn intent(resource: ResourceKind, name: &str) -> RecordedIntent {
    let draft = IntentDraft {
        resource,
        name: name.to_owned(),
        provider: "local".into(),
        lifetime: Lifetime::Deadline,
        deadline: None,
    };
    RecordedIntent::record(&VolatileIntents::new(OwnerId::new("owner")), draft).await.unwrap()
}

fn spec(name: &str) -> MachineSpec {
    MachineSpec::new(name.parse().unwrap())
}

fn context<'a>(error: &'a Error, key: &str) -> Option<&'a str> {
    error.context().iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn a_machine_is_made_found_listed_and_destroyed() {
    let bench = Bench::new(RUNS);
    let intent = intent(ResourceKind::Machine, "web").await;
    let mut wish = spec("web");
    wish.labels.insert("team".into(), "x".into());
    let made = bench.provider.create(&intent, &wish).await.unwrap();
    assert_eq!(made.id.as_str(), format!("m-{}", intent.intent().id));
    assert_eq!((made.state.clone(), made.exit.as_ref().unwrap().code), (MachineState::Stopped, Some(0)));
    assert_eq!(made.markers, Some(intent.intent().markers()));
    assert_eq!(
        bench.provider.create(&intent, &wish).await.unwrap().id,
        made.id,
        "the same intent makes the same machine"
    );
    let found = bench.provider.find(intent.intent().id).await.unwrap();
    assert_eq!((found.machines.len(), found.completeness), (1, Completeness::Complete));
    assert_eq!(bench.provider.resolve("web").await.unwrap().id, made.id);
    let selected = Selector { labels: wish.labels.clone(), ..Selector::all() };
    assert_eq!(bench.provider.list_all(selected).await.unwrap().0.len(), 1);
    assert_eq!(bench.create(&spec("web")).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(bench.provider.destroy(&made.id).await.unwrap(), Destroyed::Accepted);
    assert_eq!(bench.provider.destroy(&made.id).await.unwrap(), Destroyed::AlreadyGone);
    assert_eq!(bench.provider.get(&made.id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(bench.provider.find(intent.intent().id).await.unwrap().machines.is_empty());
    assert!(bench.is_empty());
}

#[tokio::test]
async fn a_machine_that_cannot_start_is_not_made() {
    let failure = r#"{"failed":{"stage":"command","message":"`no-such` is not there","errno":2,"code":127}}"#;
    let bench = Bench::new(&format!("cat >/dev/null; printf '{failure}'"));
    let mut wish = spec("web");
    wish.command = vec!["no-such".into()];
    wish.files = vec![FileSpec::private("/run/secrets/x", *b"hunter2")];
    let error = bench.create(&wish).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None));
    assert_eq!(context(&error, "exit_code"), Some("127"));
    assert!(bench.is_empty());
    assert!(bench.provider.local.store.ids_in_memory().is_empty());
}

#[tokio::test]
async fn a_missing_program_that_the_computer_has_is_named() {
    let failure = r#"{"failed":{"stage":"command","message":"it is not there","errno":2,"code":127}}"#;
    let bench = Bench::new(&format!("cat >/dev/null; printf '{failure}'"));
    let mut wish = spec("web");
    let helper = bench.scratch.path().join("helper").display().to_string();
    wish.command = vec![helper.as_str().into()];
    let hint = bench.create(&wish).await.unwrap_err().hint().unwrap().to_owned();
    assert!(hint.contains(&helper), "{hint}");
    assert!(hint.contains(&format!("--mount {}", bench.scratch.path().display())), "{hint}");
}

#[tokio::test]
async fn a_supervisor_that_dies_on_the_way_leaves_a_machine_that_is_lost() {
    let bench = Bench::new("cat >/dev/null; echo 'out of luck' >&2; kill -9 $$");
    let error = bench.create(&spec("web")).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::System, Effect::Applied));
    assert_eq!(context(&error, "shim_log"), Some("out of luck"));
    let machine = bench.provider.resolve("web").await.unwrap();
    assert_eq!((machine.state.clone(), machine.raw_state.as_str()), (MachineState::Failed, "lost"));
    assert_eq!(machine.exit.as_ref().unwrap().reason, ExitReason::SupervisorDied);
    let until = Until { goal: Goal::Running, deadline: Deadline::after(Duration::from_secs(5)) };
    assert_eq!(bench.provider.wait(&machine.id, &until).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(bench.provider.destroy(&machine.id).await.unwrap(), Destroyed::Accepted);
    assert!(bench.is_empty());
}

#[tokio::test]
async fn a_helper_that_is_missing_is_said_and_nothing_is_left() {
    let bench = Bench::new(RUNS);
    std::fs::remove_file(bench.scratch.path().join("helper")).unwrap();
    let error = bench.create(&spec("web")).await.unwrap_err();
    assert!(error.to_string().contains("/helper"), "{error}");
    assert_eq!(error.effect(), Effect::None);
    assert!(bench.is_empty());
}

#[tokio::test]
async fn the_supervisor_sees_nothing_of_our_environment_that_it_does_not_need() {
    let bench = Bench::new(&format!("env >{}; {RUNS}", "environment"));
    let machine = bench.create(&spec("web")).await.unwrap();
    let env = std::fs::read_to_string(bench.state("machines").join(machine.id.as_str()).join("environment")).unwrap();
    for line in env.lines() {
        let name = line.split('=').next().unwrap();
        // The last three are the shell's own.
        assert!(["PATH", "HOME", "XDG_RUNTIME_DIR", "PWD", "SHLVL", "_"].contains(&name), "{line}");
    }
}

#[tokio::test]
async fn a_corrupt_record_is_named_and_the_rest_is_listed() {
    let bench = Bench::new(RUNS);
    let bad = bench.create(&spec("bad")).await.unwrap();
    let torn = bench.create(&spec("torn")).await.unwrap();
    bench.create(&spec("good")).await.unwrap();
    let file = |machine: &Machine, name: &str| bench.state("machines").join(machine.id.as_str()).join(name);
    std::fs::write(file(&bad, "spec.json"), "{").unwrap();
    std::fs::write(file(&torn, "exit.json"), "{").unwrap();
    std::fs::write(bench.state("machines/README"), "").unwrap();
    let (machines, completeness, problems) = bench.provider.list_all(Selector::all()).await.unwrap();
    let names: Vec<_> = machines.iter().map(|machine| (machine.name.as_str(), machine.raw_state.as_str())).collect();
    assert_eq!(names, [("torn", "unreadable"), ("good", "stopped")]);
    assert_eq!(completeness, Completeness::Partial);
    assert!(
        problems.iter().any(|problem| {
            problem.starts_with(&format!("machines/{}/spec.json: ", bad.id))
                && problem.contains(&format!("`machine destroy {}`", bad.id))
        }),
        "{problems:?}"
    );
    assert!(machines[0].notes[0].contains("exit.json"), "{:?}", machines[0].notes);
    let error = bench.provider.get(&bad.id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::System);
    let error = bench.provider.resolve("bad").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::System, "it is there: {error}");
    assert_eq!(bench.provider.destroy(&bad.id).await.unwrap(), Destroyed::Accepted);
    assert!(bench.provider.local.store.named("bad").is_none(), "its name is free again");
}

#[tokio::test]
async fn starting_again_counts_and_forgets_the_old_exit() {
    let script = r#"gen=$(sed 's/.*"generation":\([0-9]*\).*/\1/'); echo "{\"gen\":$gen,\"code\":$gen,\"reason\":\"exited\"}" >exit.json; printf '"running"'"#;
    let bench = Bench::new(script);
    let machine = bench.create(&spec("web")).await.unwrap();
    bench.provider.power(&machine.id, Power::Start).await.unwrap();
    bench.provider.power(&machine.id, Power::Reboot { grace: Duration::ZERO }).await.unwrap();
    let machine = bench.provider.get(&machine.id).await.unwrap();
    assert_eq!((machine.exit.unwrap().code, &machine.details["starts"]), (Some(3), &serde_json::json!(3)));
    bench.provider.power(&machine.id, Power::Stop { grace: Duration::ZERO }).await.unwrap();
    let error = bench.provider.power(&machine.id, Power::Suspend).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_boot_that_is_over_ended_what_ran_in_it() {
    let bench = Bench::new(RUNS);
    let machine = bench.create(&spec("web")).await.unwrap();
    let dir = bench.state("machines").join(machine.id.as_str());
    let write_state = |boot_id: &str| {
        let process = r#"{"pid":1,"start":1}"#;
        let state = format!(
            r#"{{"gen":2,"started_at":"2026-11-20T19:46:00Z","boot_id":"{boot_id}","shim":{process},"init":{process},"isolation":"namespaces","cgroups":[],"notes":["a note"]}}"#
        );
        std::fs::write(dir.join("state.json"), state).unwrap();
    };
    write_state("an-earlier-boot");
    let seen = bench.provider.get(&machine.id).await.unwrap();
    assert_eq!((seen.raw_state.as_str(), seen.exit.unwrap().reason), ("rebooted", ExitReason::HostRebooted));
    assert_eq!(seen.notes, ["a note"]);
    // In this boot it is lost. The pid is one that lives, and was started at another time: nobody is killed.
    write_state(crate::boot::id());
    assert_eq!(bench.provider.get(&machine.id).await.unwrap().raw_state, "lost");
    let told = bench.provider.collect_garbage(true).await.unwrap();
    assert_eq!(told, ["would have cleared up after machine `web`, whose supervisor died"]);
    bench.provider.collect_garbage(false).await.unwrap();
    assert!(bench.provider.collect_garbage(false).await.unwrap().is_empty());
    assert_eq!(bench.provider.get(&machine.id).await.unwrap().exit.unwrap().reason, ExitReason::SupervisorDied);
    bench.provider.power(&machine.id, Power::Start).await.unwrap();
}

#[tokio::test]
async fn garbage_is_found_and_nothing_else() {
    let bench = Bench::new(RUNS);
    let stopped = bench.create(&spec("web")).await.unwrap();
    let volume = bench.volume("data").await.unwrap();
    std::fs::create_dir(bench.state("trash/m-left.1.2.3")).unwrap();
    let half = bench.state("machines").join(testing::id('z'));
    std::fs::create_dir(&half).unwrap();
    std::os::unix::fs::symlink("../machines/m-gone", bench.state("names/ghost")).unwrap();
    std::fs::remove_file(bench.state("names/web")).unwrap();
    let record = bench.state("volumes").join(volume.id.as_str()).join("volume.json");
    let attached = std::fs::read_to_string(&record)
        .unwrap()
        .replace("\"attached_to\":null", "\"attached_to\":{\"machine\":\"m-gone\",\"path\":\"/data\"}");
    std::fs::write(&record, attached).unwrap();
    let expected = [
        "freed the name `ghost`, which no machine has".to_owned(),
        "gave machine `web` its name back".to_owned(),
        "freed volume `data` from machine m-gone, which is gone".to_owned(),
        "deleted what was left of m-left".to_owned(),
    ];
    let would: Vec<String> = expected.iter().map(|told| format!("would have {told}")).collect();
    assert_eq!(bench.provider.collect_garbage(true).await.unwrap(), would);
    assert_eq!(bench.provider.collect_garbage(false).await.unwrap(), expected);
    assert!(half.exists(), "it may still be in the making");
    let old = std::process::Command::new("touch").args(["-d", "2 minutes ago"]).arg(&half).status().unwrap();
    assert!(old.success());
    assert_eq!(bench.provider.collect_garbage(false).await.unwrap().len(), 1);
    assert!(bench.provider.collect_garbage(false).await.unwrap().is_empty());
    assert!(!half.exists());
    assert_eq!(bench.provider.resolve("web").await.unwrap().id, stopped.id);
    assert_eq!(bench.provider.volumes.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn volumes_belong_to_one_machine_at_a_time() {
    let bench = Bench::new(RUNS);
    let volumes = &bench.provider.volumes;
    let volume = bench.volume("data").await.unwrap();
    assert_eq!(bench.volume("data").await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert!(volume.notes[0].contains("not enforced"));
    let mount = VolumeMount { volume: volume.id.clone(), path: "/data".to_owned() };
    let mut wish = spec("web");
    wish.volumes = vec![mount.clone()];
    let web = bench.create(&wish).await.unwrap();
    let order = std::fs::read_to_string(bench.state("machines").join(web.id.as_str()).join("order.json")).unwrap();
    assert!(order.contains(&format!("{}/data\"", volume.id)), "the supervisor is told where it is: {order}");
    assert_eq!(volumes.get(&volume.id).await.unwrap().attached_to.unwrap().machine, web.id);
    wish.name = "other".parse().unwrap();
    let error = bench.create(&wish).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::None));
    let other = bench.create(&spec("other")).await.unwrap();
    assert_eq!(volumes.attach(&other.id, &mount).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(volumes.destroy(&volume.id).await.unwrap_err().kind(), ErrorKind::Conflict);
    volumes.attach(&web.id, &mount).await.unwrap();
    volumes.detach(&volume.id).await.unwrap();
    volumes.detach(&volume.id).await.unwrap();
    assert!(bench.provider.get(&web.id).await.unwrap().volumes.is_empty());
    volumes.attach(&other.id, &mount).await.unwrap();
    assert_eq!(volumes.resize(&volume.id, 1).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(volumes.resize(&volume.id, 5).await.unwrap().size_gib, 5);
    bench.provider.destroy(&other.id).await.unwrap();
    assert_eq!(volumes.get(&volume.id).await.unwrap().attached_to, None, "a machine that goes lets go");
    assert_eq!(volumes.destroy(&volume.id).await.unwrap(), Destroyed::Accepted);
    assert_eq!(volumes.destroy(&volume.id).await.unwrap(), Destroyed::AlreadyGone);
    assert_eq!(volumes.get(&volume.id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_change_is_made_whole_or_not_at_all() {
    let bench = Bench::new(RUNS);
    let web = bench.create(&spec("web")).await.unwrap();
    bench.create(&spec("taken")).await.unwrap();
    let volume = bench.volume("data").await.unwrap();
    let mount = VolumeMount { volume: volume.id.clone(), path: "/data".to_owned() };
    let change = MachineChange {
        name: Some("taken".parse().unwrap()),
        labels: [("team".to_owned(), Some("x".to_owned()))].into(),
        attach: vec![mount.clone()],
        ..MachineChange::default()
    };
    assert_eq!(bench.provider.update(&web.id, &change).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(bench.provider.get(&web.id).await.unwrap(), web);
    assert_eq!(bench.provider.volumes.get(&volume.id).await.unwrap().attached_to, None);
    let deadline = "2027-01-01T00:00:00Z".parse().unwrap();
    let change = MachineChange { name: Some("renamed".parse().unwrap()), deadline: Some(Some(deadline)), ..change };
    let after = bench.provider.update(&web.id, &change).await.unwrap();
    assert_eq!((after.name.as_str(), &after.volumes, after.labels["team"].as_str()), ("renamed", &vec![mount], "x"));
    assert_eq!(bench.provider.resolve("renamed").await.unwrap().markers.unwrap().deadline, Some(deadline));
    assert_eq!(bench.provider.resolve("web").await.unwrap_err().kind(), ErrorKind::NotFound);
    let labels = [("team".to_owned(), None)].into();
    let after = bench.provider.update(&web.id, &MachineChange { labels, ..MachineChange::default() }).await.unwrap();
    assert!(after.labels.is_empty());
    let unknown = MachineId::new("m-unknown");
    let error = bench.provider.update(&unknown, &MachineChange::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn of_two_starts_at_once_one_wins_and_the_other_says_who() {
    let bench = Bench::new(RUNS);
    let web = bench.create(&spec("web")).await.unwrap();
    let slow = "#!/bin/sh\nsleep 0.3\ncat >/dev/null\nprintf '\"running\"'\n";
    std::fs::write(bench.scratch.path().join("helper"), slow).unwrap();
    let start = || bench.provider.power(&web.id, Power::Start);
    let (first, second) = tokio::join!(start(), start());
    let busy = [first, second].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert_eq!(busy.len(), 1, "{busy:?}");
    assert_eq!(busy[0].kind(), ErrorKind::Busy);
    assert!(busy[0].to_string().contains(&format!("process {} is at it (start)", std::process::id())), "{}", busy[0]);
}

#[tokio::test]
async fn waiting_ends_when_the_machine_is_gone() {
    let bench = Bench::new(RUNS);
    let web = bench.create(&spec("web")).await.unwrap();
    let until = |goal, millis| Until { goal, deadline: Deadline::after(Duration::from_millis(millis)) };
    assert_eq!(bench.provider.wait(&web.id, &until(Goal::Ended, 1000)).await.unwrap().exit.unwrap().code, Some(0));
    let error = bench.provider.wait(&web.id, &until(Goal::Destroyed, 20)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let began = Instant::now();
    let goal = until(Goal::Destroyed, 10_000);
    let (waited, destroyed) = tokio::join!(bench.provider.wait(&web.id, &goal), async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        bench.provider.destroy(&web.id).await
    });
    destroyed.unwrap();
    assert_eq!(waited.unwrap().state, MachineState::Destroyed);
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(bench.provider.wait(&web.id, &goal).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_state_directory_with_a_very_long_path_works() {
    let scratch = Scratch::new();
    let long = scratch.path().join("x".repeat(200)).join("y".repeat(200));
    let helper = scratch.path().join("helper");
    std::fs::write(&helper, format!("#!/bin/sh\n{RUNS}\n")).unwrap();
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let config = LocalConfig { state: Some(long.clone()), helper: Some(helper), ..LocalConfig::default() };
    let provider = LocalProvider::open(config).unwrap();
    let machine = provider.create(&intent(ResourceKind::Machine, "web").await, &spec("web")).await.unwrap();
    let error =
        provider.exec(&machine.id, machine_core::Exec { command: vec!["true".into()], ..Default::default() }).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.to_string(), "machine `web` does not run (it is stopped)");
    assert!(Path::new(machine.details["log"].as_str().unwrap()).starts_with(long));
}
