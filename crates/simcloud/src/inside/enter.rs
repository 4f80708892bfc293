//! Becoming another program in the name of a user: what is done between the fork and the program.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use rustix::process::{Gid, Uid, ioctl_tiocsctty, setsid};

use crate::inside::ENTER;
use crate::inside::accounts::{User, groups_of};

/// What a shell says of a program that it cannot become.
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// The arguments that make this program become another.
pub(super) fn arguments(user: &User, terminal: bool, name: &str, program: &[&str]) -> Vec<String> {
    let groups: Vec<String> = groups_of(user).iter().map(u32::to_string).collect();
    let terminal = if terminal { "terminal" } else { "pipes" };
    let home = user.home.to_string_lossy().into_owned();
    let fixed = [ENTER, &user.uid.to_string(), &user.gid.to_string(), &groups.join(","), &home, terminal, name];
    fixed.iter().chain(program).map(|&word| word.to_owned()).collect()
}

/// Becomes the program that the arguments name.
pub(super) fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = arguments.collect();
    let text = |word: &OsString| word.to_str().map(str::to_owned).unwrap_or_default();
    let [uid, gid, groups, home, terminal, name, program, rest @ ..] = &words[..] else {
        return fail("it was not told what to become", NOT_EXECUTABLE);
    };
    let (Ok(uid), Ok(gid)) = (text(uid).parse(), text(gid).parse()) else {
        return fail("it was not told who to be", NOT_EXECUTABLE);
    };
    let groups: Vec<u32> = text(groups).split(',').filter_map(|group| group.parse().ok()).collect();
    if let Err(error) = prepare(uid, gid, &groups, terminal == "terminal") {
        return fail(&format!("cannot become user {uid}: {error}"), NOT_EXECUTABLE);
    }
    if std::env::set_current_dir(home).is_err() {
        // As sshd does it: whoever has no home starts at the top.
        let _ = std::env::set_current_dir("/");
    }
    let error = Command::new(program).arg0(name).args(rest).exec();
    let code = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE };
    fail(&format!("{}: {error}", program.display()), code)
}

/// A session of its own, the terminal that controls it, and the user's ids.
fn prepare(uid: u32, gid: u32, groups: &[u32], terminal: bool) -> io::Result<()> {
    setsid()?;
    if terminal {
        ioctl_tiocsctty(io::stdin())?;
    }
    if uid == 0 {
        return Ok(());
    }
    let mut all = vec![Gid::from_raw(gid)];
    all.extend(groups.iter().copied().map(Gid::from_raw));
    // This process has one thread, whose ids are those of the process.
    match rustix::thread::set_thread_groups(&all) {
        // Without ids of its own to give away, the kernel lets a machine change no groups.
        Err(rustix::io::Errno::PERM) => {}
        done => done?,
    }
    rustix::thread::set_thread_gid(Gid::from_raw(gid))?;
    Ok(rustix::thread::set_thread_uid(Uid::from_raw(uid))?)
}

fn fail(what: &str, code: u8) -> ExitCode {
    use std::io::Write as _;
    // Where even this fails there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{what}");
    ExitCode::from(code)
}
