//! Which image a word means.

use machine_core::{Error, Image, Result, nearest};

use crate::choose::unknown;
use crate::convert;
use crate::provider::DigitalOceanProvider;
use crate::wire::{self, ImageRef};

impl DigitalOceanProvider {
    /// The image that is called so: by its neutral name, its slug, its number, or the name of one of the account's own. An
    /// application of DigitalOcean's marketplace goes by its slug.
    ///
    /// # Errors
    /// `NotFound` with the nearest names.
    pub(crate) async fn image(&self, wanted: &str) -> Result<ImageRef> {
        let images = self.offered_images().await?;
        if let Some(id) = chosen(wanted, &images)? {
            return Ok(reference(id));
        }
        let applications: Vec<wire::Image> = self.api().list(&["images"], &[("type", "application")]).await?;
        let applications: Vec<Image> = applications.into_iter().filter_map(convert::image).collect();
        if let Some(image) = applications.iter().find(|image| image.id == wanted) {
            return Ok(reference(&image.id));
        }
        let known = images.iter().map(|image| image.neutral.as_deref().unwrap_or(&image.id));
        let near = nearest(wanted, known);
        Err(unknown("image", wanted, &near, "images are called like debian-12 or ubuntu-24.04"))
    }
}

/// The id of the image that is called so, where there is one.
fn chosen<'a>(wanted: &str, images: &'a [Image]) -> Result<Option<&'a str>> {
    let exact = |image: &&Image| image.id == wanted || image.neutral.as_deref() == Some(wanted);
    if let Some(image) = images.iter().find(exact) {
        return Ok(Some(&image.id));
    }
    // What has no slug is the account's own, and its name is somebody's choice.
    let own = |image: &&Image| convert::number(&image.id).is_some();
    let named: Vec<&Image> = images
        .iter()
        .filter(own)
        .filter(|image| image.name == wanted || image.name.ends_with(&format!(" {wanted}")))
        .collect();
    match named.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(&one.id)),
        several => {
            let ids: Vec<&str> = several.iter().map(|image| image.id.as_str()).collect();
            let what = format!("several images are called `{wanted}`; name one by its id: {}", ids.join(", "));
            Err(Error::new(machine_core::ErrorKind::Conflict, what))
        }
    }
}

fn reference(id: &str) -> ImageRef {
    convert::number(id).map_or_else(|| ImageRef::Slug(id.to_owned()), ImageRef::Id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_goes_by_any_of_its_names() {
        let image = |id: &str, name: &str, neutral: Option<&str>| Image {
            id: id.to_owned(),
            name: name.to_owned(),
            neutral: neutral.map(str::to_owned),
        };
        let images = [
            image("debian-12-x64", "Debian 12 x64", Some("debian-12")),
            image("7", "Debian web", None),
            image("8", "Debian twice", None),
            image("9", "Debian twice", None),
        ];
        let is = |wanted: &str| chosen(wanted, &images).map(|id| id.map(str::to_owned)).map_err(|error| error.kind());
        assert_eq!(is("debian-12"), Ok(Some("debian-12-x64".to_owned())));
        assert_eq!(is("debian-12-x64"), Ok(Some("debian-12-x64".to_owned())));
        assert_eq!(is("7"), Ok(Some("7".to_owned())));
        assert_eq!(is("web"), Ok(Some("7".to_owned())));
        assert_eq!(is("x64"), Ok(None));
        assert_eq!(is("twice"), Err(machine_core::ErrorKind::Conflict));
        assert_eq!(reference("7"), ImageRef::Id(7));
        assert_eq!(reference("debian-12-x64"), ImageRef::Slug("debian-12-x64".to_owned()));
    }
}
