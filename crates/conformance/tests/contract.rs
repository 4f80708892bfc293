//! The contract and its table agree: every sentence of every trait has its place in the table, the table has no other, and the
//! cases that it names are there.
#![allow(clippy::unwrap_used, reason = "a test; its helpers fail by panicking")]
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use machine_conformance::case_names;
use machine_conformance::contract::{Held, contracts};

/// The traits, and where they are.
const TRAITS: &[(&str, &str)] = &[
    ("CloudProvider", "provider.rs"),
    ("Volumes", "volume.rs"),
    ("Snapshots", "snapshot.rs"),
    ("SshKeys", "ssh_key.rs"),
    ("Dns", "dns.rs"),
    ("Projects", "project.rs"),
    ("Catalog", "catalog.rs"),
];

/// The sentences of a trait's documentation, by what they are about: the trait, or `Trait::method`.
fn sentences(name: &str, source: &str) -> BTreeMap<String, Vec<String>> {
    let (mut docs, mut inside, mut all) = (Vec::new(), false, BTreeMap::new());
    for line in source.lines() {
        let (line, indented) = (line.trim_start(), line.starts_with(' '));
        if let Some(text) = line.strip_prefix("///") {
            docs.push(text.strip_prefix(' ').unwrap_or(text).to_owned());
        } else if line.starts_with("#[") {
            // Attributes stand between.
        } else {
            let about = if line.starts_with(&format!("pub trait {name}:")) {
                inside = true;
                Some(name.to_owned())
            } else {
                let method = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
                let method = method.filter(|_| inside && indented).and_then(|rest| rest.split('(').next());
                method.map(|method| format!("{name}::{method}"))
            };
            if let Some(about) = about {
                all.insert(about, split(&docs));
            }
            inside &= line != "}" || indented;
            docs.clear();
        }
    }
    all
}

/// The sentences of a text, plain. One ends with a full stop or a semicolon, a paragraph or an item of a list.
fn split(docs: &[String]) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in docs {
        let item = line.strip_prefix("- ");
        if line.is_empty() || item.is_some() {
            paragraphs.push(String::new());
        }
        let paragraph = paragraphs.last_mut().unwrap();
        paragraph.push_str(item.unwrap_or(line).trim());
        paragraph.push(' ');
    }
    let texts = paragraphs.iter().map(|paragraph| plain(paragraph));
    let ends = |text: String| {
        let marked = text.replace(". ", ".\n").replace("; ", ";\n");
        marked.lines().map(|part| part.trim().trim_end_matches(['.', ';']).to_owned()).collect::<Vec<_>>()
    };
    texts.flat_map(ends).filter(|part| !part.is_empty()).collect()
}

/// Without links and marks of code.
fn plain(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("](") {
        plain.push_str(before);
        rest = after.split_once(')').unwrap().1;
    }
    plain.push_str(rest);
    plain.replace(['`', '[', ']'], "")
}

fn documented() -> BTreeSet<(String, String)> {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    let mut all = BTreeSet::new();
    for (name, file) in TRAITS {
        let found = sentences(name, &std::fs::read_to_string(core.join(file)).unwrap());
        assert!(found.len() > 1, "trait {name} is not in {file}");
        for (about, sentences) in found {
            assert!(!sentences.is_empty(), "{about} promises nothing");
            all.extend(sentences.into_iter().map(|sentence| (about.clone(), sentence)));
        }
    }
    all
}

#[test]
fn every_sentence_has_its_place() {
    // Test programs may be run where the sources are not.
    if !Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src/lib.rs").exists() {
        return;
    }
    let documented = documented();
    let says = |(of, sentences): &machine_conformance::contract::Contract| {
        sentences.iter().map(|it| ((*of).to_owned(), it.says.to_owned())).collect::<Vec<_>>()
    };
    let listed: Vec<_> = contracts().flat_map(says).collect();
    let table: BTreeSet<_> = listed.iter().cloned().collect();
    assert_eq!(table.len(), listed.len(), "a sentence stands in the table twice");
    let absent: Vec<_> = documented.difference(&table).collect();
    let gone: Vec<_> = table.difference(&documented).collect();
    assert!(absent.is_empty(), "no case holds these; write one, and put it into the table: {absent:#?}");
    assert!(gone.is_empty(), "the documentation no longer says these: {gone:#?}");
}

#[test]
fn every_case_that_is_named_exists() {
    let cases: BTreeSet<_> = case_names().collect();
    let names = case_names().count();
    assert_eq!(names, cases.len(), "two cases have the same name");
    for sentence in contracts().flat_map(|(_, sentences)| *sentences) {
        match sentence.held {
            Held::By(held_by) => {
                assert!(!held_by.is_empty(), "nothing holds `{}`", sentence.says);
                for case in held_by {
                    assert!(cases.contains(case), "there is no case {case} for `{}`", sentence.says);
                }
            }
            Held::NotFromOutside(why) => assert!(!why.is_empty(), "why `{}`?", sentence.says),
        }
    }
}

#[test]
fn sentences_are_read_as_a_person_reads_them() {
    let source = "/// Things. With [`A`](crate::A::B), and\n/// more; and `b`.\n/// - One.\n#[x]\npub trait T: Send {\n    \
                  /// Gets `it`.\n    async fn get(&self);\n}\n/// Not this.\nfn other() {}\n";
    let all = sentences("T", source);
    assert_eq!(all["T"], ["Things", "With A, and more", "and b", "One"]);
    assert_eq!(all["T::get"], ["Gets it"]);
    assert_eq!(all.len(), 2);
}
