//! Development tasks: `cargo xtask ci|advisories|test-as-user|bench|kill-matrix|mutants|gen-reference|dist|picture`.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a task talks to the person at the terminal")]
#![expect(clippy::cast_precision_loss, reason = "figures for a table and a drawing, far below 2^52")]

mod advisories;
mod bench;
mod ci;
mod dist;
mod kill_matrix;
mod mutants;
mod ordinary_user;
mod picture;
mod reference;

use std::process::ExitCode;

/// What a task returns: what went wrong, as a sentence for the person at the terminal.
type Outcome<T = ()> = Result<T, String>;

const USAGE: &str = "\
usage: cargo xtask TASK

  ci             everything that a change must pass; what `.ci/run` does
  advisories     what is known against our dependencies, where the database can be reached
  test-as-user   the tests as an ordinary user, when run by root
  bench local    how fast and how small machines on this computer are, against bwrap and runc where installed
  bench list     what listing 1,000 and 10,000 droplets takes, at a simulated DigitalOcean
  kill-matrix    no machine is leaked, wherever the program is killed and whatever else goes wrong; `--sample` for some of it,
                 `--pairs` for two faults at a time, and the name of a cloud for that one alone
  mutants        deliberate mistakes in what keeps machines from being leaked, and which test catches each; all, or those
                 whose names contain a given word
  gen-reference  docs/reference/, from what the program says of itself
  dist           what is handed out, in target/dist/: the program, completions, manual, licences, checksum; `--debug` packs the
                 program as tests build it
  picture        docs/picture.svg, from a real terminal (needs tmux)
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args.as_slice() {
        ["ci"] => ci::run(),
        ["advisories"] => advisories::run(),
        ["test-as-user"] => ordinary_user::run(),
        ["bench", "local"] => bench::local::run(),
        ["bench", "list"] => bench::list::run(),
        ["kill-matrix", how @ ..] => kill_matrix::run(how),
        ["mutants", which @ ..] => mutants::run(which),
        ["gen-reference"] => reference::generate(),
        ["dist", how @ ..] => dist::run(how),
        ["picture"] => picture::make(),
        [bench::MEASURE, runs, command @ ..] => bench::measure(runs, command),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's root.
fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
