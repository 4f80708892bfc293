//! What a person sees while something takes its time.

use crate::support::{Home, end_of};
use crate::terminal::Terminal;

/// What takes drawn lines off a terminal again.
const ONE_UP: &str = "\u{1b}[1A\r\u{1b}[J";

/// A command that only `kill -9` ends.
const STUBBORN: &str = "trap '' TERM; while :; do sleep 0.05; done";

#[test]
fn whoever_watches_sees_what_is_waited_for() {
    let home = Home::new();
    home.machine(["create", "mule-1", "--", "sh", "-c", STUBBORN]).expect(0);
    let terminal = Terminal::open(80, 24);
    let mut command = terminal.command(&home, &["stop", "--grace", "1s", "mule-1"]);
    end_of(command.env("TERM", "xterm").spawn().unwrap()).expect(0);
    terminal.wait_for("mule-1: stopped");
    let screen = terminal.screen.lock().unwrap().clone();
    assert!(screen.contains("mule-1   stopping   0s\r\n"), "{screen:?}");
    // The line is gone before the last word is said.
    assert!(screen.rfind(ONE_UP) < screen.find("mule-1: stopped"), "{screen:?}");
    assert!(screen.matches("stopping").count() <= screen.matches(ONE_UP).count(), "{screen:?}");

    // Nothing of it where nobody watches, or wants to.
    home.machine(["start", "mule-1"]).expect(0);
    let quiet = Terminal::open(80, 24);
    let mut command = quiet.command(&home, &["--quiet", "stop", "--grace", "1s", "mule-1"]);
    end_of(command.env("TERM", "xterm").spawn().unwrap()).expect(0);
    assert_eq!(quiet.screen.lock().unwrap().as_str(), "");
    home.machine(["start", "mule-1"]).expect(0);
    let said = home.machine(["stop", "--grace", "1s", "mule-1"]).expect(0);
    assert_eq!(said.stderr, "");
    home.machine(["destroy", "-y", "mule-1"]).expect(0);
    home.assert_clean();
}

#[test]
fn many_are_one_line() {
    let home = Home::new();
    let names: Vec<String> = (0..11).map(|number| format!("box-{number}")).collect();
    home.machine(["create", "box-0", "--", "sh", "-c", STUBBORN]).expect(0);
    for name in &names[1..] {
        home.machine(["create", name]).expect(0);
    }
    let terminal = Terminal::open(80, 24);
    let args: Vec<&str> = ["stop", "--grace", "1s"].into_iter().chain(names.iter().map(String::as_str)).collect();
    end_of(terminal.command(&home, &args).env("TERM", "xterm").spawn().unwrap()).expect(0);
    terminal.wait_for("box-10: stopped");
    let screen = terminal.screen.lock().unwrap().clone();
    assert!(screen.contains("11 machines: 1 stopping, 10 waiting   0s\r\n"), "{screen:?}");
    home.machine(["destroy", "-y"].into_iter().chain(names.iter().map(String::as_str))).expect(0);
    home.assert_clean();
}
