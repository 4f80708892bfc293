//! Neutral image names, and the container images that stand for them.

use machine_core::{Error, ErrorKind, Image, Result, nearest};

/// What a machine is made from where nobody says.
pub(crate) const DEFAULT: &str = "debian-12";

/// Neutral name, reference, and how a person says it. All of them hold nothing but a system, whose own command would end at
/// once without a terminal.
const TABLE: &[(&str, &str, &str)] = &[
    ("debian-12", "registry-1.docker.io/library/debian:12", "Debian 12"),
    ("debian-13", "registry-1.docker.io/library/debian:13", "Debian 13"),
    ("ubuntu-22.04", "registry-1.docker.io/library/ubuntu:22.04", "Ubuntu 22.04"),
    ("ubuntu-24.04", "registry-1.docker.io/library/ubuntu:24.04", "Ubuntu 24.04"),
    ("fedora-42", "registry-1.docker.io/library/fedora:42", "Fedora 42"),
    ("alpine-3.22", "registry-1.docker.io/library/alpine:3.22", "Alpine 3.22"),
];

/// The image that `name` stands for, and whether it has to be told to idle.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a word that is neither a name of the table nor a reference: a reference has a tag, a digest or
/// a registry, so that a slip in a neutral name is not fetched from whoever owns it.
pub(crate) fn resolve(name: &str) -> Result<(String, bool)> {
    if let Some((_, reference, _)) = TABLE.iter().find(|(neutral, reference, _)| name == *neutral || name == *reference)
    {
        return Ok(((*reference).to_owned(), true));
    }
    if name.contains(['/', ':', '@']) && !name.contains(char::is_whitespace) {
        return Ok((name.to_owned(), false));
    }
    let error = Error::new(ErrorKind::Invalid, format!("no image is called `{name}`"));
    let near = nearest(name, TABLE.iter().map(|(neutral, ..)| *neutral));
    Err(error.with_hint(match near.as_slice() {
        [] => {
            let neutral: Vec<&str> = TABLE.iter().map(|(neutral, ..)| *neutral).collect();
            format!("there is {}; any other image is written with its tag, like `nginx:1.29`", neutral.join(", "))
        }
        near => format!("did you mean {}? any other image is written with its tag, like `nginx:1.29`", near.join(", ")),
    }))
}

/// The neutral names as a catalog has them.
pub(crate) fn all() -> Vec<Image> {
    let image = |(neutral, reference, name): &(&str, &str, &str)| Image {
        id: (*reference).to_owned(),
        name: (*name).to_owned(),
        neutral: Some((*neutral).to_owned()),
    };
    TABLE.iter().map(image).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_references_and_slips() {
        assert_eq!(resolve("debian-12").unwrap(), ("registry-1.docker.io/library/debian:12".to_owned(), true));
        assert_eq!(resolve("nginx:1.29").unwrap(), ("nginx:1.29".to_owned(), false));
        assert!(resolve("registry.fly.io/mine").is_ok() && resolve("a b:c").is_err());
        let error = resolve("debain-12").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.hint().unwrap().contains("debian-12"), "{error:?}");
        for image in all() {
            assert_eq!(resolve(&image.id).unwrap(), resolve(image.neutral.as_deref().unwrap()).unwrap());
        }
    }
}
