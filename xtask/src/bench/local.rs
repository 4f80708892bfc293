//! Machines on this computer, against the limits that the project has set itself and against `bwrap` and `runc`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Report, Series, build, repeat, timed};
use crate::{Outcome, root};

const RUNS: usize = 50;
const MANY: usize = 500;
const LINES: usize = 1_000_000;

/// Builds the release binary, measures it, prints one row a figure, and fails when a limit is missed.
pub(crate) fn run() -> Outcome {
    build()?;
    let state = tempfile::tempdir().map_err(|error| format!("cannot make a state directory: {error}"))?;
    let machine = Machine { program: root().join("target/release/machine"), state: state.path().to_owned() };
    let mut report = Report::default();
    println!("medians of {RUNS} (p95); release build\n");
    println!("| what | measured | limit | |\n|---|---|---|---|");
    start_up(&machine, &mut report)?;
    one_machine(&machine, &mut report)?;
    many_machines(&machine, &mut report)?;
    logs(&machine, &mut report)?;
    peers(&machine, &mut report)?;
    report.end()
}

/// The binary under test, on a state directory of its own.
struct Machine {
    program: PathBuf,
    state: PathBuf,
}

impl Machine {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.env("MACHINE_STATE_DIR", &self.state).args(args).stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Outcome<Vec<u8>> {
        let output = self
            .command(args)
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("cannot run {}: {error}", self.program.display()))?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(format!("`machine {}` ended with {}", args.join(" "), output.status))
        }
    }
}

fn start_up(machine: &Machine, report: &mut Report) -> Outcome {
    for args in [&["--help"][..], &["version"]] {
        let measured = repeat(RUNS, &machine.command(args))?;
        let name = args.join(" ");
        report.times(&format!("`{name}`"), &measured.wall, 5.0);
        let mib = measured.max_rss_kib as f64 / 1024.0;
        report.at_most(&format!("`{name}`, memory"), &format!("{mib:.1} MiB"), mib, 8.0, "MiB");
    }
    Ok(())
}

fn one_machine(machine: &Machine, report: &mut Report) -> Outcome {
    let mut create = Vec::new();
    for number in 0..RUNS {
        create.push(timed(|| machine.run(&["create", &format!("one-{number}")]))?.0);
    }
    report.times("create to running", &Series::new(create), 12.0);
    let exec = repeat(RUNS, &machine.command(&["exec", "one-0", "--", "true"]))?;
    report.times("`exec true`", &exec.wall, 8.0);
    let kib = anonymous_kib(machine, "one-0")?;
    report.at_most("shim and pid 1, anonymous memory", &format!("{kib} KiB"), kib as f64, 1024.0, "KiB");
    for number in 0..RUNS {
        machine.run(&["destroy", "--yes", &format!("one-{number}")])?;
    }
    let run = repeat(RUNS, &machine.command(&["run", "-q", "--", "true"]))?;
    println!("| `run -- true`, whole life | {:.2} ms ({:.2}) | | |", run.wall.median(), run.wall.p95());
    Ok(())
}

/// What the kernel counts as anonymous memory of the machine's shim and of its child, the machine's pid 1.
fn anonymous_kib(machine: &Machine, name: &str) -> Outcome<u64> {
    let inspected: serde_json::Value = serde_json::from_slice(&machine.run(&["inspect", name])?)
        .map_err(|error| format!("`machine inspect` is no JSON: {error}"))?;
    let id = inspected["id"].as_str().ok_or("`machine inspect` has no id")?.to_owned();
    let mut total = 0;
    let mut found = 0;
    for entry in std::fs::read_dir("/proc").map_err(|error| format!("/proc: {error}"))?.flatten() {
        let dir = entry.path();
        // The pid 1 is a fork of the shim and keeps its command line.
        let cmdline = std::fs::read(dir.join("cmdline")).unwrap_or_default();
        let words: Vec<_> = cmdline.split(|byte| *byte == 0).collect();
        if words.get(1) == Some(&&b"__shim"[..]) && words.get(2) == Some(&id.as_bytes()) {
            found += 1;
            total += anonymous_of(&dir)?;
        }
    }
    if found == 2 { Ok(total) } else { Err(format!("expected the shim and pid 1 of {id}, found {found} processes")) }
}

fn anonymous_of(process: &Path) -> Outcome<u64> {
    let rollup = std::fs::read_to_string(process.join("smaps_rollup"))
        .map_err(|error| format!("{}/smaps_rollup: {error}", process.display()))?;
    rollup
        .lines()
        .find_map(|line| line.strip_prefix("Anonymous:")?.trim().strip_suffix("kB")?.trim().parse().ok())
        .ok_or_else(|| format!("{}/smaps_rollup has no `Anonymous`", process.display()))
}

fn many_machines(machine: &Machine, report: &mut Report) -> Outcome {
    let names: Vec<String> = (0..MANY).map(|number| format!("many-{number}")).collect();
    let (took, ()) = timed(|| names.iter().try_for_each(|name| machine.run(&["create", name]).map(drop)))?;
    report.at_most(
        &format!("{MANY} machines created, one after the other"),
        &format!("{took:.0} ms"),
        took,
        6000.0,
        "ms",
    );
    let list = repeat(RUNS, &machine.command(&["list"]))?;
    report.times(&format!("{MANY} machines listed"), &list.wall, 30.0);
    let mut destroy = vec!["destroy", "--yes"];
    destroy.extend(names.iter().map(String::as_str));
    machine.run(&destroy).map(drop)
}

fn logs(machine: &Machine, report: &mut Report) -> Outcome {
    let lines = LINES.to_string();
    let (took, _) = timed(|| {
        machine.run(&["create", "logger", "--", "seq", &lines])?;
        machine.run(&["wait", "logger", "--for", "ended"])
    })?;
    report.at_most(&format!("{LINES} lines written and stored"), &format!("{took:.0} ms"), took, 1500.0, "ms");
    let target = machine.state.join("streamed");
    let (mut rates, mut rss) = (Vec::new(), 0);
    for _ in 0..5 {
        // `measure` discards output; a shell puts it into a file as a person would.
        let script = format!("exec {} logs logger > {}", machine.program.display(), target.display());
        let mut command = Command::new("sh");
        command.env("MACHINE_STATE_DIR", &machine.state).args(["-c", &script]);
        let measured = repeat(1, &command)?;
        rates.push(LINES as f64 / (measured.wall.median() / 1000.0));
        rss = rss.max(measured.max_rss_kib);
    }
    let stored = std::io::BufRead::lines(std::io::BufReader::new(
        File::open(&target).map_err(|error| format!("{}: {error}", target.display()))?,
    ))
    .count();
    if stored != LINES {
        return Err(format!("{stored} of {LINES} lines came back"));
    }
    let rate = Series::new(rates).median();
    report.row("lines streamed to a file", &format!("{rate:.0} lines/s"), "at least 300000 lines/s", rate >= 300_000.0);
    let mib = rss as f64 / 1024.0;
    report.at_most("client that streams them, memory", &format!("{mib:.1} MiB"), mib, 32.0, "MiB");
    machine.run(&["destroy", "--yes", "logger"]).map(drop)
}

/// The same job by the peers that are installed: one process that does nothing, in namespaces of its own.
fn peers(machine: &Machine, _report: &mut Report) -> Outcome {
    let ours = repeat(RUNS, &machine.command(&["run", "-q", "--", "true"]))?.wall.median();
    println!("\n| peer | median | `machine run -- true` is |\n|---|---|---|");
    let mut bwrap = Command::new("bwrap");
    bwrap.args(
        "--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64".split(' '),
    );
    bwrap.args("--dev /dev --proc /proc --tmpfs /tmp --unshare-all --die-with-parent true".split(' '));
    compare("bwrap --unshare-all true", ours, &bwrap)?;
    let bundle = machine.state.join("bundle");
    if runc_bundle(&bundle)? {
        let mut runc = Command::new("runc");
        runc.args(["--root".as_ref(), machine.state.join("runc").as_os_str()]);
        runc.args(["run".as_ref(), "--bundle".as_ref(), bundle.as_os_str(), "machine-bench".as_ref()]);
        compare("runc run true", ours, &runc)?;
    } else {
        println!("| runc | not installed | |");
    }
    Ok(())
}

fn compare(name: &str, ours: f64, peer: &Command) -> Outcome {
    if Command::new(peer.get_program()).arg("--version").output().is_err() {
        println!("| {name} | not installed | |");
        return Ok(());
    }
    let theirs = repeat(RUNS, peer)?.wall.median();
    println!("| {name} | {theirs:.2} ms | {:.2} x |", ours / theirs);
    Ok(())
}

/// Makes a bundle whose root shows this computer's `/usr`; says whether `runc` is there to use it.
fn runc_bundle(bundle: &Path) -> Outcome<bool> {
    let rootfs = bundle.join("rootfs");
    for dir in ["usr", "proc", "dev", "tmp"] {
        std::fs::create_dir_all(rootfs.join(dir)).map_err(|error| format!("{}: {error}", rootfs.display()))?;
    }
    for dir in ["bin", "lib", "lib64"] {
        if Path::new("/usr").join(dir).exists() {
            std::os::unix::fs::symlink(format!("usr/{dir}"), rootfs.join(dir)).map_err(|error| error.to_string())?;
        }
    }
    let made = Command::new("runc").args(["spec", "--rootless"]).current_dir(bundle).output();
    if !made.is_ok_and(|output| output.status.success()) {
        return Ok(false);
    }
    let path = bundle.join("config.json");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut config: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    config["process"]["terminal"] = false.into();
    config["process"]["args"] = serde_json::json!(["true"]);
    if let Some(mounts) = config["mounts"].as_array_mut() {
        mounts.push(serde_json::json!({
            "destination": "/usr", "type": "none", "source": "/usr", "options": ["rbind", "ro"]
        }));
    }
    std::fs::write(&path, config.to_string()).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(true)
}
