//! What crashes leave behind: found by looking, never by guessing. A stopped machine and a volume are never garbage.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use machine_core::{ErrorKind, Result};

use super::end::settle;
use super::{Local, LocalProvider};
use crate::status::Status;
use crate::store::MachineDir;
use crate::work::blocking;

/// What may still be in the making is left alone for this long.
const FRESH: Duration = Duration::from_mins(1);

impl LocalProvider {
    /// Clears up what crashes left behind. Says what was done, or with `dry_run` what would be, one sentence each; what could
    /// not be done says so and does not keep the rest from being done.
    ///
    /// # Errors
    /// [`ErrorKind::System`] when the state directory cannot be read.
    pub async fn collect_garbage(&self, dry_run: bool) -> Result<Vec<String>> {
        let local = std::sync::Arc::clone(&self.local);
        blocking(move || {
            let mut sweep = Sweep { local: &local, dry_run, told: Vec::new() };
            sweep.run()?;
            Ok(sweep.told)
        })
        .await
        .map_err(|error| error.with_operation("collect garbage").with_provider(crate::KIND))
    }
}

struct Sweep<'a> {
    local: &'a Local,
    dry_run: bool,
    told: Vec<String>,
}

impl Sweep<'_> {
    /// Looks everywhere. What cannot be looked at does not keep the rest from being cleared; the first such failure is told.
    fn run(&mut self) -> Result<()> {
        let places: [fn(&mut Self) -> Result<()>; 6] =
            [Self::machines, Self::names, Self::volumes, Self::memory, Self::cgroups, Self::trash];
        places.into_iter().map(|look| look(self)).fold(Ok(()), Result::and)
    }

    fn machines(&mut self) -> Result<()> {
        let ids = self.local.store.machine_ids()?;
        let look = |id: String| match self.local.store.machine(&id)? {
            Some(dir) => self.machine(&dir),
            None => Ok(()),
        };
        // One that somebody else takes away meanwhile can fail in any way.
        ids.into_iter().map(look).fold(Ok(()), Result::and)
    }

    fn trash(&mut self) -> Result<()> {
        for name in self.local.store.rubbish()? {
            let local = self.local;
            self.act(&format!("deleted what was left of {}", name.split('.').next().unwrap_or(&name)), || {
                local.delete(&name)
            });
        }
        Ok(())
    }

    /// Does `work` unless nothing is to be done, and says so.
    fn act(&mut self, what: &str, work: impl FnOnce() -> Result<()>) {
        let told = match (self.dry_run, what) {
            (true, what) => format!("would have {what}"),
            (false, what) => match work() {
                Ok(()) => what.to_owned(),
                // Somebody else is at it, so that it is no garbage.
                Err(error) if error.kind() == ErrorKind::Busy => return,
                Err(error) => format!("not yet {what}: {error}"),
            },
        };
        self.told.push(told);
    }

    fn machine(&mut self, dir: &MachineDir) -> Result<()> {
        let local = self.local;
        if local.store.is_half_made(dir) {
            if !dir.is_alive()? && is_old(dir.path()) {
                self.act(&format!("removed machine {}, which has no specification", dir.id()), || {
                    let _lock = dir.lock("collect garbage")?;
                    local.remove(dir, None)
                });
            }
            return Ok(());
        }
        let observed = dir.observe()?;
        if observed.status == Status::Lost {
            let what = format!("cleared up after machine `{}`, whose supervisor died", dir.name_for_people());
            self.act(&what, || {
                let lock = dir.lock("collect garbage")?;
                settle(dir, &lock, &dir.observe()?).map(drop)
            });
        }
        Ok(())
    }

    fn names(&mut self) -> Result<()> {
        let local = self.local;
        let lock = local.store.lock_names()?;
        for name in local.store.dangling_names(&lock)? {
            self.act(&format!("freed the name `{name}`, which no machine has"), || {
                local.store.drop_dangling(&lock, &name)
            });
        }
        for id in local.store.machine_ids()? {
            let spec = local.store.machine(&id)?.and_then(|dir| dir.spec().ok());
            if let Some(spec) = spec.filter(|spec| local.store.named(&spec.name).is_none()) {
                self.act(&format!("gave machine `{}` its name back", spec.name), || {
                    local.store.take_name(&lock, &spec.name, &id)
                });
            }
        }
        Ok(())
    }

    fn volumes(&mut self) -> Result<()> {
        let local = self.local;
        for id in local.store.volume_ids()? {
            let Some(volume) = local.store.volume(&id)? else { continue };
            let Ok(record) = volume.record() else { continue };
            let Some(attachment) = record.attached_to else { continue };
            let machine = attachment.machine.as_str().to_owned();
            if local.store.machine(&machine)?.is_none() {
                self.act(&format!("freed volume `{}` from machine {machine}, which is gone", record.name), || {
                    local.release_volume(&volume, &machine)
                });
            }
        }
        Ok(())
    }

    fn memory(&mut self) -> Result<()> {
        let local = self.local;
        for id in local.store.ids_in_memory() {
            if local.store.machine(&id)?.is_none() {
                self.act(&format!("removed what machine {id}, which is gone, had in memory"), || {
                    crate::memory::remove(&id);
                    Ok(())
                });
            }
        }
        Ok(())
    }

    /// Control groups without a process. Those of another state directory are only told from ours by what lives in them,
    /// and the kernel lets no group go that has something alive in it.
    fn cgroups(&mut self) -> Result<()> {
        for cgroup in empty_cgroups() {
            let id = cgroup.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if self.local.store.machine(&id)?.is_none() {
                self.act(&format!("removed the empty control group {}", cgroup.display()), || {
                    std::fs::remove_dir(&cgroup).map_err(|error| machine_core::Error::io("it does not go", error))
                });
            }
        }
        Ok(())
    }
}

/// The control groups of machines that have no process and are not being made.
fn empty_cgroups() -> Vec<PathBuf> {
    let mount = Path::new("/sys/fs/cgroup");
    // Of the old kind: one tree for each controller. Of the new kind: below one of the groups that we are in.
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default().to_owned();
    let mut parents: Vec<PathBuf> = Path::new(&own).ancestors().map(|path| mount.join(path)).collect();
    parents.extend(["memory", "pids", "cpu"].map(|controller| mount.join(controller)));
    let groups = parents.iter().filter_map(|parent| std::fs::read_dir(parent.join("machine")).ok()).flatten().flatten();
    groups
        .map(|group| group.path())
        .filter(|path| {
            let is_machine = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("m-"));
            let members = std::fs::read_to_string(path.join("cgroup.procs"));
            is_machine && members.is_ok_and(|members| members.is_empty()) && is_old(path)
        })
        .collect()
}

fn is_old(path: &Path) -> bool {
    let changed = path.symlink_metadata().and_then(|metadata| metadata.modified());
    changed.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age >= FRESH))
}
