//! The clouds' own clients and those of others, as they are on `PyPI`, before `machine simcloud`: what they cannot tell from the
//! real thing is good enough for ours. The scripts are in `tests/clients/`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test; with a harness of its own the lints do not see that"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use machine_cli::Runner;

/// The longest that a script may take.
const PATIENCE: Duration = Duration::from_mins(3);
/// The longest that the clients may take to be installed.
const INSTALL: Duration = Duration::from_mins(4);
/// The longest that the simulated clouds may take to end.
const END: Duration = Duration::from_secs(20);
/// How many times as fast as ours the clouds' clock runs.
const SPEED: &str = "60";

/// Name, script, argument.
const CLIENTS: &[(&str, &str, &[&str])] = &[
    ("pydo", "pydo_client.py", &[]),
    ("python_digitalocean", "python_digitalocean_client.py", &[]),
    ("libcloud_digitalocean", "libcloud_client.py", &["digitalocean"]),
    ("libcloud_vultr", "libcloud_client.py", &["vultr"]),
    ("flaude", "flaude_client.py", &[]),
];

fn main() -> ExitCode {
    // The simulated clouds are this program, started again: its `main` is the command's then.
    if std::env::args_os().nth(1).is_some_and(|first| first == "simcloud" || first.to_string_lossy().starts_with("__"))
    {
        return Runner::builtin().run();
    }
    let trial = |&(name, script, args): &(&'static str, &'static str, &'static [&'static str])| {
        Trial::ignorable_test(name, move || client(script, args))
    };
    libtest_mimic::run(&Arguments::from_args(), CLIENTS.iter().map(trial).collect()).exit_code()
}

fn client(script: &str, args: &[&str]) -> Result<Completion, Failed> {
    let python = match python() {
        Ok(python) => python,
        Err(why) if std::env::var("MACHINE_REQUIRE").is_ok_and(|what| what == "all") => {
            return Err(format!("MACHINE_REQUIRE=all, and {why}").into());
        }
        Err(why) => return Ok(Completion::ignored_with(why)),
    };
    let clouds = Clouds::start();
    let mut command = Command::new(python);
    command.arg(here().join("clients").join(script)).args(args).envs(clouds.variables.iter().cloned());
    let (ended_well, said) = finish(command, PATIENCE);
    if ended_well { Ok(Completion::Completed) } else { Err(said.into()) }
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Python of an environment that has the clients, which is made where it is not there; why there can be none otherwise.
fn python() -> Result<PathBuf, String> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(place).unwrap();
    // Others of these tests may want it made as well, in processes of their own.
    let lock = fs::File::create(place.join("clients.lock")).unwrap();
    lock.lock().unwrap();
    let (dir, file) = (place.join("clients"), here().join("clients/requirements.txt"));
    let (python, stamp) = (dir.join("bin/python"), dir.join("installed.txt"));
    let wanted = fs::read_to_string(&file).unwrap();
    if fs::read_to_string(&stamp).is_ok_and(|has| has == wanted) && python.exists() {
        return Ok(python);
    }
    drop(fs::remove_dir_all(&dir));
    // Without a pip of its own, which not every system can put in: the system's serves it from outside.
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--without-pip"]).arg(&dir);
    let mut install = Command::new("python3");
    install.args(["-m", "pip", "--python"]).arg(&python).args(["install", "--quiet", "--disable-pip-version-check"]);
    install.args(["--no-input", "--only-binary=:all:", "--requirement"]).arg(&file);
    for step in [make, install] {
        let what = format!("{step:?}");
        let (ended_well, said) = finish(step, INSTALL);
        if !ended_well {
            return Err(format!("the clients cannot be installed: {what}: {said}"));
        }
    }
    fs::write(stamp, wanted).unwrap();
    Ok(python)
}

/// Runs a command to its end: whether it ended well, and what it said.
fn finish(mut command: Command, patience: Duration) -> (bool, String) {
    let (mut reader, writer) = std::io::pipe().unwrap();
    command.stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return (false, format!("it does not start: {error}")),
    };
    // It holds the other end of the pipe, which would never end.
    drop(command);
    std::thread::scope(|scope| {
        let said = scope.spawn(move || {
            let mut said = Vec::new();
            drop(reader.read_to_end(&mut said));
            String::from_utf8_lossy(&said).into_owned()
        });
        let began = Instant::now();
        let ended = loop {
            match child.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if began.elapsed() > patience => break None,
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        if ended.is_none() {
            drop(child.kill());
            drop(child.wait());
        }
        let said = said.join().unwrap();
        match ended {
            Some(status) => (status.success(), format!("{status}\n{said}")),
            None => (false, format!("not within {patience:?}\n{said}")),
        }
    })
}

/// `machine simcloud`, until this is dropped.
struct Clouds {
    child: Child,
    variables: Vec<(String, String)>,
    _home: tempfile::TempDir,
}

impl Clouds {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        // A list of 250 is a list, also of machines that are but records.
        command.args(["simcloud", "--no-machines", "--no-rate-limit", "--speed", SPEED]).env("HOME", home.path());
        command.env("MACHINE_STATE_DIR", home.path().join("state")).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut variables = Vec::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Vultr's are the last that it prints.
        while !variables.iter().any(|(name, _)| name == "VULTR_API_URL") {
            let line = lines.next().expect("it prints where the clouds are").unwrap();
            let (name, value) = line.strip_prefix("export ").and_then(|rest| rest.split_once('=')).unwrap();
            variables.push((name.to_owned(), value.to_owned()));
        }
        Self { child, variables, _home: home }
    }
}

impl Drop for Clouds {
    fn drop(&mut self) {
        // As a person would: killed, it would leave its machines to the next run with the same state.
        let ended = Command::new("kill").arg(self.child.id().to_string()).status();
        let began = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if ended.is_err() || began.elapsed() > END {
                drop(self.child.kill());
                drop(self.child.wait());
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
