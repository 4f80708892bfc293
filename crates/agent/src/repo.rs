//! Repositories to clone into a job's workspace.

use std::fmt;

use machine_core::{Error, ErrorKind, Result};

/// A repository, the ref of it that is wanted, and the directory in it where the job starts.
#[derive(Clone, PartialEq, Eq)]
pub struct RepoSpec {
    url: String,
    reference: Option<String>,
    directory: Option<String>,
}

impl RepoSpec {
    /// Reads `URL[#ref[:dir]]`.
    ///
    /// # Errors
    /// `Invalid` where it is no address of a repository, or `dir` leads out of it.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::new(ErrorKind::Invalid, "a repository needs an address"));
        }
        let (url, rest) = text.split_once('#').map_or((text, None), |(url, rest)| (url, Some(rest)));
        let (reference, directory) = rest
            .map_or((None, None), |rest| rest.split_once(':').map_or((Some(rest), None), |(r, d)| (Some(r), Some(d))));
        Ok(Self {
            url: url.to_owned(),
            reference: reference.filter(|r| !r.is_empty()).map(str::to_owned),
            directory: directory.map(str::to_owned),
        })
    }
}

impl fmt::Debug for RepoSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepoSpec").field("reference", &self.reference).field("directory", &self.directory).finish()
    }
}
