//! Images and their neutral names.

use machine_core::Image;

use crate::wire;

/// The neutral name of a distribution's slug: `debian-12-x64` is `debian-12`, `ubuntu-24-04-x64` is `ubuntu-24.04`.
pub(crate) fn neutral(slug: &str) -> Option<String> {
    let name = slug.strip_suffix("-x64")?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (rest, last) = name.rsplit_once('-')?;
    if !digits(last) {
        return None;
    }
    match rest.rsplit_once('-') {
        Some((distribution, major)) if digits(major) => Some(format!("{distribution}-{major}.{last}")),
        _ => Some(name.to_owned()),
    }
}

/// An image that a machine can be made from: one of the cloud's own by its slug, any other by its number.
pub(crate) fn image(image: wire::Image) -> Option<Image> {
    if image.status.as_deref().is_some_and(|status| !matches!(status, "available")) {
        return None;
    }
    let slug = image.slug.filter(|slug| !slug.is_empty());
    let neutral = slug.as_deref().and_then(neutral);
    let id = slug.or_else(|| image.id.map(|id| id.to_string()))?;
    let words = [image.distribution, image.name].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(Image { name: if words.is_empty() { id.clone() } else { words }, neutral, id })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn slugs_row_by_row() {
        for (slug, name) in [
            ("debian-12-x64", Some("debian-12")),
            ("ubuntu-24-04-x64", Some("ubuntu-24.04")),
            ("fedora-42-x64", Some("fedora-42")),
            ("centos-stream-9-x64", Some("centos-stream-9")),
            ("rockylinux-9-x64", Some("rockylinux-9")),
            ("gpu-h100x1-base", None),
            ("docker-20-04", None),
            ("x64", None),
            ("arch-rolling-x64", None),
        ] {
            assert_eq!(neutral(slug).as_deref(), name, "{slug}");
        }
    }

    #[test]
    fn an_image_of_ones_own_goes_by_its_number() {
        let own = json!({"id": 7, "name": "web", "distribution": "Debian", "slug": null, "status": "available"});
        let read = image(serde_json::from_value(own).unwrap()).unwrap();
        assert_eq!((read.id.as_str(), read.name.as_str(), read.neutral), ("7", "Debian web", None));
        let retired = json!({"id": 8, "slug": "debian-9-x64", "status": "retired"});
        assert!(image(serde_json::from_value(retired).unwrap()).is_none());
    }
}
