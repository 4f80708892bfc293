//! The users of the machine: `/etc/passwd` and `/etc/group`.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use crate::inside::disk;

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";

/// The first id of a person.
const FIRST: u32 = 1000;
/// The first id of a user that is no person.
const FIRST_OF_SYSTEM: u32 = 100;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) about: String,
    pub(super) home: PathBuf,
    pub(super) shell: String,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) gid: u32,
    pub(super) members: Vec<String>,
}

/// How a new user is to be.
#[derive(Debug, Default)]
pub(super) struct Wish {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) home: Option<PathBuf>,
    pub(super) shell: Option<String>,
    pub(super) uid: Option<u32>,
    pub(super) primary: Option<String>,
    pub(super) groups: Vec<String>,
    pub(super) system: bool,
    pub(super) no_home: bool,
}

/// Whether a name can be a user's or a group's: nothing in it means something in the files.
pub(super) fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    first && name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// All users.
pub(super) fn users() -> io::Result<Vec<User>> {
    let text = fs::read_to_string(PASSWD)?;
    Ok(text.lines().filter_map(user).collect())
}

fn user(line: &str) -> Option<User> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, about, home, shell] = fields[..] else { return None };
    let (uid, gid) = (uid.parse().ok()?, gid.parse().ok()?);
    Some(User { name: name.into(), uid, gid, about: about.into(), home: home.into(), shell: shell.into() })
}

/// The user of that name.
pub(super) fn find(name: &str) -> Option<User> {
    users().ok()?.into_iter().find(|user| user.name == name)
}

/// All groups.
pub(super) fn groups() -> io::Result<Vec<Group>> {
    let text = fs::read_to_string(GROUP)?;
    Ok(text.lines().filter_map(group).collect())
}

fn group(line: &str) -> Option<Group> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, gid, members] = fields[..] else { return None };
    let members = members.split(',').filter(|member| !member.is_empty()).map(str::to_owned).collect();
    Some(Group { name: name.into(), gid: gid.parse().ok()?, members })
}

/// The ids of the groups that the user is in besides its own.
pub(super) fn groups_of(user: &User) -> Vec<u32> {
    let all = groups().unwrap_or_default();
    all.into_iter().filter(|group| group.members.contains(&user.name)).map(|group| group.gid).collect()
}

/// Puts right what the computer's own home is called here: root is at home in `/root`, and there is nobody else yet.
pub(super) fn settle() -> io::Result<()> {
    let mut all = users()?;
    all.retain(|user| user.name != "user" || user.uid != FIRST);
    for user in all.iter_mut().filter(|user| user.uid == 0) {
        user.home = "/root".into();
    }
    write_users(&all)?;
    let mut all = groups()?;
    all.retain(|group| group.name != "user" || group.gid != FIRST);
    if !all.iter().any(|group| group.name == "sudo") {
        all.push(Group { name: "sudo".to_owned(), gid: 27, members: Vec::new() });
    }
    write_groups(&all)
}

/// Makes the group where it is missing, and gives its id.
pub(super) fn make_group(name: &str, gid: Option<u32>, system: bool) -> io::Result<u32> {
    if !is_name(name) {
        return Err(io::Error::other(format!("`{name}` cannot be the name of a group")));
    }
    let mut all = groups()?;
    if let Some(there) = all.iter().find(|group| group.name == name) {
        return Ok(there.gid);
    }
    let taken: Vec<u32> = all.iter().map(|group| group.gid).collect();
    let gid = gid.filter(|gid| !taken.contains(gid)).unwrap_or_else(|| free(&taken, system));
    all.push(Group { name: name.to_owned(), gid, members: Vec::new() });
    write_groups(&all)?;
    Ok(gid)
}

/// Puts the user into the group, which is made where it is missing.
pub(super) fn join(user: &str, group: &str) -> io::Result<()> {
    make_group(group, None, false)?;
    let mut all = groups()?;
    if let Some(group) = all.iter_mut().find(|there| there.name == group)
        && !group.members.iter().any(|member| member == user)
    {
        group.members.push(user.to_owned());
    }
    write_groups(&all)
}

/// Makes a user with its home; one that is there gets the groups only.
pub(super) fn make_user(wish: &Wish) -> io::Result<User> {
    if !is_name(&wish.name) {
        return Err(io::Error::other(format!("`{}` cannot be the name of a user", wish.name)));
    }
    let user = match find(&wish.name) {
        Some(there) => there,
        None => add(wish)?,
    };
    for group in &wish.groups {
        join(&user.name, group)?;
    }
    Ok(user)
}

fn add(wish: &Wish) -> io::Result<User> {
    let unsafe_text = |text: &str| text.contains([':', '\n']);
    let home = wish.home.clone().unwrap_or_else(|| Path::new("/home").join(&wish.name));
    let shell = wish.shell.clone().unwrap_or_else(|| "/bin/sh".to_owned());
    if unsafe_text(&wish.about) || unsafe_text(&shell) || unsafe_text(&home.to_string_lossy()) || !home.is_absolute() {
        return Err(io::Error::other(format!("user `{}` has a field that cannot stand in {PASSWD}", wish.name)));
    }
    let mut all = users()?;
    let taken: Vec<u32> = all.iter().map(|user| user.uid).collect();
    if let Some(uid) = wish.uid.filter(|uid| taken.contains(uid)) {
        return Err(io::Error::other(format!("the user id {uid} of `{}` is taken", wish.name)));
    }
    let uid = wish.uid.unwrap_or_else(|| free(&taken, wish.system));
    let primary = wish.primary.as_deref().unwrap_or(&wish.name);
    let gid = make_group(primary, Some(uid), wish.system)?;
    let user = User { name: wish.name.clone(), uid, gid, about: wish.about.clone(), home, shell };
    all.push(user.clone());
    write_users(&all)?;
    if !(wish.no_home || wish.system) {
        make_home(&user)?;
    }
    Ok(user)
}

fn make_home(user: &User) -> io::Result<()> {
    disk::make(&user.home, 0o755)?;
    for entry in fs::read_dir("/etc/skel").into_iter().flatten().flatten() {
        let target = user.home.join(entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_file()) && !target.exists() {
            fs::copy(entry.path(), &target)?;
            chown(&target, Some(user.uid), Some(user.gid))?;
        }
    }
    chown(&user.home, Some(user.uid), Some(user.gid))
}

/// Lets those in who hold one of `keys`.
pub(super) fn authorize(user: &User, keys: &[String]) -> io::Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let dir = user.home.join(".ssh");
    disk::make(&dir, 0o700)?;
    let file = dir.join("authorized_keys");
    let mut text = fs::read_to_string(&file).unwrap_or_default();
    for key in keys.iter().map(|key| key.trim()).filter(|key| !key.is_empty()) {
        if !text.lines().any(|line| line.trim() == key) {
            if !(text.is_empty() || text.ends_with('\n')) {
                text.push('\n');
            }
            text.push_str(&format!("{}\n", key.replace('\n', " ")));
        }
    }
    disk::write_private(&file, text.as_bytes())?;
    fs::set_permissions(&dir, Permissions::from_mode(0o700))?;
    chown(&file, Some(user.uid), Some(user.gid))?;
    chown(&dir, Some(user.uid), Some(user.gid))
}

fn free(taken: &[u32], system: bool) -> u32 {
    let from = if system { FIRST_OF_SYSTEM } else { FIRST };
    (from..).find(|id| !taken.contains(id)).unwrap_or(from)
}

fn write_users(users: &[User]) -> io::Result<()> {
    let line = |user: &User| {
        let User { name, uid, gid, about, home, shell } = user;
        format!("{name}:x:{uid}:{gid}:{about}:{}:{shell}\n", home.display())
    };
    disk::write(Path::new(PASSWD), users.iter().map(line).collect::<String>().as_bytes(), 0o644)
}

fn write_groups(groups: &[Group]) -> io::Result<()> {
    let line = |group: &Group| format!("{}:x:{}:{}\n", group.name, group.gid, group.members.join(","));
    disk::write(Path::new(GROUP), groups.iter().map(line).collect::<String>().as_bytes(), 0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_the_files() {
        assert!(["deploy", "_apt", "web-1", "a.b"].iter().all(|name| is_name(name)));
        assert!(["", "-x", "1st", "a:b", "a b", "a\nroot", "é"].iter().all(|name| !is_name(name)));
    }

    #[test]
    fn lines_are_read_as_they_stand() {
        let root = user("root:x:0:0:root:/root:/bin/bash").unwrap();
        assert_eq!((root.uid, root.home.as_path()), (0, Path::new("/root")));
        assert_eq!(user("root:x:0:0"), None);
        assert_eq!(group("sudo:x:27:a,b").unwrap().members, ["a", "b"]);
    }
}
