//! A copy of the sources in which mistakes are made.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::mistakes::{Edit, Mistake};
use crate::Outcome;

/// The copy, and the directory in which it is built: both stay, so that the next run builds only what has changed.
#[derive(Debug)]
pub(crate) struct Tree {
    path: PathBuf,
    build: PathBuf,
}

/// A mistake that is in the copy until this is dropped.
#[derive(Debug)]
pub(crate) struct Made<'a> {
    tree: &'a Tree,
    /// The files as they were.
    before: Vec<(&'static str, String)>,
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        for (file, text) in self.before.drain(..).rev() {
            // Where this fails the next copy puts it right: it compares contents.
            let _ = fs::write(self.tree.path.join(file), text);
        }
    }
}

impl Tree {
    /// Brings the copy up to the sources at `root`, as they are now, committed or not.
    pub(crate) fn copy(root: &Path) -> Outcome<Self> {
        let home = root.join("target/mutants");
        let tree = Self { path: home.join("tree"), build: home.join("build") };
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .map_err(|error| format!("cannot run git: {error}"))?;
        if !listed.status.success() {
            return Err(format!("git cannot list the sources: {}", String::from_utf8_lossy(&listed.stderr)));
        }
        let names = String::from_utf8(listed.stdout).map_err(|error| format!("the name of a source: {error}"))?;
        // Git still lists a file that was removed and not committed.
        let names: BTreeSet<&str> = names.split('\0').filter(|name| root.join(name).is_file()).collect();
        let kept = names.iter().map(|name| tree.path.join(name)).collect();
        remove_others(&tree.path, &kept).map_err(|error| format!("{}: {error}", tree.path.display()))?;
        for name in names {
            update(&root.join(name), &tree.path.join(name)).map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(tree)
    }

    /// Where the sources are.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where they are built.
    pub(crate) fn build(&self) -> PathBuf {
        self.build.clone()
    }

    /// Whether the mistake can be made in these sources.
    pub(crate) fn check(&self, mistake: &Mistake) -> Outcome {
        self.make(mistake).map(drop)
    }

    /// Makes the mistake.
    pub(crate) fn make(&self, mistake: &Mistake) -> Outcome<Made<'_>> {
        let mut made = Made { tree: self, before: Vec::new() };
        for edit in mistake.edits {
            let path = self.path.join(edit.file);
            let text =
                fs::read_to_string(&path).map_err(|error| format!("`{}`: {}: {error}", mistake.name, edit.file))?;
            let changed = apply(&text, edit).map_err(|why| format!("`{}`: {}: {why}", mistake.name, edit.file))?;
            fs::write(&path, changed).map_err(|error| format!("{}: {error}", path.display()))?;
            made.before.push((edit.file, text));
        }
        Ok(made)
    }
}

/// Removes the files below `dir` that are not among `kept`, where there is such a directory yet.
fn remove_others(dir: &Path, kept: &BTreeSet<PathBuf>) -> std::io::Result<()> {
    if !dir.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, kept)?;
        } else if !kept.contains(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Copies what differs, so that what does not keeps its time and is not built again.
fn update(from: &Path, to: &Path) -> std::io::Result<()> {
    let new = fs::read(from)?;
    if fs::read(to).is_ok_and(|old| old == new) {
        return Ok(());
    }
    if let Some(dir) = to.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::write(to, new)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())
}

/// `text` with the one place changed that the edit means.
fn apply(text: &str, edit: &Edit) -> Outcome<String> {
    match text.matches(edit.from).count() {
        1 => Ok(text.replacen(edit.from, edit.to, 1)),
        0 => Err(format!("it no longer says\n{}", edit.from)),
        many => Err(format!("it says {many} times\n{}", edit.from)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_changes_one_place_or_says_why_not() {
        let edit = |from| Edit { file: "", from, to: "x" };
        assert_eq!(apply("a b c", &edit("b")).unwrap(), "a x c");
        assert!(apply("a b c", &edit("d")).unwrap_err().contains("no longer says"));
        assert!(apply("a b b", &edit("b")).unwrap_err().contains("2 times"));
    }

    #[test]
    fn every_mistake_can_still_be_made() {
        for mistake in &super::super::mistakes::MISTAKES {
            for edit in mistake.edits {
                let text = fs::read_to_string(crate::root().join(edit.file)).unwrap();
                if let Err(why) = apply(&text, edit) {
                    panic!("`{}` in {}: {why}", mistake.name, edit.file);
                }
            }
        }
    }
}
