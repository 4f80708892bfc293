//! Creating a machine: complete or not at all, until it is in place; then it is started.

use machine_core::{Effect, Error, ErrorKind, Intent, Machine, MachineSpec, OsText, Result};

use super::start::NotStarted;
use super::{Local, describe};
use crate::order::{FileOrder, Stage, StartFailure};
use crate::plan::{Plan, Planner, machine_id};
use crate::record::SpecRecord;
use crate::status::Status;
use crate::store::{MachineDir, OpLock, remedy};

impl Local {
    /// Creates and starts the machine that `spec` asks for. A second time for the same intent, the first one's machine is
    /// the answer.
    ///
    /// # Errors
    /// What can be refused is refused before anything is made. A machine that cannot start is removed again
    /// ([`Effect::None`]); one whose supervisor died on the way is there ([`Effect::Applied`]).
    pub(super) fn create(&self, intent: &Intent, spec: &MachineSpec) -> Result<Machine> {
        let id = machine_id(intent.id);
        if let Some(dir) = self.store.machine(&id)? {
            return self.create_again(&dir, spec);
        }
        let Plan { record, files } = self.plan(intent, spec)?;
        let (dir, lock) = self.place(&record)?;
        let undone = |error: Error| {
            self.remove(&dir, Some(&record)).ok();
            error
        };
        self.hold_volumes(&record.id, &record.volumes).map_err(undone)?;
        if !files.is_empty() {
            self.store.private_files(&record.id).keep(&files).map_err(undone)?;
        }
        self.start_new(&dir, &lock, &record, files)
    }

    /// What is written down for the machine that `spec` asks for, which nothing speaks against.
    pub(super) fn plan(&self, intent: &Intent, spec: &MachineSpec) -> Result<Plan> {
        let planner = Planner {
            creator: &self.creator,
            computer: self.computer,
            state_dir: self.store.root(),
            isolation: self.isolation,
            mounts: &self.mounts,
        };
        let plan = planner.plan(intent, spec)?;
        self.check_volumes(&plan.record.id, &plan.record.volumes)?;
        Ok(plan)
    }

    /// Makes the machine's directory, under its name, and puts it into place.
    fn place(&self, record: &SpecRecord) -> Result<(MachineDir, OpLock)> {
        let nascent = self.store.make_machine(record)?;
        let placed = || {
            let lock = OpLock::take(nascent.dir(), "create", &record.name)?;
            let names = self.store.lock_names()?;
            self.store.take_name(&names, &record.name, &record.id)?;
            Ok((names, lock))
        };
        match placed() {
            Ok((names, lock)) => {
                let dir = self.store.place_machine(nascent).inspect_err(|_| {
                    self.store.drop_name(&names, &record.name, &record.id).ok();
                })?;
                Ok((dir, lock))
            }
            Err(error) => {
                self.store.discard(nascent);
                Err(error)
            }
        }
    }

    fn start_new(
        &self,
        dir: &MachineDir,
        lock: &OpLock,
        record: &SpecRecord,
        files: Vec<FileOrder>,
    ) -> Result<Machine> {
        let error = match self.start(dir, lock, record, files, 0) {
            Ok(()) => {
                let observed = dir.observe().map_err(|error| error.with_effect(Effect::Applied))?;
                return Ok(describe::machine(dir, record.clone(), observed));
            }
            Err(NotStarted::Lost(error)) => return Err(error.with_effect(Effect::Applied)),
            Err(NotStarted::Untried(error)) => error,
            Err(NotStarted::Refused(failure)) => self.refused(record, failure),
        };
        // The shim that refused is about to be gone.
        dir.wait_until_dead(std::time::Duration::from_secs(2)).map_err(|error| error.with_effect(Effect::Applied))?;
        match self.remove(dir, Some(record)) {
            Ok(()) => Err(error),
            Err(_) => Err(error.with_effect(Effect::Applied)),
        }
    }

    /// The same intent once more: its machine is there. One that was never started, because its creator died, is started.
    fn create_again(&self, dir: &MachineDir, spec: &MachineSpec) -> Result<Machine> {
        let record = dir.spec()?;
        if record.name != spec.name.as_str() {
            let message = format!("this intent has made a machine called `{}` already", record.name);
            return Err(Error::new(ErrorKind::Conflict, message).with_effect(Effect::Applied));
        }
        if dir.observe()?.status == Status::Created {
            self.start_again(dir, "create")?;
        }
        Ok(describe::machine(dir, record, dir.observe()?))
    }

    /// What is said of a machine that cannot start.
    pub(super) fn refused(&self, record: &SpecRecord, failure: StartFailure) -> Error {
        let StartFailure { stage, message, errno, code } = failure;
        let kind = match stage {
            Stage::Command => ErrorKind::Invalid,
            Stage::Port | Stage::Lock => ErrorKind::Conflict,
            Stage::Namespaces => ErrorKind::Unsupported,
            Stage::Filesystem | Stage::Limits | Stage::Internal => ErrorKind::System,
        };
        let mut error = Error::new(kind, message);
        if let Some(code) = code {
            error = error.with_context("exit_code", code.to_string());
        }
        if let Some(errno) = errno {
            error = error.with_context("errno", errno.to_string());
        }
        let hint = match stage {
            Stage::Command if code == Some(127) => self.missing_program(&record.command),
            Stage::Port => Some("choose another port, or stop what has this one".to_owned()),
            Stage::Namespaces => {
                Some("`local.isolation: auto` does without namespaces where the system forbids them".to_owned())
            }
            Stage::Filesystem | Stage::Internal => errno.and_then(remedy).map(str::to_owned),
            _ => None,
        };
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// What to do about a command whose program the machine does not have.
    pub(super) fn missing_program(&self, command: &[OsText]) -> Option<String> {
        let program = crate::mount_text::path_of(command.first()?);
        crate::missing_program_hint(program.as_os_str(), self.creator.path())
    }
}
