//! The manual: a page for every command, made of the same words as its help.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

/// One page of the manual.
#[derive(Debug)]
pub struct ManualPage {
    /// The name of its file, such as `machine-volumes-create.1`.
    pub file: String,
    /// Its text, for `man`.
    pub text: Vec<u8>,
}

/// Every page, that of the program itself first.
///
/// # Errors
/// Never on this computer's account: nothing but memory is written to.
pub fn pages() -> io::Result<Vec<ManualPage>> {
    let mut tree = crate::cli::tree().disable_help_subcommand(true);
    tree.build();
    let mut pages = Vec::new();
    collect(&tree, &mut pages)?;
    Ok(pages)
}

fn collect(command: &Command, pages: &mut Vec<ManualPage>) -> io::Result<()> {
    pages.push(page(command)?);
    command.get_subcommands().filter(|below| !below.is_hide_set()).try_for_each(|below| collect(below, pages))
}

fn page(command: &Command) -> io::Result<ManualPage> {
    let version = concat!("machine ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(version).manual("machine");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if let Some(examples) = command.get_before_help() {
        examples_section(&examples.to_string()).to_writer(&mut text)?;
    }
    man.render_options_section(&mut text)?;
    if command.get_subcommands().any(|below| !below.is_hide_set()) {
        man.render_subcommands_section(&mut text)?;
    }
    if let Some(after) = command.get_after_help() {
        let after = after.to_string();
        let heading = if after.starts_with("Columns:") { "COLUMNS" } else { "EXIT STATUS" };
        verbatim(heading, after.lines().skip(1)).to_writer(&mut text)?;
    }
    Ok(ManualPage { file: man.get_filename(), text })
}

/// What stands below the heading of a help page's examples.
fn examples_section(examples: &str) -> Roff {
    verbatim("EXAMPLES", examples.lines().filter_map(|line| line.strip_prefix("  ")))
}

/// A section that keeps its lines as they are.
fn verbatim<'a>(heading: &str, lines: impl Iterator<Item = &'a str>) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [heading]).control("nf", []);
    for line in lines {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_its_examples() {
        fn count(command: &Command) -> usize {
            let below = command.get_subcommands().filter(|below| !below.is_hide_set());
            1 + below.map(count).sum::<usize>()
        }
        let pages = pages().unwrap();
        assert_eq!(pages.len(), count(&crate::cli::tree()));
        assert_eq!(pages.first().unwrap().file, "machine.1");
        let named = |file: &str| pages.iter().find(|page| page.file == file).unwrap();
        let text = String::from_utf8(named("machine-volumes-create.1").text.clone()).unwrap();
        assert!(text.contains(".SH EXAMPLES") && text.contains("machine volumes create"), "{text}");
        assert!(String::from_utf8(named("machine-list.1").text.clone()).unwrap().contains(".SH COLUMNS"));
        assert!(String::from_utf8(named("machine.1").text.clone()).unwrap().contains(".SH \"EXIT STATUS\""));
        assert!(!pages.iter().any(|page| page.file.contains("__")), "helpers are nobody's business");
    }
}
