//! `machine gc --install-timer` and `--remove-timer`, with programs in place of the system's that write down what they are asked.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Home, Said, finish, program};

const SYSTEMCTL: &str = "#!/bin/sh\necho \"systemctl $*\" >> \"$HOME/asked\"\ntest \"$2\" != \"$FAILS\"\n";
const CRONTAB: &str = "#!/bin/sh\necho \"crontab $*\" >> \"$HOME/asked\"\ncase $1 in\n-l) test -e \"$HOME/crontab\" || { echo 'no crontab \
                       for me' >&2; exit 1; }; exec /bin/cat \"$HOME/crontab\";;\n-) exec /bin/cat > \"$HOME/crontab\";;\nesac\n";

/// A home with these programs, and no others.
struct Desk {
    home: Home,
    fails: &'static str,
}

impl Desk {
    fn with(programs: &[(&str, &str)]) -> Self {
        let home = Home::new();
        let bin = home.path().join("bin");
        fs::create_dir(&bin).unwrap();
        for (name, text) in programs {
            fs::write(bin.join(name), text).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { home, fails: "" }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.home.command(args);
        command.env("PATH", self.home.path().join("bin")).env("FAILS", self.fails);
        command
    }

    fn machine(&self, args: &[&str]) -> Said {
        finish(self.command(args), b"")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join("home").join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// What the programs were asked since this was asked last.
    fn asked(&self) -> Vec<String> {
        let asked = self.read("asked").lines().map(str::to_owned).collect();
        drop(fs::remove_file(self.file("asked")));
        asked
    }

    fn sweep_in_doctor(&self) -> String {
        let said = self.machine(&["doctor"]).out();
        said.lines().find(|line| line.starts_with("sweep ")).unwrap().to_owned()
    }
}

const TIMER: &str = ".config/systemd/user/machine-gc.timer";
const SERVICE: &str = ".config/systemd/user/machine-gc.service";

#[test]
fn systemd_is_preferred() {
    let desk = Desk::with(&[("systemctl", SYSTEMCTL), ("crontab", CRONTAB)]);
    assert!(desk.sweep_in_doctor().contains("not scheduled"));
    let said = desk.machine(&["gc", "--install-timer", "--dry-run"]).expect(0).out();
    assert!(said.contains("would write") && said.contains("OnCalendar=") && !desk.file(TIMER).exists(), "{said}");
    desk.asked();

    fs::write(desk.home.path().join("c.yml"), "provider: local\nlocal: {}\n").unwrap();
    let install = ["gc", "--install-timer", "--all-owners", "--expired", "--config-file", "c.yml"];
    let said = desk.machine(&install).expect(0);
    assert!(said.out().starts_with("A sweep is scheduled: every ten minutes, by "), "{said:?}");
    assert!(said.stderr.contains("loginctl enable-linger") && !said.stderr.contains("warning"), "{}", said.stderr);
    let wanted = ["show-environment", "daemon-reload", "enable --now machine-gc.timer"];
    assert_eq!(desk.asked(), wanted.map(|what| format!("systemctl --user {what}")));
    let (service, timer) = (desk.read(SERVICE), desk.read(TIMER));
    let config = desk.home.path().join("c.yml");
    let line = format!(
        "ExecStart=\"{}\" \"--quiet\" \"--config-file\" \"{}\" \"gc\" \"--all-owners\" \"--expired\"",
        program().display(),
        config.display()
    );
    assert!(service.lines().any(|found| found == line), "{line}: {service}");
    assert!(
        service.contains(&format!("Environment=\"MACHINE_STATE_DIR={}\"", desk.home.state().display())),
        "{service}"
    );
    assert!(timer.contains("WantedBy=timers.target"), "{timer}");

    desk.machine(&install).expect(0);
    assert_eq!((desk.read(SERVICE), desk.read(TIMER)), (service, timer), "twice is once");
    assert!(desk.sweep_in_doctor().contains("machine-gc.timer"));
    desk.asked();
    let said = desk.machine(&["gc", "--remove-timer", "--dry-run"]).expect(0).out();
    assert!(said.starts_with("would be removed: ") && desk.file(TIMER).exists(), "{said}");
    desk.asked();
    assert!(desk.machine(&["gc", "--remove-timer"]).expect(0).out().starts_with("removed: "));
    assert!(!desk.file(TIMER).exists() && !desk.file(SERVICE).exists());
    let wanted = ["show-environment", "disable --now machine-gc.timer", "daemon-reload"];
    assert_eq!(desk.asked()[..3], wanted.map(|what| format!("systemctl --user {what}")));
    assert!(desk.machine(&["gc", "--remove-timer"]).expect(0).stderr.contains("no timer of ours"));
}

#[test]
fn a_timer_that_cannot_be_enabled_is_not_left_behind() {
    let desk = Desk { fails: "enable", ..Desk::with(&[("systemctl", SYSTEMCTL)]) };
    let said = desk.machine(&["gc", "--install-timer"]).expect(1);
    assert!(said.stderr.contains("`systemctl --user enable --now machine-gc.timer` failed"), "{}", said.stderr);
    assert!(!desk.file(TIMER).exists() && !desk.file(SERVICE).exists());
}

#[test]
fn without_systemd_it_is_a_line_for_cron() {
    let desk = Desk { fails: "show-environment", ..Desk::with(&[("systemctl", SYSTEMCTL), ("crontab", CRONTAB)]) };
    fs::write(desk.file("crontab"), "MAILTO=me\n0 4 * * * backup\n").unwrap();
    for _ in 0..2 {
        let said = desk.machine(&["gc", "--install-timer"]).expect(0).out();
        assert_eq!(said, "A sweep is scheduled: every ten minutes, by a line in the crontab.\n");
        let crontab = desk.read("crontab");
        let (others, ours) = crontab.rsplit_once("backup\n").unwrap();
        assert_eq!(others, "MAILTO=me\n0 4 * * * ");
        let state = desk.home.state();
        let line = format!("*/10 * * * * MACHINE_STATE_DIR={} {} --quiet gc # ", state.display(), program().display());
        assert!(ours.starts_with(&line) && ours.lines().count() == 1, "{ours}");
    }
    let asked = desk.asked();
    assert_eq!(
        asked.iter().filter(|line| *line == "crontab -").count(),
        1,
        "what is there is not written again: {asked:?}"
    );
    assert!(desk.sweep_in_doctor().contains("crontab"));
    desk.machine(&["gc", "--remove-timer"]).expect(0);
    assert_eq!(desk.read("crontab"), "MAILTO=me\n0 4 * * * backup\n");

    fs::remove_file(desk.file("crontab")).unwrap();
    desk.machine(&["gc", "--install-timer"]).expect(0);
    assert_eq!(desk.read("crontab").lines().count(), 1, "the first line of a new crontab");
    desk.machine(&["gc", "--remove-timer"]).expect(0);
}

#[test]
fn without_either_the_line_is_said() {
    let desk = Desk::with(&[]);
    let said = desk.machine(&["gc", "--install-timer"]).expect(2).stderr;
    assert!(said.contains("hint: ") && said.contains("*/10 * * * * MACHINE_STATE_DIR="), "{said}");
}

#[test]
fn what_the_timer_does_not_see_is_told_and_no_token_is_written() {
    let desk = Desk::with(&[("systemctl", SYSTEMCTL)]);
    fs::write(desk.home.path().join("c.yml"), "vultr: {api-key: '${MY_KEY}'}\ndigitalocean: {access-token: hunter2}\n")
        .unwrap();
    let mut command = desk.command(&["gc", "--install-timer", "--config-file", "c.yml"]);
    command.env("FLY_API_TOKEN", "hunter3").env("MY_KEY", "hunter4");
    let said = finish(command, b"").expect(0).stderr;
    for part in
        ["does not see FLY_API_TOKEN, from which `fly` has its `access-token`", "does not see MY_KEY", "chmod 600"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(said.contains("c.yml has a token in it and can be read by others"), "{said}");
    let written = desk.read(SERVICE) + &desk.read(TIMER) + &said;
    assert!(!written.contains("hunter"), "{written}");
    desk.machine(&["gc", "--remove-timer"]).expect(0);
}
