//! The command as a part of another program: its own arguments, environment, streams and time, and its exit code as a value.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test; with a harness of its own the lints do not see that")]

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use machine_cli::{Runner, Streams};
use machine_core::{Clock, Environment};
use tempfile::TempDir;

fn main() -> ExitCode {
    // The helper processes of local machines are this program, started again.
    if std::env::args_os().nth(1).is_some_and(|first| first.to_string_lossy().starts_with("__")) {
        return Runner::builtin().run();
    }
    let cases: [(&str, fn()); 4] = [
        ("it_takes_everything_from_its_caller", it_takes_everything_from_its_caller),
        ("input_reaches_a_job_and_its_code_comes_back", input_reaches_a_job_and_its_code_comes_back),
        ("failures_are_json_where_json_is_asked_for", failures_are_json_where_json_is_asked_for),
        ("deadlines_follow_the_clock_that_it_is_given", deadlines_follow_the_clock_that_it_is_given),
    ];
    let trial = |(name, case): (&str, fn())| {
        Trial::test(name, move || {
            case();
            Ok::<(), Failed>(())
        })
    };
    libtest_mimic::run(&Arguments::from_args(), cases.into_iter().map(trial).collect()).exit_code()
}

/// A home that nobody else has.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Runs the command there, and returns its exit code and what it wrote.
    fn machine(&self, args: &[&str], input: &str, clock: Clock) -> (u8, String, String) {
        let mut environment = Environment::from_iter([("HOME", self.0.path())]);
        environment.set("PATH", "/usr/local/bin:/usr/bin:/bin");
        let [stdin, mut stdout, mut stderr] = [(); 3].map(|()| tempfile::tempfile().unwrap());
        std::io::Write::write_all(&mut &stdin, input.as_bytes()).unwrap();
        (&stdin).rewind().unwrap();
        let streams = Streams::new(stdin, stdout.try_clone().unwrap(), stderr.try_clone().unwrap());
        let code = Runner::builtin()
            .args(std::iter::once("machine").chain(args.iter().copied()))
            .environment(environment)
            .streams(streams)
            .clock(clock)
            .exit_code();
        (code, read(&mut stdout), read(&mut stderr))
    }
}

fn read(file: &mut File) -> String {
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

fn it_takes_everything_from_its_caller() {
    let home = Home::new();
    let (code, out, err) = home.machine(&["info", "-o", "json"], "", Clock::system());
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains(&home.0.path().join(".local/state/machine").display().to_string()), "{out}");
    let (code, out, err) = home.machine(&["lisst"], "", Clock::system());
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("list"), "{err}");
}

fn input_reaches_a_job_and_its_code_comes_back() {
    let home = Home::new();
    let script = "tr a-z A-Z; echo told >&2; exit 7";
    let (code, out, err) = home.machine(&["run", "--", "sh", "-c", script], "quiet\n", Clock::system());
    assert_eq!((code, out.as_str(), err.as_str()), (7, "QUIET\n", "told\n"));
    assert_eq!(home.machine(&["list"], "", Clock::system()).1, "");
}

fn deadlines_follow_the_clock_that_it_is_given() {
    let home = Home::new();
    let now = Clock::system().now();
    let (code, _, err) = home.machine(&["create", "web-1", "--ttl", "1h"], "", Clock::fixed(now));
    assert_eq!(code, 0, "{err}");
    let (_, out, _) = home.machine(&["gc"], "", Clock::fixed(now));
    assert_eq!(out, "", "its hour is not over");
    let later = now.checked_add(jiff::SignedDuration::from_hours(2)).unwrap();
    let (code, out, err) = home.machine(&["gc"], "", Clock::fixed(later));
    assert!(code == 0 && out.contains("web-1"), "{code} {out} {err}");
    assert_eq!(home.machine(&["list"], "", Clock::system()).1, "");
}

/// Each class of exit codes that can be had without a cloud, by a command that answers in JSON.
fn failures_are_json_where_json_is_asked_for() {
    let home = Home::new();
    let schema = machine_cli::reference::error_schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    std::fs::write(home.0.path().join("bad.yml"), "local: [\n").unwrap();
    let bad = home.0.path().join("bad.yml").display().to_string();
    let unreachable = "digitalocean: {access-token: x, api-url: 'http://127.0.0.1:1'}\n";
    std::fs::write(home.0.path().join("closed.yml"), unreachable).unwrap();
    let closed = home.0.path().join("closed.yml").display().to_string();
    assert_eq!(home.machine(&["create", "box"], "", Clock::system()).0, 0);
    for (args, code, each, kind) in [
        (&["list", "--nonsense", "-o", "json"][..], 2, 2, "usage"),
        (&["lisst", "--output=json"], 2, 2, "usage"),
        (&["list", "-o", "json", "--config-file", &bad], 2, 2, "config"),
        (&["list", "-o", "json", "--provider", "nimbus"], 2, 2, "config"),
        (&["status", "nobody", "-o", "json"], 3, 3, "not_found"),
        (&["status", "box", "nobody", "-o", "json"], 9, 3, "not_found"),
        (&["list", "-o", "json", "--provider", "vultr"], 4, 4, "unauthenticated"),
        (&["list", "-o", "json", "--config-file", &closed], 1, 1, "network"),
        (&["exec", "--nonsense", "-o", "json"], 125, 125, "usage"),
    ] {
        let (exit, _, err) = home.machine(args, "", Clock::system());
        let lines: Vec<&str> = err.lines().filter(|line| line.starts_with("{\"error\":")).collect();
        let [line] = lines.as_slice() else { panic!("{args:?}: not one error: {err}") };
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(validator.is_valid(&line), "{args:?}: {line}");
        assert_eq!(
            (exit, &line["error"]["code"], &line["error"]["kind"]),
            (code, &each.into(), &kind.into()),
            "{line}"
        );
        assert_eq!(line["error"]["retryable"], kind == "network", "{line}");
    }
    // Whoever did not ask for it reads sentences.
    assert!(home.machine(&["status", "nobody"], "", Clock::system()).2.starts_with("error: no machine"));
    assert_eq!(home.machine(&["destroy", "--yes", "box"], "", Clock::system()).0, 0);
}
