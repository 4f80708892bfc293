//! The file system inside.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use crate::common::Case;
use crate::common::machine::Machine;

pub(crate) const CASES: &[Case] = &[
    ("only_what_is_the_machines_can_be_written", only_what_is_the_machines_can_be_written),
    ("the_computers_home_is_hidden", the_computers_home_is_hidden),
    ("devices_work", devices_work),
    ("toolchains_are_overlays", toolchains_are_overlays),
    ("toolchains_can_be_read_only", toolchains_can_be_read_only),
    ("mounts_and_volumes_show", mounts_and_volumes_show),
    ("links_in_the_home_lead_nowhere_outside", links_in_the_home_lead_nowhere_outside),
    ("the_helper_program_shows", the_helper_program_shows),
    ("a_file_replaces_what_is_there", a_file_replaces_what_is_there),
    ("a_guest_can_nest", a_guest_can_nest),
    ("a_home_that_is_the_root_is_left_alone", a_home_that_is_the_root_is_left_alone),
    ("what_other_ids_own_can_be_reclaimed", what_other_ids_own_can_be_reclaimed),
];

fn only_what_is_the_machines_can_be_written() {
    let machine = Machine::sh(
        "for place in / /usr /etc /dev /bin /proc/sys/kernel /sys /run/machine/guest; do
             touch $place/x 2>/dev/null && echo \"$place can be written\"
         done
         echo 1 > /proc/sys/kernel/panic_on_oops 2>/dev/null && echo 'the kernel can be changed'
         echo h > /proc/sysrq-trigger 2>/dev/null && echo 'the kernel can be asked'
         for place in \"$HOME\" /work /var /var/tmp /srv /tmp /run /dev/shm; do touch \"$place/x\" || echo \"$place cannot be written\"; done
         mount -o remount,rw /usr 2>/dev/null && echo 'a lock is open'
         exit 0",
    );
    let out = machine.finish();
    // Real root has the id that owns the mount namespace; what is locked is what is shown from outside.
    assert_eq!(out.replace("a lock is open\n", ""), "", "{}", String::from_utf8_lossy(&machine.output(b'e')));
}

fn the_computers_home_is_hidden() {
    let machine = Machine::sh(
        "ls -A \"$HOME\"; ls -A \"$HOME/..\"; hostname; cat /etc/hostname; getent hosts testling | wc -l; getent passwd root user | cut -d: -f1,3,6; tail -n 1 /etc/passwd | cut -d: -f1",
    );
    fs::write(machine.home.join("private"), "private").unwrap();
    let home = machine.home.display();
    assert_eq!(
        machine.finish(),
        format!("home of the user\ntestling\ntestling\n1\nroot:0:{home}\nuser:1000:{home}\nnobody\n")
    );
}

fn devices_work() {
    let machine = Machine::sh(
        "set -e; echo x > /dev/null; head -c 3 /dev/zero | od -An -tx1; head -c 8 /dev/urandom | wc -c
         echo x > /dev/full 2>/dev/null || echo full; echo fd > /dev/stdout; test -e /dev/ptmx; test -d /dev/shm
         ls /proc/1/comm >/dev/null; cat /proc/1/comm",
    );
    assert_eq!(machine.finish(), " 00 00 00\n8\nfull\nfd\nmachine-init\n");
}

/// A toolchain below the machine's home, with credentials of two kinds.
fn with_toolchain(script: &str, writable: bool) -> Machine {
    let mut machine = Machine::sh(script);
    let tool = machine.home.join(".tool");
    for directory in ["bin", "keys"] {
        fs::create_dir_all(tool.join(directory)).unwrap();
    }
    fs::write(tool.join("bin/tool"), "tool").unwrap();
    fs::write(tool.join("keys/private"), "private").unwrap();
    fs::write(tool.join("credentials"), "private").unwrap();
    machine.spec()["toolchains"] =
        json!([{"path": tool, "writable": writable, "hidden": ["keys", "credentials", "not-there", "no/such"]}]);
    machine
}

fn toolchains_are_overlays() {
    let script =
        "cd \"$HOME/.tool\"; cat bin/tool; cat cache 2>/dev/null; ls -A . keys 2>/dev/null; cat credentials 2>/dev/null
                  echo more >> bin/tool; echo cached > cache; echo mine > credentials; exit 0";
    let mut machine = with_toolchain(script, true);
    machine.finish();
    let notes = machine.notes();
    if notes.contains("overlay") {
        // A file system that cannot carry one.
        return;
    }
    assert_eq!(notes, "[]");
    assert_eq!(machine.stdout(), "toolbin\n".replace("toolbin", "tool.:\nbin"));
    assert_eq!(
        fs::read_to_string(machine.home.join(".tool/bin/tool")).unwrap(),
        "tool",
        "the computer's own is untouched"
    );
    assert!(!machine.home.join(".tool/cache").exists());

    machine.order["generation"] = json!(2);
    machine.run().wait();
    let second = machine.stdout().split_off("tool.:\nbin\n".len());
    assert_eq!(second, "toolmore\ncached\n.:\nbin\ncache\ncredentials\nmine\n", "it has kept its changes");
}

fn toolchains_can_be_read_only() {
    let script =
        "cd \"$HOME/.tool\"; cat bin/tool; echo; ls -A keys; cat credentials; touch x 2>/dev/null || echo read-only";
    let machine = with_toolchain(script, false);
    assert_eq!(machine.finish(), "tool\nread-only\n");

    let mut machine = Machine::sh("echo runs");
    let gone = machine.home.join("gone");
    machine.spec()["toolchains"] = json!([{"path": gone, "writable": true, "hidden": []}]);
    assert_eq!(machine.finish(), "runs\n");
    assert!(machine.notes().contains("does not exist any more"), "{}", machine.notes());
}

fn mounts_and_volumes_show() {
    let mut machine = Machine::sh(
        "cat /data/file /data/inner/file /data/single; echo changed > /data/file; touch /data/inner/x 2>/dev/null || echo read-only",
    );
    let outside = machine.temp.path().join("outside, with: strange\\ name");
    for directory in ["volume/inner", "mount"] {
        fs::create_dir_all(outside.join(directory)).unwrap();
    }
    fs::write(outside.join("volume/file"), "volume\n").unwrap();
    fs::write(outside.join("mount/file"), "mount\n").unwrap();
    fs::write(outside.join("single"), "single\n").unwrap();
    machine.spec()["mounts"] = json!([
        {"source": outside.join("mount"), "target": "/data/inner", "writable": false},
        {"source": outside.join("single"), "target": "/data/single", "writable": false},
    ]);
    machine.order["volumes"] = json!([{"source": outside.join("volume"), "target": "/data"}]);
    assert_eq!(machine.finish(), "volume\nmount\nsingle\nread-only\n");
    assert_eq!(fs::read_to_string(outside.join("volume/file")).unwrap(), "changed\n");
}

fn links_in_the_home_lead_nowhere_outside() {
    let mut machine = Machine::sh("cat /outside/secret");
    let outside = machine.temp.path().join("outside");
    fs::create_dir(&outside).unwrap();
    // What the machine may have left behind at an earlier start.
    let home = machine.dir.join("rw/home");
    fs::create_dir(&home).unwrap();
    symlink(&outside, home.join("link")).unwrap();
    symlink(outside.join("file"), home.join("file")).unwrap();
    let (in_link, file) = (machine.home.join("link/new/file"), machine.home.join("file"));
    machine.order["files"] = json!([
        {"path": in_link, "contents": "written", "mode": 0o600},
        {"path": file, "contents": "written", "mode": 0o600},
    ]);
    // Inside, the links lead to places that do not exist there: that is an error or a file inside, never one outside.
    machine.start();
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

fn the_helper_program_shows() {
    let machine = Machine::sh("cmp /run/machine/guest \"$1\"; test -x /run/machine/guest && echo same");
    let out = machine.finish();
    assert_eq!(out, "same\n");
}

fn a_file_replaces_what_is_there() {
    let mut machine = Machine::sh("cat /etc/motd /tmp/a/b/c");
    machine.order["files"] = json!([
        {"path": "/etc/motd", "contents": "one\n", "mode": 0o644},
        {"path": "/tmp/a/b/c", "contents": "two\n", "mode": 0o644},
        {"path": "/etc/motd", "contents": "three\n", "mode": 0o644},
    ]);
    assert_eq!(machine.finish(), "three\ntwo\n");
    for path in ["/", "relative", "/a/.."] {
        let mut machine = Machine::sh("true");
        machine.order["files"] = json!([{"path": path, "contents": "", "mode": 0o644}]);
        assert_eq!(machine.refused()["stage"], "filesystem", "{path}");
    }
}

/// What the guest does for a job: namespaces in the machine's own user namespace, with a fresh `/proc`.
fn a_guest_can_nest() {
    let machine = Machine::sh(
        "unshare --pid --mount --ipc --fork sh -c 'mount -t proc proc /proc && echo $$ && ls -d /proc/[0-9]* | wc -l'
         unshare --user --map-root-user sh -c 'id -u'",
    );
    let out = machine.finish();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!((lines[0], lines.last()), ("1", Some(&"0")), "{out}");
    assert!(lines[1].parse::<u32>().unwrap() <= 4, "{out}");
}

fn a_home_that_is_the_root_is_left_alone() {
    let mut machine = Machine::sh("pwd; ls -d /usr /work");
    machine.spec()["home"] = json!("/");
    assert_eq!(machine.finish(), "/\n/usr\n/work\n");
}

/// Where `newuidmap` is installed, an ordinary user's machine makes files that he may not delete himself.
fn what_other_ids_own_can_be_reclaimed() {
    let machine = Machine::sh(
        "mkdir /work/theirs && touch /work/theirs/file && chown -R 1000:1000 /work/theirs && chmod 700 /work/theirs",
    );
    if machine.run().wait()["code"] != 0 || rustix::process::geteuid().is_root() {
        // There are no other ids; or root may delete them anyway.
        return;
    }
    assert!(fs::remove_dir_all(machine.dir.join("rw/work")).is_err());
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["__chore", "remove", "rw"])
        .current_dir(&machine.dir)
        .status()
        .unwrap();
    assert!(status.success() && !machine.dir.join("rw").exists());
}
