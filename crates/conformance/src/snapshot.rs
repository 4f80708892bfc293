//! What ran and what was skipped, kept beside a provider's test.

use std::collections::BTreeMap;

/// How a run differs from what was kept: a line each, `-` for what was kept and `+` for what is.
///
/// What the surroundings keep from running differs between computers, and is no difference here: who wants it to run says
/// so by `MACHINE_REQUIRE`.
pub(crate) fn differences(kept: &str, now: &str) -> Vec<String> {
    let (kept, now) = (by_name(kept), by_name(now));
    let names: std::collections::BTreeSet<&str> = kept.keys().chain(now.keys()).copied().collect();
    let mut lines = Vec::new();
    for name in names {
        let (old, new) = (kept.get(name), now.get(name));
        let excused = [old, new].iter().all(Option::is_some)
            && [old, new].iter().any(|line| line.is_some_and(|line| line.starts_with("missing ")));
        if old == new || excused {
            continue;
        }
        lines.extend(old.map(|line| format!("- {line}")));
        lines.extend(new.map(|line| format!("+ {line}")));
    }
    lines
}

/// The lines by the case that each is about: its second word.
fn by_name(text: &str) -> BTreeMap<&str, &str> {
    text.lines().filter_map(|line| Some((line.split_whitespace().nth(1)?.trim_end_matches(':'), line))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surroundings_are_no_difference_and_all_else_is() {
        let kept = "ran a::x\nran a::y\nskipped a::z: volumes: there are none\n";
        assert!(differences(kept, kept).is_empty());
        assert!(differences(kept, &kept.replace("ran a::x", "missing a::x: no credential")).is_empty());
        assert_eq!(
            differences(kept, &kept.replace("ran a::y", "skipped a::y: exec: there is none")),
            ["- ran a::y", "+ skipped a::y: exec: there is none"]
        );
        assert_eq!(differences(kept, "ran a::x\nran a::y\n"), ["- skipped a::z: volumes: there are none"]);
        assert_eq!(differences("", "ran a::x\n"), ["+ ran a::x"]);
    }
}
