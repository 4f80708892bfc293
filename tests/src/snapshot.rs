//! Files that record how something is, so that a change of it is seen in a review.

use std::fmt::Write as _;
use std::path::Path;

/// Set it to take what is there now as right.
const UPDATE: &str = "MACHINE_UPDATE_SNAPSHOTS";

/// Compares `now` with the committed file, line by line.
///
/// # Panics
/// Where they differ, with the lines that do; that is the test.
pub fn assert_recorded(file: &Path, now: &str) {
    if std::env::var_os(UPDATE).is_some_and(|value| value == "1") {
        std::fs::create_dir_all(file.parent().expect("a snapshot is in a directory")).expect("it can be made");
        std::fs::write(file, now).expect("a snapshot can be written");
        return;
    }
    let recorded = std::fs::read_to_string(file).unwrap_or_default();
    let difference = difference(&recorded, now);
    assert!(
        difference.is_empty(),
        "{} differs (- recorded, + now); if it is meant to, run the test with {UPDATE}=1 and commit it\n{difference}",
        file.display()
    );
}

/// Lines of one text that are not in the other, each below the last heading (a line that is not indented).
fn difference(recorded: &str, now: &str) -> String {
    let mut said = String::new();
    for (mark, these, those) in [('-', recorded, now), ('+', now, recorded)] {
        let those = entries(those);
        for (heading, line) in entries(these).into_iter().filter(|entry| !those.contains(entry)) {
            if line == heading {
                let _ = writeln!(said, "{mark} {line}");
            } else {
                let _ = writeln!(said, "{mark} {heading}: {}", line.trim());
            }
        }
    }
    said
}

/// Every line with the name in its heading.
fn entries(text: &str) -> Vec<(&str, &str)> {
    let mut heading = "";
    text.lines()
        .map(|line| {
            if !line.starts_with(' ') {
                heading = line.split(':').next().unwrap_or(line);
            }
            (heading, line)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_the_heading_and_the_line() {
        let difference = difference("a: 1\n  x\nb: 1\n  x\n", "a: 2\n  x\n  y\nb: 1\n  x\n");
        assert_eq!(difference, "- a: a: 1\n+ a: a: 2\n+ a: y\n");
    }
}
