//! Where jobs are kept: a directory for each below the state directory, bounded in number and in bytes.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use machine_core::{Error, ErrorKind, Result, nearest};
use machine_fleet::StateDir;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::{Event, Facts};

/// The most jobs that are kept; the oldest go first.
const JOBS: usize = 500;
/// The most bytes of output that are kept of all of them.
const BYTES: u64 = 1 << 30;
/// The most that is kept of one.
const LOG: u64 = 64 << 20;
/// What is left of that for what is no output.
const RESERVE: u64 = 64 << 10;
/// The names of a job's two files.
const FACTS: &str = "job.json";
const EVENTS: &str = "events.jsonl";

/// The jobs of this computer.
#[derive(Debug)]
pub(crate) struct Store(PathBuf);

impl Store {
    /// Those below that state directory, which is made where it is missing.
    ///
    /// # Errors
    /// A directory that cannot be used.
    pub(crate) fn open(state: &Path) -> Result<Self> {
        let directory = StateDir::open(state)?.path().join("jobs");
        DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(|error| trouble(&directory, error))?;
        Ok(Self(directory))
    }

    /// Keeps a new job. Old ones go where there are too many.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn begin(&self, facts: Facts) -> Result<Kept> {
        self.make_room()?;
        let directory = self.0.join(&facts.id);
        DirBuilder::new().mode(0o700).create(&directory).map_err(|error| trouble(&directory, error))?;
        self.take(facts)
    }

    /// Takes a job over that another process began and looks after no more.
    ///
    /// # Errors
    /// What the system says; [`ErrorKind::Conflict`] where somebody does look after it.
    pub(crate) fn take(&self, facts: Facts) -> Result<Kept> {
        let directory = self.0.join(&facts.id);
        let path = directory.join(EVENTS);
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
        let file = file.map_err(|error| trouble(&path, error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(Error::new(ErrorKind::Conflict, "another command has this job")),
            Err(errno) => return Err(trouble(&path, errno.into())),
        }
        let kept = Kept { directory, facts, file, left: LOG, cut: false };
        kept.save()?;
        Ok(kept)
    }

    /// All jobs, the oldest first. What cannot be read is left out.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub(crate) fn all(&self) -> Result<Vec<Facts>> {
        let mut all: Vec<_> = self.ids()?.iter().filter_map(|id| self.read(id)).collect();
        all.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(all)
    }

    /// The job of that id or beginning of one, or the newest whose machine has that name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for none, [`ErrorKind::Invalid`] for the beginning of several.
    pub(crate) fn find(&self, wanted: &str) -> Result<Facts> {
        let mut all = self.all()?;
        let fits = |facts: &Facts| !wanted.is_empty() && facts.id.starts_with(wanted);
        match all.iter().filter(|facts| fits(facts)).count() {
            0 => {}
            1 => all.retain(fits),
            several => {
                let what = format!("{several} jobs begin with `{wanted}`");
                return Err(Error::new(ErrorKind::Invalid, what).with_hint("write more of the id"));
            }
        }
        let names: Vec<String> = all.iter().map(|facts| facts.asked.name.clone()).collect();
        all.into_iter().rev().find(|facts| fits(facts) || facts.asked.name == wanted).ok_or_else(|| {
            let error = Error::not_found("job", wanted);
            match nearest(wanted, names.iter().map(String::as_str)).first() {
                Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                None => error.with_hint("`machine jobs list` shows what there is"),
            }
        })
    }

    /// Whether a process looks after that job.
    pub(crate) fn is_minded(&self, facts: &Facts) -> bool {
        self.is_locked(&facts.id)
    }

    fn is_locked(&self, id: &str) -> bool {
        let file = File::open(self.0.join(id).join(EVENTS));
        file.is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK))
    }

    /// The events of that job, to be read.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn events(&self, facts: &Facts) -> Result<File> {
        let path = self.0.join(&facts.id).join(EVENTS);
        File::open(&path).map_err(|error| trouble(&path, error))
    }

    /// Forgets that job.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] for one that somebody looks after; what the system says.
    pub(crate) fn remove(&self, facts: &Facts) -> Result<()> {
        if self.is_minded(facts) {
            let what = format!("the job `{}` has not ended", facts.id);
            return Err(Error::new(ErrorKind::Conflict, what).with_hint("`machine jobs cancel` ends it"));
        }
        self.forget(&facts.id)
    }

    fn forget(&self, id: &str) -> Result<()> {
        let directory = self.0.join(id);
        fs::remove_dir_all(&directory).map_err(|error| trouble(&directory, error))
    }

    fn ids(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(&self.0).map_err(|error| trouble(&self.0, error))?;
        Ok(entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
    }

    fn read(&self, id: &str) -> Option<Facts> {
        serde_json::from_slice(&fs::read(self.0.join(id).join(FACTS)).ok()?).ok()
    }

    /// Forgets the oldest jobs that have ended, until there is room for another.
    fn make_room(&self) -> Result<()> {
        let mut ids = self.ids()?;
        ids.sort();
        let size = |id: &String| fs::metadata(self.0.join(id).join(EVENTS)).map_or(0, |file| file.len());
        let (mut count, mut bytes) = (ids.len(), ids.iter().map(size).sum::<u64>());
        for id in &ids {
            if count < JOBS && bytes <= BYTES - LOG {
                break;
            }
            let of_this = size(id);
            // One that another command has just forgotten makes room as well.
            if !self.is_locked(id) && self.forget(id).is_ok() {
                (count, bytes) = (count - 1, bytes.saturating_sub(of_this));
            }
        }
        Ok(())
    }
}

/// A job that this process looks after. Dropping it is how others learn that nobody does any more.
#[derive(Debug)]
pub(crate) struct Kept {
    directory: PathBuf,
    facts: Facts,
    file: File,
    /// How many bytes may still be kept.
    left: u64,
    cut: bool,
}

impl Kept {
    /// What is known of the job.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Changes what is known of it.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Facts)) -> Result<()> {
        change(&mut self.facts);
        self.save()
    }

    /// Keeps an event, while there is room.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn note(&mut self, event: &Event) -> Result<()> {
        let is_output = matches!(event, Event::Stdout { .. } | Event::Stderr { .. } | Event::Note { .. });
        if self.cut && is_output {
            return Ok(());
        }
        let mut line = line(event)?;
        if is_output && line.len() as u64 + RESERVE > self.left {
            self.cut = true;
            line = self::line(&Event::Cut)?;
        }
        self.left = self.left.saturating_sub(line.len() as u64);
        self.file.write_all(line.as_bytes()).map_err(|error| trouble(&self.directory, error))
    }

    /// Written beside its place and moved there, so that nobody reads half of it.
    fn save(&self) -> Result<()> {
        let failed = |error| trouble(&self.directory, error);
        let text = serde_json::to_vec_pretty(&self.facts).map_err(|error| failed(error.into()))?;
        let (path, aside) = (self.directory.join(FACTS), self.directory.join("job.json.new"));
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside);
        file.and_then(|mut file| file.write_all(&text)).map_err(failed)?;
        fs::rename(&aside, &path).map_err(failed)
    }
}

/// An event with its line's end.
///
/// # Errors
/// One that cannot be written as JSON, of which there is none.
pub(crate) fn line(event: &Event) -> Result<String> {
    let text = serde_json::to_string(event);
    let text = text.map_err(|error| Error::new(ErrorKind::Protocol, format!("an event is no JSON: {error}")))?;
    Ok(text + "\n")
}

fn trouble(path: &Path, error: io::Error) -> Error {
    Error::io(format_args!("what is kept of jobs (`{}`)", path.display()), error)
}

#[cfg(test)]
mod tests {
    use machine_agent::JobSpec;
    use machine_core::{Clock, MachineSpec};

    use super::*;
    use crate::jobs::State;

    fn facts(id: String) -> Facts {
        let machine = MachineSpec::new("run-1".parse().unwrap());
        Facts { id, ..Facts::new("local", &JobSpec::new(machine, vec!["true".into()]), &Clock::default()) }
    }

    #[test]
    fn the_oldest_go_where_there_are_too_many_but_for_those_that_run() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("state")).unwrap();
        let runs = store.begin(facts("00000".to_owned())).unwrap();
        for number in 1..=JOBS + 5 {
            drop(store.begin(facts(format!("{number:05}"))).unwrap());
        }
        let ids: Vec<_> = store.all().unwrap().into_iter().map(|facts| facts.id).collect();
        assert_eq!(ids.len(), JOBS);
        assert_eq!((ids[0].as_str(), ids[1].as_str(), ids[JOBS - 1].as_str()), ("00000", "00007", "00505"));
        let first = store.find("00000").unwrap();
        assert!(store.is_minded(&first) && store.remove(&first).is_err());
        assert_eq!(first.state(true), State::Starting);
        drop(runs);
        assert_eq!(first.state(store.is_minded(&first)), State::Abandoned);
        assert_eq!(store.find("0").unwrap_err().kind(), ErrorKind::Invalid);
        assert_eq!(store.find("run-1").unwrap().id, "00505", "the newest of that name");
        store.remove(&first).unwrap();
        assert_eq!(store.find("00000").unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn too_much_output_is_cut_and_the_end_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("state")).unwrap();
        let mut kept = store.begin(facts("1".to_owned())).unwrap();
        kept.left = RESERVE + 1000;
        for _ in 0..100 {
            kept.note(&Event::Stdout { data: "x".repeat(100).into() }).unwrap();
        }
        kept.note(&Event::Lost { frames: 1 }).unwrap();
        let text = io::read_to_string(store.events(&store.find("1").unwrap()).unwrap()).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert!(text.len() < 1500 && lines[lines.len() - 2] == r#"{"type":"cut"}"#, "{text}");
        assert!(lines[lines.len() - 1].contains("lost"));
    }
}
