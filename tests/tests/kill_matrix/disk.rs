//! State directories that cannot be written to, before and in the middle of a create, by the real command as an ordinary user.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use machine_simcloud::{Cloud, Fault, What, When};

use crate::command::{Ended, myself};
use crate::scene::Scene;

/// The user and group that have nothing.
const NOBODY: &str = "65534";
/// What a computer's own troubles end a command with.
const SYSTEM: i32 = 1;
/// The longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A directory and a ledger that may only be read are refused before anything is asked of the cloud, in one sentence.
pub(crate) fn what_may_only_be_read_is_refused_before_any_request() {
    let scene = Scene::new(Cloud::DigitalOcean);
    let state = scene.path().join("nobodys");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(scene.path(), Permissions::from_mode(0o755)).unwrap();
    let start = ordinary_user(&scene);
    give_to_ordinary_user(&state);
    let create = |name: &str| scene.plain(&state, &["create", name, "--ttl", "10m", "--no-reaper"]).run(&start);
    let made = create("first");
    assert_eq!(made.code, Some(0), "{}", made.said);

    fs::set_permissions(&state, Permissions::from_mode(0o500)).unwrap();
    refused(&scene, "second", &state, || create("second"));
    fs::set_permissions(&state, Permissions::from_mode(0o700)).unwrap();

    for file in fs::read_dir(&state).unwrap().flatten().filter(|file| file.file_type().unwrap().is_file()) {
        fs::set_permissions(file.path(), Permissions::from_mode(0o400)).unwrap();
    }
    refused(&scene, "third", &state, || create("third"));
}

/// A disk that is full is refused before anything is asked of the cloud. One that fills up while the request is on its way loses no
/// machine: it is in the ledger, and settled when there is room.
pub(crate) fn a_full_disk_makes_nothing_and_loses_nothing() {
    let scene = Scene::new(Cloud::DigitalOcean);
    let Some(disk) = Disk::mount(scene.path().join("disk")) else {
        let required = std::env::var("MACHINE_REQUIRE").is_ok_and(|what| what == "all");
        assert!(!required, "MACHINE_REQUIRE=all, and no small disk can be mounted in a user namespace");
        return println!("skipped: no small disk can be mounted in a user namespace");
    };
    let state = disk.path.join("state");
    let start = disk.start(myself());
    let create = |name: &str| scene.plain(&state, &["create", name, "--ttl", "10m", "--no-reaper"]).run(&start);
    let made = create("first");
    assert_eq!(made.code, Some(0), "{}", made.said);
    disk.fill();
    refused(&scene, "second", &state, || create("second"));
    disk.empty();

    let operation = "create_droplet".to_owned();
    let hold = Fault { operation, when: When::After, what: What::Hold, times: 1, skip: 0 };
    assert!(scene.handle.plan(&[hold]));
    let call = scene.plain(&state, &["create", "third", "--ttl", "10m", "--no-reaper"]);
    let child = call.command(&start).spawn().unwrap();
    let began = Instant::now();
    while scene.handle.held() == 0 {
        assert!(began.elapsed() < PATIENCE, "the request never came");
        std::thread::sleep(Duration::from_millis(5));
    }
    disk.fill();
    scene.handle.calm();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "what cannot be written down is no success: {said}");
    assert!(one_error(&said).is_some(), "{said}");
    disk.empty();

    assert_eq!(scene.open("third").len(), 1, "it was made to stay, and the error says so: {said}");
    let gc = |later| {
        let began = Instant::now();
        let mut call = scene.plain(&state, &["gc"]);
        call.later = later;
        while call.run(&start).code != Some(0) {
            assert!(began.elapsed() < PATIENCE, "it does not come to rest");
            std::thread::sleep(Duration::from_millis(400));
        }
    };
    gc(None);
    let listed = scene.plain(&state, &["ledger", "show", "third"]).run(&start).said;
    assert!(listed.contains(&scene.open("third")[0].id), "found and bound: {listed}");
    scene.handle.advance(jiff::SignedDuration::from_mins(10));
    gc(Some(700));
    assert!(scene.open("third").is_empty() && scene.open("first").is_empty());
    assert!(scene.wronged().is_empty());
}

/// Runs what has to be refused: by one sentence that names the state directory, without a request beyond those for prices, and with nothing left.
fn refused(scene: &Scene, name: &str, state: &Path, create: impl Fn() -> Ended) {
    let asked = || {
        let mut asked = scene.handle.requests();
        asked.retain(|operation, _| ["region", "size", "plan"].iter().all(|price| !operation.contains(price)));
        asked
    };
    let before = asked();
    let ended = create();
    assert_eq!(ended.code, Some(SYSTEM), "{}", ended.said);
    let error = one_error(&ended.said).unwrap_or_else(|| panic!("one sentence: {}", ended.said));
    assert!(error.contains(&state.display().to_string()), "{error}");
    assert_eq!(asked(), before, "something was asked of the cloud: {error}");
    assert!(scene.charges(name).is_empty());
}

/// The one line of an error, if it is one.
fn one_error(said: &str) -> Option<&str> {
    let mut errors = said.lines().filter(|line| line.starts_with("error: "));
    errors.next().filter(|_| errors.next().is_none())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// The words that start the command as somebody whom permissions hold for.
fn ordinary_user(scene: &Scene) -> Vec<OsString> {
    if !is_root() {
        return myself();
    }
    // Where every user can start it.
    let program = scene.path().join("program");
    fs::copy(&myself()[0], &program).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let words = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--"].map(OsString::from);
    words.into_iter().chain([program.into()]).collect()
}

fn give_to_ordinary_user(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o700)).unwrap();
    if is_root() {
        let id = NOBODY.parse().ok();
        std::os::unix::fs::chown(path, id, id).unwrap();
    }
}

/// A small disk of memory, in a user namespace of its own, so that whoever runs this may mount it.
struct Disk {
    path: PathBuf,
    /// What keeps the namespace.
    keeper: Child,
}

impl Disk {
    fn mount(path: PathBuf) -> Option<Self> {
        fs::create_dir(&path).unwrap();
        let script = r#"mount -t tmpfs -o size=2m,mode=0700 tmpfs "$0" && echo > "$0/ready" && exec sleep 600"#;
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).arg(&path);
        let keeper = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let mut disk = Self { path, keeper };
        let began = Instant::now();
        while !disk.sh("test -e ready").is_ok_and(|done| done.success()) {
            if disk.keeper.try_wait().unwrap().is_some() || began.elapsed() > PATIENCE {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(disk)
    }

    /// The words that start `program` where the disk is.
    fn start(&self, program: Vec<OsString>) -> Vec<OsString> {
        let pid = self.keeper.id().to_string();
        let words =
            ["nsenter", "--target", &pid, "--user", "--mount", "--preserve-credentials", "--"].map(OsString::from);
        words.into_iter().chain(program).collect()
    }

    fn sh(&self, script: &str) -> std::io::Result<std::process::ExitStatus> {
        let script = format!("cd '{}' && {script}", self.path.display());
        let words = self.start(["sh", "-c", &script].map(OsString::from).into());
        Command::new(&words[0]).args(&words[1..]).stdin(Stdio::null()).stderr(Stdio::null()).status()
    }

    fn fill(&self) {
        // It ends when there is no more room.
        drop(self.sh("cat /dev/zero > filler"));
    }

    fn empty(&self) {
        assert!(self.sh("rm filler").unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.keeper.kill());
        drop(self.keeper.wait());
    }
}
