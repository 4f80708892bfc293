//! State directories that cannot be used, as an ordinary user meets them.
//!
//! Root may write anywhere, so where these tests run as root they start themselves again as `nobody`, and disks that are full or
//! read-only are small ones of memory that only root can mount.

use crate::fake::CreateFault;
use crate::rig::*;
use machine_core::ErrorKind;
use machine_fleet::SweepOptions;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the state directory to the program that is started again.
const STATE: &str = "FLEET_TEST_REFUSED";
/// The user and group that have nothing.
const NOBODY: &str = "65534";

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == 0)
}

/// A copy of this program where every user can start it.
fn everybodys_copy(outer: &Path) -> PathBuf {
    let program = outer.join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(outer, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

/// What an ordinary user reads who opens `state`, as the error's kind, text and hint.
fn open_as_ordinary_user(outer: &Path, state: &Path) -> String {
    let program = everybodys_copy(outer);
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(&program);
        command
    } else {
        Command::new(&program)
    };
    let output = command
        .args(["--exact", "refused::the_ordinary_user", "--nocapture", "--test-threads=1"])
        .env(STATE, state)
        .current_dir("/")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What the ordinary user does. As a test of its own it does nothing.
#[test]
fn the_ordinary_user() {
    let Some(state) = std::env::var_os(STATE) else { return };
    match StateDir::open(state) {
        Ok(_) => println!("opened"),
        Err(error) => println!("refused {} | {error} | {}", error.kind(), error.hint().unwrap_or("no hint")),
    }
}

fn give_to_nobody(path: &Path) {
    if is_root() {
        let id = NOBODY.parse().ok();
        std::os::unix::fs::chown(path, id, id).unwrap();
    }
}

#[test]
fn a_directory_that_may_not_be_written_to_is_refused_in_one_sentence() {
    let outer = tempfile::tempdir().unwrap();
    let state = outer.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    give_to_nobody(&state);
    assert!(open_as_ordinary_user(outer.path(), &state).contains("opened"));
    fs::set_permissions(&state, fs::Permissions::from_mode(0o500)).unwrap();
    let text = open_as_ordinary_user(outer.path(), &state);
    assert!(text.contains("refused system") && text.contains("cannot be written to"), "{text}");
    assert!(text.contains(&state.display().to_string()) && text.contains("MACHINE_STATE_DIR"), "{text}");
}

#[test]
fn a_directory_that_may_not_be_made_is_refused() {
    let outer = tempfile::tempdir().unwrap();
    let closed = outer.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    give_to_nobody(&closed);
    let text = open_as_ordinary_user(outer.path(), &closed.join("state"));
    assert!(text.contains("refused system") && text.contains("cannot be made"), "{text}");
}

#[test]
fn somebody_elses_directory_is_refused() {
    if !is_root() {
        return println!("skipped: only root can give a directory away");
    }
    let outer = tempfile::tempdir().unwrap();
    let state = outer.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    let text = open_as_ordinary_user(outer.path(), &state);
    assert!(text.contains("refused config") && text.contains("belongs to user 0"), "{text}");
    give_to_nobody(&state);
    let error = StateDir::open(&state).unwrap_err();
    assert!(error.to_string().contains("this is user 0"), "root is nobody's deputy: {error}");
}

/// A disk of memory, for as long as it lives.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir(&at).unwrap();
        let options = format!("size={size},mode=0700");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&at).output();
        done.is_ok_and(|done| done.status.success()).then_some(Self(at))
    }

    fn read_only(&self) {
        let done = Command::new("mount").args(["-o", "remount,ro"]).arg(&self.0).status().unwrap();
        assert!(done.success());
    }

    fn fill(&self) {
        let mut filler = fs::File::create(self.0.join("filler")).unwrap();
        while std::io::Write::write_all(&mut filler, &[0; 4096]).is_ok() {}
    }

    fn empty(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// A disk to test on, or the reason why there is none.
fn disk(outer: &tempfile::TempDir) -> Option<Disk> {
    let disk = is_root().then(|| Disk::mount(outer.path().join("disk"), "2m")).flatten();
    if disk.is_none() {
        println!("skipped: a small disk cannot be mounted here");
    }
    disk
}

#[test]
fn a_full_disk_and_a_read_only_one_are_refused_before_anything_is_made() {
    let outer = tempfile::tempdir().unwrap();
    let Some(disk) = disk(&outer) else { return };
    give_to_nobody(&disk.0);
    disk.fill();
    let text = open_as_ordinary_user(outer.path(), &disk.0);
    assert!(text.contains("refused system") && text.contains("No space left"), "{text}");
    assert!(text.contains("free some space"), "{text}");
    let names: Vec<_> = fs::read_dir(&disk.0).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["filler"], "a probe was left behind");
    disk.empty();
    disk.read_only();
    let text = open_as_ordinary_user(outer.path(), &disk.0);
    assert!(text.contains("refused system") && text.contains("Read-only"), "{text}");
}

#[tokio::test]
async fn a_disk_that_fills_up_stops_creating_before_the_request() {
    let outer = tempfile::tempdir().unwrap();
    let Some(disk) = disk(&outer) else { return };
    let dir = StateDir::open(disk.0.join("state")).unwrap();
    let fake = Fake::new();
    let rig = fleet(&fake, &dir).await;
    rig.create(&spec("before"), Lifetime::Deadline, None).await.unwrap();
    disk.fill();
    let error = loop {
        // The log may have room for a few lines yet.
        match rig.create(&spec("too-late"), Lifetime::Deadline, None).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Ledger, "{error:?}");
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(fake.count("create"), fake.bill().len(), "refused before the request");
    disk.empty();
    rig.create(&spec("after"), Lifetime::Deadline, None).await.unwrap();
}

/// The disk fills up between the request and its answer: the machine must not be lost.
#[tokio::test]
async fn what_cannot_be_written_down_any_more_is_not_left_standing() {
    let outer = tempfile::tempdir().unwrap();
    let Some(disk) = disk(&outer) else { return };
    let dir = StateDir::open(disk.0.join("state")).unwrap();
    let fake = Fake::new();
    let rig = fleet(&fake, &dir).await;
    fake.fail_create(CreateFault::Gate);
    let creating = tokio::spawn({
        let rig = rig.clone();
        async move { rig.create(&spec("web-1"), Lifetime::Client, None).await }
    });
    fake.arrived.acquire().await.unwrap().forget();
    disk.fill();
    fake.gate.add_permits(1);
    let error = creating.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ledger, "{error:?}");
    assert!(fake.bill().is_empty());
    drop(rig);
    disk.empty();
    let next = fleet(&fake, &dir).await;
    next.sweep(SweepOptions::default()).await.unwrap();
    assert!(next.open_intents().await.unwrap().is_empty());
}
