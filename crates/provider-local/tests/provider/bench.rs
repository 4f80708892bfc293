//! A provider with a state directory of its own; its machines go when the test ends, however it ends.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use machine_core::{
    CloudProvider as _, Deadline, Error, Exec, ExecEvent, ExecSession, ExitStatus, Goal, IntentDraft, Lifetime,
    LogOptions, Machine, MachineId, MachineSpec, OsText, OwnerId, ProviderExt as _, RecordedIntent, ResourceKind,
    Result, Selector, Until, VolatileIntents, Volume, VolumeSpec,
};
use machine_local::{LocalConfig, LocalProvider};
use serde_json::Value;

/// A provider with a state directory of its own.
pub(crate) struct Bench {
    pub(crate) provider: LocalProvider,
    directory: tempfile::TempDir,
    intents: VolatileIntents,
}

/// Runs `test` with a provider.
pub(crate) fn blocking(test: impl AsyncFnOnce(Bench)) {
    let directory = tempfile::tempdir().unwrap();
    let provider = LocalProvider::open(config(directory.path())).unwrap();
    let bench = Bench { provider, directory, intents: VolatileIntents::new(OwnerId::new("owner")) };
    runtime().block_on(test(bench));
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn config(directory: &Path) -> LocalConfig {
    LocalConfig { state: Some(directory.join("state")), ..LocalConfig::default() }
}

/// A machine that idles.
pub(crate) fn spec() -> MachineSpec {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    MachineSpec::new(format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed)).parse().unwrap())
}

/// A machine with a command.
pub(crate) fn command(words: &[&str]) -> MachineSpec {
    MachineSpec { command: words.iter().copied().map(OsText::from).collect(), ..spec() }
}

/// What a test waits for, for as long as a test may take.
pub(crate) fn until(goal: Goal) -> Until {
    Until { goal, deadline: Deadline::after(Duration::from_secs(20)) }
}

/// One of an error's named facts.
pub(crate) fn context<'a>(error: &'a Error, key: &str) -> Option<&'a str> {
    error.context().iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
}

impl Bench {
    async fn intent(&self, resource: ResourceKind, name: &str) -> RecordedIntent {
        let draft = IntentDraft {
            resource,
            name: name.to_owned(),
            provider: "local".to_owned(),
            lifetime: Lifetime::Deadline,
            deadline: None,
        };
        RecordedIntent::record(&self.intents, draft).await.unwrap()
    }

    pub(crate) async fn create(&self, spec: &MachineSpec) -> Result<Machine> {
        self.provider.create(&self.intent(ResourceKind::Machine, spec.name.as_str()).await, spec).await
    }

    pub(crate) async fn volume(&self, name: &str) -> Volume {
        let spec = VolumeSpec { name: name.parse().unwrap(), size_gib: 1, region: None };
        let intent = self.intent(ResourceKind::Volume, name).await;
        self.provider.volumes().unwrap().create(&intent, &spec).await.unwrap()
    }

    /// What a command writes, and how it ends.
    pub(crate) async fn exec(&self, id: &MachineId, exec: Exec) -> (Vec<u8>, Vec<u8>, Option<ExitStatus>) {
        self.drain(self.provider.exec(id, exec).await.unwrap()).await
    }

    /// What a command goes on to write, and how it ends.
    pub(crate) async fn drain(&self, mut session: ExecSession) -> (Vec<u8>, Vec<u8>, Option<ExitStatus>) {
        let (mut out, mut err, mut exit) = (Vec::new(), Vec::new(), None);
        while let Some(event) = session.events.next().await {
            match event.unwrap() {
                ExecEvent::Stdout(bytes) => out.extend_from_slice(&bytes),
                ExecEvent::Stderr(bytes) => err.extend_from_slice(&bytes),
                ExecEvent::Exited(status) => exit = Some(status),
                other => panic!("{other:?}"),
            }
        }
        (out, err, exit)
    }

    /// A machine's log, a line each: the stream, `+` for a piece, the text.
    pub(crate) async fn logs(&self, id: &MachineId, how: LogOptions) -> Vec<String> {
        let show = |line: Result<machine_core::LogLine>| {
            let line = line.unwrap();
            let piece = if line.partial { "+" } else { "" };
            format!("{:?}{piece} {}", line.stream, String::from_utf8_lossy(&line.text))
        };
        self.provider.logs(id.clone(), how).map(show).collect().await
    }

    /// A program that the computer has and machines do not.
    pub(crate) fn tool(&self) -> String {
        let tool = self.directory.path().join("tool");
        std::fs::write(&tool, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
        tool.display().to_string()
    }

    /// Whether no machine, nor any trace of one, is there.
    pub(crate) fn is_empty(&self) -> bool {
        let part = |name: &str| std::fs::read_dir(self.directory.path().join("state").join(name)).unwrap().count();
        ["machines", "names", "trash"].iter().all(|name| part(name) == 0)
    }

    fn machine(&self, id: &MachineId) -> PathBuf {
        self.directory.path().join("state/machines").join(id.as_str())
    }

    /// What a machine's supervisor says of it.
    pub(crate) fn state(&self, id: &MachineId) -> Value {
        serde_json::from_slice(&std::fs::read(self.machine(id).join("state.json")).unwrap()).unwrap()
    }

    /// A machine's `/work`, as the computer sees it.
    pub(crate) fn work(&self, id: &MachineId) -> PathBuf {
        self.machine(id).join("rw/work")
    }

    /// Kills a machine's `shim` or `init`. Says which pid its init has or had.
    pub(crate) fn kill(&self, id: &MachineId, which: &str) -> i64 {
        let state = self.state(id);
        let pid = i32::try_from(state[which]["pid"].as_i64().unwrap()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        state["init"]["pid"].as_i64().unwrap()
    }

    /// Whether a process is there and is more than a zombie.
    pub(crate) fn lives(&self, pid: i64) -> bool {
        std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .is_ok_and(|stat| !stat.rsplit(')').next().unwrap().trim_start().starts_with('Z'))
    }

    /// Removes a machine's output.
    pub(crate) fn forget_log(&self, id: &MachineId) {
        std::fs::remove_dir_all(self.machine(id).join("log")).unwrap();
    }

    /// Whether any file of the state directory holds `bytes`.
    pub(crate) fn holds_anywhere(&self, bytes: &[u8]) -> bool {
        let mut dirs = vec![self.directory.path().to_owned()];
        while let Some(dir) = dirs.pop() {
            // An overlay's work directory belongs to the kernel and is closed to everybody; it is empty but for moments.
            if dir.symlink_metadata().unwrap().permissions().mode() & 0o777 == 0 {
                continue;
            }
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                let kind = path.symlink_metadata().unwrap().file_type();
                if kind.is_dir() {
                    dirs.push(path);
                } else if kind.is_file() && std::fs::read(&path).unwrap().windows(bytes.len()).any(|part| part == bytes)
                {
                    return true;
                }
            }
        }
        false
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let config = config(self.directory.path());
        // In a thread: the test's runtime may be the one that drops this.
        let destroy = std::thread::spawn(move || {
            let provider = LocalProvider::open(config).unwrap();
            runtime().block_on(async {
                for machine in provider.list_all(Selector::all()).await.unwrap().0 {
                    provider.destroy(&machine.id).await.unwrap();
                }
            });
        });
        destroy.join().unwrap();
    }
}
