//! The documents of this repository, and the command lines in them.

use std::path::{Path, PathBuf};

use crate::workspace::root;

/// A command line in a document.
#[derive(Debug)]
pub struct CommandLine {
    /// The document and the line in it.
    pub place: String,
    /// From `machine` on.
    pub text: String,
    /// Whether it stands in a sentence, where it may leave out what the reader knows.
    pub in_prose: bool,
}

/// Every document of this repository, and the text of every source file that has help pages.
pub fn documents() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(root())
        .expect("the repository can be read")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| is_document(path))
        .collect();
    collect(&root().join("docs"), &mut found);
    found.sort();
    found
}

/// The blocks of that language in a guide, in their order.
pub fn blocks(guide: &str, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join("docs/guide").join(guide)).expect("there is such a guide");
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| Some(rest.split_once("```")?.0.to_owned())).collect()
}

fn collect(dir: &Path, found: &mut Vec<PathBuf>) {
    for path in
        std::fs::read_dir(dir).expect("docs/ can be read").filter_map(|entry| entry.ok().map(|entry| entry.path()))
    {
        if path.is_dir() {
            collect(&path, found);
        } else if is_document(&path) {
            found.push(path);
        }
    }
}

fn is_document(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

/// The command lines of `machine` in a document: in blocks of code, and in sentences between backticks.
pub fn command_lines(path: &Path, text: &str) -> Vec<CommandLine> {
    let mut found = Vec::new();
    let mut block: Option<String> = None;
    for (number, line) in text.lines().enumerate() {
        let place = format!("{}:{}", path.display(), number + 1);
        if let Some(language) = line.trim_start().strip_prefix("```") {
            block = if block.is_none() { Some(language.to_owned()) } else { None };
            continue;
        }
        match block.as_deref() {
            Some("sh" | "console") => {
                let line = line.trim_start().strip_prefix("$ ").unwrap_or(line);
                found.extend(commands(line).into_iter().map(|text| CommandLine {
                    place: place.clone(),
                    text,
                    in_prose: false,
                }));
            }
            Some(_) => {}
            None => found.extend(
                line.split('`')
                    .skip(1)
                    .step_by(2)
                    .filter(|code| code.starts_with("machine "))
                    .map(|code| CommandLine { place: place.clone(), text: code.to_owned(), in_prose: true }),
            ),
        }
    }
    found
}

/// The commands of `machine` in a line of shell: after a pipe, in a substitution, after `cargo run --`.
pub fn commands(line: &str) -> Vec<String> {
    let line = line.replace("cargo run --release -- ", "machine ").replace("cargo run -- ", "machine ");
    // A comment begins two spaces after the command.
    let mut outer = line.split("  #").next().unwrap_or_default().to_owned();
    let mut found = Vec::new();
    while let Some((before, rest)) = outer.split_once("$(machine ") {
        let Some((inner, after)) = rest.split_once(')') else { break };
        found.push(format!("machine {inner}"));
        outer = format!("{before}substituted{after}");
    }
    // What stands in quotes is one command's business: a separator counts only before the next `machine`.
    for separator in ["&& machine ", "| machine ", "; machine "] {
        outer = outer.replace(separator, "\nmachine ");
    }
    found.extend(outer.lines().map(|piece| piece.trim().to_owned()).filter(|piece| piece.starts_with("machine ")));
    found
}
