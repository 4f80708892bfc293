//! Where in a text each value of a YAML document stands. `serde_yaml` forgets that; a second look at the text tells.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, Span};

use crate::path::{Path, Step};

/// A place in a text, as an editor counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
}

/// Where each value of a document stands, and what is written there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    values: BTreeMap<Path, Written>,
    duplicate: Option<Place>,
}

/// What is written for one value.
#[derive(Debug, Clone)]
struct Written {
    /// Of the key where there is one, else of the value.
    place: Place,
    /// The value, where it is a scalar.
    scalar: Option<String>,
}

impl Places {
    /// Looks through the first document of `text`. What cannot be read ends the look; whoever reads the text for its values
    /// says why.
    pub(crate) fn of(text: &str) -> Self {
        let mut places = Self::default();
        let mut open: Vec<Open> = Vec::new();
        for (event, span) in Parser::new_from_str(text).map_while(Result::ok) {
            match event {
                Event::Scalar(text, ..) => {
                    if let Some(Open::Mapping { key: key @ None, .. }) = open.last_mut() {
                        *key = Some((text.into_owned(), place(span)));
                    } else {
                        places.note(&mut open, span, Some(text.into_owned()));
                    }
                }
                Event::Alias(_) => drop(places.note(&mut open, span, None)),
                Event::SequenceStart(..) => {
                    let path = places.note(&mut open, span, None);
                    open.push(Open::Sequence { path, next: 0 });
                }
                Event::MappingStart(..) => {
                    let path = places.note(&mut open, span, None);
                    open.push(Open::Mapping { path, key: None });
                }
                Event::SequenceEnd | Event::MappingEnd => drop(open.pop()),
                Event::DocumentEnd => break,
                _ => {}
            }
        }
        places
    }

    /// Where the value stands; for one that came by an alias or a merge, where that is written.
    pub(crate) fn at(&self, path: &Path) -> Option<Place> {
        let mut path = path.clone();
        loop {
            if let Some(written) = self.values.get(&path) {
                return Some(written.place);
            }
            path = path.parent()?;
        }
    }

    /// The scalar as it is written there, quotes and escapes undone.
    pub(crate) fn scalar(&self, path: &Path) -> Option<&str> {
        self.values.get(path)?.scalar.as_deref()
    }

    /// The first key that its mapping has already.
    pub(crate) fn duplicate(&self) -> Option<Place> {
        self.duplicate
    }

    fn note(&mut self, open: &mut [Open], span: Span, scalar: Option<String>) -> Path {
        let (path, place) = match open.last_mut() {
            None => (Path::default(), place(span)),
            Some(Open::Sequence { path, next }) => {
                let index = *next;
                *next += 1;
                (path.step(Step::Index(index)), place(span))
            }
            Some(Open::Mapping { path, key }) => match key.take() {
                Some((key, place)) => (path.key(&key), place),
                // A key that is no scalar; nothing of ours has one.
                None => {
                    *key = Some((String::new(), place(span)));
                    return path.clone();
                }
            },
        };
        if self.values.insert(path.clone(), Written { place, scalar }).is_some() {
            self.duplicate.get_or_insert(place);
        }
        path
    }
}

/// A collection that has begun.
enum Open {
    Sequence { path: Path, next: usize },
    Mapping { path: Path, key: Option<(String, Place)> },
}

fn place(span: Span) -> Place {
    Place { line: span.start.line(), column: span.start.col() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, path: &Path) -> Option<(usize, usize)> {
        Places::of(text).at(path).map(|place| (place.line, place.column))
    }

    #[test]
    fn every_value_has_a_place_and_aliases_have_their_own() {
        let text = "a: 1\nb:\n  - x\n  - {c: 'two', d: [3]}\nbase: &base {k: v}\nuse: *base\nmerged:\n  <<: *base\n";
        let root = Path::default();
        let item = root.key("b").step(Step::Index(1));
        assert_eq!(at(text, &root.key("a")), Some((1, 1)));
        assert_eq!(at(text, &root.key("b").step(Step::Index(0))), Some((3, 5)));
        assert_eq!(at(text, &item.key("c")), Some((4, 6)));
        assert_eq!(at(text, &item.key("d").step(Step::Index(0))), Some((4, 20)));
        assert_eq!(at(text, &root.key("use").key("k")), Some((6, 1)));
        assert_eq!(at(text, &root.key("merged").key("k")), Some((7, 1)));
        assert_eq!(Places::of(text).scalar(&item.key("c")), Some("two"));
    }

    #[test]
    fn a_key_that_is_no_scalar_confuses_nothing_after_it() {
        let text = "? [a, b]\n: {c: d}\nlast: 1\n";
        assert_eq!(at(text, &Path::default().key("last")), Some((3, 1)));
    }
}
