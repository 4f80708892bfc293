//! What is written of volumes.
//!
//! A volume of Fly's has no labels, and a name of thirty characters: too short for what we write on things. So the end of its name
//! says which of the intents it is, and the rest lies in a file on this computer, which is written before the volume is asked
//! for. Another computer sees the volume and its name, and not whose it is; it leaves it alone.

use std::io::ErrorKind as Io;
use std::path::PathBuf;

use machine_core::{Error, ErrorKind, IntentId, MachineName, Markers, Result};

/// The longest name of a volume that the cloud takes.
const LONGEST: usize = 30;
/// How many characters of the intent stand in the name: of its random half, so that there are more than 10^12 of them.
const TAG: usize = 8;
/// What stands between the name and those.
const BEFORE_TAG: &str = "_m";

/// The files.
#[derive(Debug)]
pub(crate) struct Marks(PathBuf);

impl Marks {
    /// Those of the provider whose directory this is.
    pub(crate) fn new(state_dir: PathBuf) -> Self {
        Self(state_dir.join("volumes"))
    }

    fn file(&self, tag: &str) -> PathBuf {
        self.0.join(format!("{tag}.json"))
    }

    /// Writes down whose the volume is that will have the intent's tag.
    ///
    /// # Errors
    /// [`ErrorKind::System`]; then the volume may not be asked for.
    pub(crate) async fn write(&self, markers: &Markers) -> Result<()> {
        let file = self.file(&tag(markers.intent));
        let text = serde_json::to_vec(markers)
            .map_err(|error| Error::new(ErrorKind::System, format!("markers cannot be written: {error}")))?;
        let written = async {
            tokio::fs::create_dir_all(&self.0).await?;
            let aside = file.with_extension("new");
            let mut draft = tokio::fs::File::create(&aside).await?;
            tokio::io::AsyncWriteExt::write_all(&mut draft, &text).await?;
            draft.sync_all().await?;
            tokio::fs::rename(&aside, &file).await?;
            tokio::fs::File::open(&self.0).await?.sync_all().await
        };
        written.await.map_err(|error: std::io::Error| {
            Error::io(format!("what a volume is for cannot be written to {}", file.display()), error)
        })
    }

    /// Forgets the volume of that name. What cannot be forgotten harms nobody.
    pub(crate) async fn forget(&self, volume: &str) {
        if let Some((_, tag)) = parts(volume) {
            drop(tokio::fs::remove_file(self.file(tag)).await);
        }
    }

    /// Whose the volume of that name is, where this computer made it.
    ///
    /// # Errors
    /// [`ErrorKind::System`] where that cannot be told for now: a volume of ours must not pass for somebody else's.
    pub(crate) async fn read(&self, volume: &str) -> Result<Option<Markers>> {
        let Some((_, tag)) = parts(volume) else { return Ok(None) };
        let file = self.file(tag);
        let unreadable =
            |why: String| Error::new(ErrorKind::System, format!("{} cannot be read: {why}", file.display()));
        match tokio::fs::read(&file).await {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| unreadable(error.to_string())),
            Err(error) if matches!(error.kind(), Io::NotFound | Io::NotADirectory) => Ok(None),
            Err(error) => Err(unreadable(error.to_string())),
        }
    }
}

/// The name that the cloud is told.
///
/// # Errors
/// [`ErrorKind::Invalid`] for one that is too long.
pub(crate) fn written(name: &MachineName, intent: IntentId) -> Result<String> {
    let room = LONGEST - BEFORE_TAG.len() - TAG;
    if name.as_str().len() > room {
        let what = format!("the name `{name}` is too long for a volume at Fly: it has room for {room} characters");
        return Err(Error::new(ErrorKind::Invalid, what));
    }
    Ok(format!("{}{BEFORE_TAG}{}", name.as_str().replace('-', "_"), tag(intent)))
}

/// The name that it was asked for under; a name that is none of ours as it is.
pub(crate) fn asked(volume: &str) -> String {
    parts(volume).map_or_else(|| volume.to_owned(), |(name, _)| name.replace('_', "-"))
}

fn tag(intent: IntentId) -> String {
    let text = intent.to_string();
    text[text.len() - TAG..].to_owned()
}

/// The name and the tag.
fn parts(volume: &str) -> Option<(&str, &str)> {
    let (name, tag) = volume.rsplit_once(BEFORE_TAG)?;
    let letter = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    (!name.is_empty() && tag.len() == TAG && tag.bytes().all(letter)).then_some((name, tag))
}

#[cfg(test)]
mod tests {
    use machine_core::OwnerId;

    use super::*;

    #[test]
    fn names_there_and_back() {
        for name in ["ab", "data-1", "abcdefghij-123456789"] {
            let told = written(&name.parse().unwrap(), IntentId::mint()).unwrap();
            assert!(told.len() <= LONGEST && !told.contains('-'), "{told}");
            assert_eq!(asked(&told), name);
        }
        assert!(written(&"abcdefghij-1234567890".parse().unwrap(), IntentId::mint()).is_err());
        for foreign in ["data", "pg_data", "a_mshort", "_m12345678"] {
            assert_eq!(asked(foreign), foreign);
        }
    }

    #[tokio::test]
    async fn what_was_written_is_known_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let marks = Marks::new(dir.path().join("fly"));
        let markers = Markers { owner: OwnerId::new("me"), intent: IntentId::mint(), deadline: None };
        let name = written(&"data".parse().unwrap(), markers.intent).unwrap();
        assert_eq!(marks.read(&name).await.unwrap(), None);
        marks.write(&markers).await.unwrap();
        assert_eq!(marks.read(&name).await.unwrap(), Some(markers));
        assert_eq!(marks.read("data").await.unwrap(), None);
        marks.forget(&name).await;
        assert_eq!(marks.read(&name).await.unwrap(), None);
    }
}
