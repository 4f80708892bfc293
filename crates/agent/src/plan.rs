//! What a job's wish comes down to: orders for the guest, a machine for the provider, and what is to be carried. Worked out,
//! and refused where it makes no sense, before anything is made.

use std::path::{Path, PathBuf};
use std::time::Duration;

use machine_core::{Capabilities, CloudProvider, Error, ErrorKind, FileSpec, MachineSpec, OsText, Result, Transport};
use machine_guest::frame::JobKey;
use machine_guest::orders::{ORDERS_PATH, Orders, RepoOrder, VERSION};

use crate::repo::Source;
use crate::{JobSpec, RepoSpec, guest};

/// Where jobs work, inside every machine.
pub(crate) const WORK: &str = "/work";
/// How long files may take to arrive before the guest gives the job up.
const START_WITHIN: Duration = Duration::from_hours(1);
/// How long the guest stays after the end for results to be taken.
const LINGER: Duration = Duration::from_mins(30);

/// A job, ready to be made.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) machine: MachineSpec,
    pub(crate) key: JobKey,
    /// Whether the guest waits for files before it starts the job.
    pub(crate) waits: bool,
    /// Whether the job has input.
    pub(crate) input: bool,
    /// Where the job starts, inside.
    pub(crate) workdir: OsText,
    /// What patches are made of, and what comes before their paths.
    pub(crate) patched: Vec<(String, Option<String>)>,
}

impl Plan {
    /// # Errors
    /// `Invalid` for a wish that makes no sense, `Unsupported` for what the provider cannot do, `System` where this computer
    /// gives no random numbers.
    pub(crate) fn new(provider: &dyn CloudProvider, spec: &JobSpec) -> Result<Self> {
        let mut command = guest::program(provider)?;
        check(provider, spec)?;
        let waits = spec.sync.is_some() || spec.repos.iter().any(|repo| repo.source() == Source::ThisComputer);
        let carries_out = !spec.fetch.is_empty() || spec.patch.is_some();
        let patched = if spec.patch.is_some() { patched(spec) } else { Vec::new() };
        let mut random = [0; 32];
        getrandom::fill(&mut random)
            .map_err(|error| Error::new(ErrorKind::System, format!("no random numbers for the job's key: {error}")))?;
        let key = JobKey::new(random);
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let workdir = workdir(spec);
        let orders = Orders {
            version: VERSION,
            key: key.clone(),
            command: spec.command.clone(),
            env: spec.variables(),
            workdir: Some(workdir.clone()),
            stdin: spec.stdin,
            tty: spec.tty,
            timeout_ms: spec.timeout.map(millis),
            grace_ms: millis(spec.grace),
            deadline: spec.deadline,
            root: spec.root,
            repos: spec.repos.iter().map(order).collect(),
            baselines: patched.iter().map(|(directory, _)| below_work(directory)).collect(),
            start_within_ms: waits.then(|| millis(START_WITHIN)),
            client: true,
            linger_ms: carries_out.then(|| millis(LINGER)),
        };
        let orders = serde_json::to_vec(&orders)
            .map_err(|error| Error::new(ErrorKind::Invalid, "the job cannot be written down").with_source(error))?;
        let mut machine = spec.machine.clone();
        command.push("job".into());
        machine.command = command;
        machine.files.push(FileSpec::private(ORDERS_PATH, orders));
        Ok(Self { machine, key, waits, input: spec.stdin || spec.tty.is_some(), workdir, patched })
    }
}

/// What holds for the command of every job, whoever runs it.
///
/// # Errors
/// `Invalid` for none, for a second one, and for what no program can be handed.
pub(crate) fn check_command(spec: &JobSpec) -> Result<()> {
    let invalid = |what: &'static str| Err(Error::new(ErrorKind::Invalid, what));
    if spec.command.first().is_none_or(|program| program.as_bytes().is_empty()) {
        return invalid("a job needs a command");
    }
    if !spec.machine.command.is_empty() {
        return invalid("the machine of a job has no command but the job");
    }
    if spec.command.iter().any(|argument| argument.as_bytes().contains(&0)) {
        return invalid("an argument of the command holds a zero byte");
    }
    Ok(())
}

fn check(provider: &dyn CloudProvider, spec: &JobSpec) -> Result<()> {
    check_command(spec)?;
    let invalid = |what: String| Err(Error::new(ErrorKind::Invalid, what));
    if let Some(file) = spec.machine.files.iter().find(|file| file.path.starts_with("/run/machine/")) {
        return invalid(format!("`{}` is where the job's own files are; name another place", file.path));
    }
    if let Some(sync) = spec.sync.as_ref().filter(|sync| !sync.is_dir()) {
        return Err(Error::new(ErrorKind::NotFound, format!("there is no directory `{}` to copy", sync.display())));
    }
    if let Some(patch) = &spec.patch {
        // Said now: when the job has ended, its work would be lost.
        let directory = patch.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !directory.is_dir() || patch.is_dir() {
            return invalid(format!("`{}` is no place where the patch can be written", patch.display()));
        }
    }
    for (index, repo) in spec.repos.iter().enumerate() {
        if let Some(other) = spec.repos.iter().take(index).find(|other| other.name() == repo.name()) {
            return invalid(format!(
                "the repositories `{}` and `{}` would both be in `/work/{}`",
                other.url(),
                repo.url(),
                repo.name()
            ));
        }
    }
    let Capabilities { files, command, exec, exec_stdin, .. } = provider.capabilities();
    let kind = provider.info().kind;
    let missing = [
        (!files, "its machines take no files before they start"),
        (!command, "its machines have no command of their own"),
        (*exec == Transport::None, "nothing can be run inside its machines"),
        (!exec_stdin, "commands inside its machines take no input"),
    ];
    match missing.into_iter().find(|(missing, _)| *missing) {
        Some((_, what)) => Err(Error::unsupported(kind, what)),
        None => Ok(()),
    }
}

fn order(repo: &RepoSpec) -> RepoOrder {
    RepoOrder {
        name: repo.name().to_owned(),
        url: repo.url().to_owned(),
        reference: repo.reference().map(str::to_owned),
        sent: repo.source() == Source::ThisComputer,
        credential: repo.credential().cloned(),
    }
}

/// Where the job starts: where it is told, else in its only repository, else in the workspace.
pub(crate) fn workdir(spec: &JobSpec) -> OsText {
    let home = match spec.repos.as_slice() {
        [repo] => {
            let repository = PathBuf::from(WORK).join(repo.name());
            repo.directory().map_or_else(|| repository.clone(), |directory| repository.join(directory))
        }
        _ => PathBuf::from(WORK),
    };
    match &spec.workdir {
        None => OsText::from(home.into_os_string()),
        Some(told) if told.as_bytes().starts_with(b"/") => told.clone(),
        Some(told) => OsText::from([WORK.as_bytes(), b"/", told.as_bytes()].concat()),
    }
}

/// The directories whose changes make the patch. With a single one its paths are its own; with several each path starts
/// with the directory's name.
fn patched(spec: &JobSpec) -> Vec<(String, Option<String>)> {
    let of =
        |repo: &RepoSpec, prefix: bool| (format!("{WORK}/{}", repo.name()), prefix.then(|| repo.name().to_owned()));
    match (spec.repos.as_slice(), &spec.sync) {
        ([repo], None) => vec![of(repo, false)],
        (repos, sync) => {
            let workspace = (sync.is_some() || repos.is_empty()).then(|| (WORK.to_owned(), None));
            workspace.into_iter().chain(repos.iter().map(|repo| of(repo, true))).collect()
        }
    }
}

fn below_work(directory: &str) -> PathBuf {
    directory.strip_prefix(WORK).map_or(directory, |below| below.trim_start_matches('/')).into()
}
