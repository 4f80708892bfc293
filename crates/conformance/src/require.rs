//! `MACHINE_REQUIRE`: which cases must not be skipped for want of surroundings.

/// Cases that must run, unless a capability excludes them.
#[derive(Debug, Default)]
pub(crate) struct Required(Vec<String>);

impl Required {
    /// From the text of `MACHINE_REQUIRE`: `all`, or beginnings of names with commas between.
    pub(crate) fn parse(text: &str) -> Self {
        Self(text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    /// Whether the case must run.
    pub(crate) fn includes(&self, name: &str) -> bool {
        self.0.iter().any(|word| word == "all" || name.starts_with(word.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_of_names_or_all() {
        assert!(Required::parse("all").includes("create::x"));
        let some = Required::parse("create, list::an");
        assert!(some.includes("create::x") && some.includes("list::an_error"));
        assert!(!some.includes("list::x") && !Required::parse("").includes("create::x"));
    }
}
