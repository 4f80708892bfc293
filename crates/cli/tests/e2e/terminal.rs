//! `-it`: a real terminal, given back as it was.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::support::{Home, PATIENCE, end_of, eventually, signal};

/// A terminal, and what was shown on it.
pub(crate) struct Terminal {
    keyboard: File,
    pub(crate) screen: Arc<Mutex<String>>,
    inside: File,
}

impl Terminal {
    pub(crate) fn open(columns: u16, rows: u16) -> Self {
        let outside = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&outside).unwrap();
        unlockpt(&outside).unwrap();
        let path = ptsname(&outside, Vec::new()).unwrap().into_string().unwrap();
        let inside = OpenOptions::new().read(true).write(true).open(path).unwrap();
        let keyboard = File::from(outside);
        let (screen, mut reader) = (Arc::new(Mutex::new(String::new())), keyboard.try_clone().unwrap());
        let seen = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut bytes) {
                seen.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..length]));
            }
        });
        let terminal = Self { keyboard, screen, inside };
        terminal.resize(columns, rows);
        terminal
    }

    fn resize(&self, columns: u16, rows: u16) {
        tcsetwinsize(&self.inside, Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    }

    fn spawn(&self, home: &Home, args: &[&str]) -> Child {
        self.command(home, args).spawn().unwrap()
    }

    /// `machine` with these arguments at this terminal, about to be started.
    pub(crate) fn command(&self, home: &Home, args: &[&str]) -> Command {
        let end = || Stdio::from(self.inside.try_clone().unwrap());
        let mut command = home.command(args);
        command.stdin(end()).stdout(end()).stderr(end());
        command
    }

    pub(crate) fn type_in(&self, keys: &str) {
        (&self.keyboard).write_all(keys.as_bytes()).unwrap();
    }

    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        let started = std::time::Instant::now();
        while !self.screen.lock().unwrap().contains(text) {
            assert!(started.elapsed() < PATIENCE, "{text:?} never came: {:?}", self.screen.lock().unwrap());
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    pub(crate) fn is_raw(&self) -> bool {
        !tcgetattr(&self.inside).unwrap().local_modes.contains(LocalModes::ICANON)
    }
}

#[test]
fn a_shell_on_a_new_machine() {
    let home = Home::new();
    let terminal = Terminal::open(91, 33);
    let child = terminal.spawn(&home, &["run", "-it", "--", "sh"]);
    eventually("the terminal to be raw", || terminal.is_raw());
    terminal.type_in("test -t 0 && test -t 1 && echo is-a-$((1+0))-terminal; stty size\r");
    terminal.wait_for("is-a-1-terminal");
    terminal.wait_for("33 91");
    terminal.resize(100, 40);
    signal(&child, Signal::WINCH);
    terminal.type_in("sleep 0.3; stty size\r");
    terminal.wait_for("40 100");
    // Ctrl-C goes to the job, not to us.
    terminal.type_in("sleep 100\r");
    std::thread::sleep(std::time::Duration::from_millis(300));
    terminal.type_in("\u{3}");
    terminal.type_in("exit $((40+2))\r");
    end_of(child).expect(42);
    assert!(!terminal.is_raw(), "the terminal is given back as it was");
    home.assert_clean();
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let home = Home::new();
    let terminal = Terminal::open(80, 24);
    for (number, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let child = terminal.spawn(&home, &["run", "-it", "--", "sh", "-c", "echo up; exec sleep 60"]);
        eventually("the terminal to be raw", || terminal.is_raw());
        signal(&child, number);
        end_of(child).expect(code);
        assert!(!terminal.is_raw());
    }
    home.assert_clean();
}

#[test]
fn exec_with_a_terminal() {
    let home = Home::new();
    home.machine(["create", "box-1"]).expect(0);
    let terminal = Terminal::open(77, 22);
    let child = terminal.spawn(&home, &["exec", "-it", "box-1", "--", "sh"]);
    eventually("the terminal to be raw", || terminal.is_raw());
    terminal.type_in("stty size; exit 5\r");
    terminal.wait_for("22 77");
    end_of(child).expect(5);
    assert!(!terminal.is_raw());
    home.machine(["destroy", "-y", "box-1"]).expect(0);
    home.assert_clean();
}

#[test]
fn a_person_is_asked_before_anything_is_destroyed() {
    let home = Home::new();
    home.machine(["create", "web-1"]).expect(0);
    let terminal = Terminal::open(80, 24);
    let child = terminal.spawn(&home, &["destroy", "web-1"]);
    terminal.wait_for("Type YES");
    terminal.type_in("yes\r");
    assert_ne!(end_of(child).code, 0);
    assert_eq!(home.names(), ["web-1"]);
    let child = terminal.spawn(&home, &["destroy", "web-1"]);
    eventually("the second question", || terminal.screen.lock().unwrap().matches("Type YES").count() == 2);
    terminal.type_in("YES\r");
    end_of(child).expect(0);
    home.assert_clean();
}

#[test]
fn a_table_is_for_a_person() {
    let home = Home::new();
    let terminal = Terminal::open(80, 24);
    end_of(terminal.spawn(&home, &["list"])).expect(0);
    terminal.wait_for("There are no machines");
    home.machine(["create", "web-1"]).expect(0);
    end_of(terminal.spawn(&home, &["list"])).expect(0);
    terminal.wait_for("NAME");
    home.machine(["destroy", "-y", "web-1"]).expect(0);
    home.assert_clean();
}
