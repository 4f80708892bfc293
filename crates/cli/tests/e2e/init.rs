//! `machine init`: from nothing to an account that works, and never at the cost of what is there.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::playing::Playing;
use crate::support::{Home, Said, end_of, finish};
use crate::terminal::Terminal;

fn file(home: &Home) -> PathBuf {
    home.path().join("home/.config/machine/config.yml")
}

/// `machine init` for the simulated DigitalOcean, with this token on standard input.
fn init(home: &Home, cloud: &Playing, args: &[&str], token: &str) -> Said {
    let mut command = home.command(["init", "--provider", "digitalocean"].iter().chain(args));
    command.env("DIGITALOCEAN_API_URL", cloud.variable("DIGITALOCEAN_API_URL")).stdin(std::process::Stdio::piped());
    finish(command, token.as_bytes())
}

fn leftovers(home: &Home) -> usize {
    fs::read_dir(file(home).parent().unwrap()).map_or(0, Iterator::count)
}

#[test]
fn a_token_is_tried_and_written_for_nobody_else_to_read() {
    let home = Home::new();
    let cloud = Playing::begin(&home, "digitalocean", &["--no-machines"]);
    let said = init(&home, &cloud, &["--token-stdin"], "let-me-in\n").expect(0);
    assert!(said.stderr.contains("The token is accepted"), "{said:?}");
    assert!(said.out().ends_with("Next: machine create web-1\n"), "{said:?}");
    assert!(!said.out().contains("let-me-in") && !said.stderr.contains("let-me-in"), "{said:?}");
    assert_eq!(fs::read_to_string(file(&home)).unwrap(), "digitalocean:\n  access-token: \"let-me-in\"\n");
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(file(&home)), mode(file(&home).parent().unwrap().to_owned())), (0o600, 0o700));
    assert_eq!(leftovers(&home), 1);

    // What is there is not touched without a yes, and keeps its comments with one.
    let said = init(&home, &cloud, &["--token-stdin"], "other").expect(5);
    assert!(said.stderr.contains("--yes"), "{said:?}");
    let text = "# mine\ndigitalocean: # work\n  region: nyc3 # near\n  access-token: old\nlocal: {}\n";
    fs::write(file(&home), text).unwrap();
    init(&home, &cloud, &["--token-stdin", "--yes"], "let-me-in").expect(0);
    let now = fs::read_to_string(file(&home)).unwrap();
    assert_eq!(now, text.replace("access-token: old", "access-token: \"let-me-in\""));
    assert_eq!(mode(file(&home)), 0o600, "also where others could read it before");
    cloud.end();
}

#[test]
fn another_account_does_not_change_which_is_used() {
    let home = Home::new();
    let cloud = Playing::begin(&home, "digitalocean", &["--no-machines"]);
    fs::create_dir_all(file(&home).parent().unwrap()).unwrap();
    fs::write(file(&home), "local:\n  isolation: auto\n").unwrap();
    let said = init(&home, &cloud, &["--token-stdin", "--section", "work"], "let-me-in").expect(0);
    assert!(said.out().ends_with("Next: machine create --provider work web-1\n"), "{said:?}");
    let now = fs::read_to_string(file(&home)).unwrap();
    let added = "\nwork:\n  kind: digitalocean\n  access-token: \"let-me-in\"\n";
    assert_eq!(now, format!("provider: local\nlocal:\n  isolation: auto\n{added}"));
    home.machine(["list"]).expect(0);
    cloud.end();
}

#[test]
fn what_cannot_be_right_leaves_everything_as_it_was() {
    let home = Home::new();
    let cloud = Playing::begin(&home, "digitalocean", &["--no-machines"]);
    let said = init(&home, &cloud, &["--token-stdin"], "a\"b").expect(2);
    assert!(!said.stderr.contains("a\"b"), "{said:?}");
    init(&home, &cloud, &["--token-stdin"], "").expect(2);
    init(&home, &cloud, &["--token-env", "NO_SUCH_TOKEN"], "").expect(4);
    init(&home, &cloud, &["--token-stdin", "--section", "a b"], "x").expect(2);
    let said = init(&home, &cloud, &[], "").expect(2);
    for way in ["--token-stdin", "--token-env", "config.yml", "access-token"] {
        assert!(said.stderr.contains(way), "{way}: {said:?}");
    }
    let said = home.machine(["init"]).expect(2);
    assert!(said.stderr.contains("--provider (local, fly, digitalocean, vultr)"), "{said:?}");
    assert!(home.machine(["init", "--provider", "digitlocean"]).expect(2).stderr.contains("did you mean"));
    assert_eq!(leftovers(&home), 0);

    fs::create_dir_all(file(&home).parent().unwrap()).unwrap();
    fs::write(file(&home), "digitalocean: {region: nyc3}\n").unwrap();
    init(&home, &cloud, &["--token-stdin", "--yes"], "let-me-in").expect(2);
    assert_eq!(fs::read_to_string(file(&home)).unwrap(), "digitalocean: {region: nyc3}\n");
    assert_eq!(leftovers(&home), 1);
    cloud.end();
}

#[test]
fn a_refused_token_is_not_written_and_an_unreachable_cloud_is_no_reason_not_to() {
    let home = Home::new();
    let cloud = Playing::begin(&home, "digitalocean", &["--no-machines"]);
    let said = init(&home, &cloud, &["--token-stdin"], "bad-token").expect(4);
    assert!(said.stderr.contains("left as it was") && leftovers(&home) == 0, "{said:?}");
    cloud.end();
    let mut command = home.command(["init", "--provider", "vultr", "--token-env"]);
    command.env("VULTR_API_KEY", "secret").env("VULTR_API_URL", "http://127.0.0.1:1");
    let said = finish(command, b"").expect(0);
    assert!(said.stderr.contains("machine check"), "{said:?}");
    assert_eq!(fs::read_to_string(file(&home)).unwrap(), "vultr:\n  api-key: \"${VULTR_API_KEY}\"\n");
}

#[test]
fn a_person_is_asked_and_the_token_is_not_shown() {
    let home = Home::new();
    let cloud = Playing::begin(&home, "digitalocean", &["--no-machines"]);
    let terminal = Terminal::open(100, 30);
    let mut command: Command = terminal.command(&home, &["init"]);
    command.env("DIGITALOCEAN_API_URL", cloud.variable("DIGITALOCEAN_API_URL"));
    let child = command.spawn().unwrap();
    terminal.wait_for("Number or name:");
    terminal.type_in("3\r");
    terminal.wait_for("it is not shown");
    crate::support::eventually("the terminal to be silent", || terminal.is_raw());
    terminal.type_in("let-me-im\u{7f}n\r");
    terminal.wait_for("Next: machine create web-1");
    end_of(child).expect(0);
    assert!(!terminal.is_raw(), "the terminal is given back as it was");
    let screen = terminal.screen.lock().unwrap().clone();
    assert!(!screen.contains("let-me"), "{screen}");
    assert!(fs::read_to_string(file(&home)).unwrap().contains("\"let-me-in\""));

    let child = terminal.command(&home, &["init", "--provider", "vultr"]).spawn().unwrap();
    terminal.wait_for("Vultr (it is not shown)");
    crate::support::eventually("the terminal to be silent", || terminal.is_raw());
    terminal.type_in("sec\u{3}");
    end_of(child).expect(130);
    assert!(!terminal.is_raw());
    cloud.end();
}

#[test]
fn this_computer_needs_nothing() {
    let home = Home::new();
    let said = home.machine(["init", "--provider", "local"]).expect(0);
    assert!(said.out().contains("needs no token") && said.out().ends_with("Next: machine create web-1\n"), "{said:?}");
    assert_eq!(leftovers(&home), 0);
}
