//! Repositories to clone into a job's workspace.

use std::fmt;
use std::path::{Path, PathBuf};

use machine_core::{Error, ErrorKind, Result};
use machine_guest::orders::Credential;

/// A repository, the ref of it that is wanted, and the directory in it where the job starts.
///
/// A credential in the address is kept apart from it: it is shown nowhere, and `origin` in the workspace does not have it.
#[derive(Clone, PartialEq, Eq)]
pub struct RepoSpec {
    url: String,
    credential: Option<Credential>,
    reference: Option<String>,
    directory: Option<PathBuf>,
    name: String,
    source: Source,
}

/// Where a repository is cloned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// By the machine itself.
    Machine,
    /// On this computer, with the user's own keys and settings; then sent in.
    ThisComputer,
}

impl RepoSpec {
    /// Reads `URL[#ref[:dir]]`. The URL is `https://`, `http://`, `git://`, `ssh://`, `file://`, `user@host:path`, or a path
    /// of this computer.
    ///
    /// # Errors
    /// `Invalid` where it is no address of a repository, or `dir` leads out of it. The error shows no credential.
    pub fn parse(text: &str) -> Result<Self> {
        let (address, rest) = text.split_once('#').map_or((text, ""), |(address, rest)| (address, rest));
        let (reference, directory) = rest.split_once(':').unwrap_or((rest, ""));
        let (url, credential, source) = read_address(address)?;
        let invalid = |what: String| Error::new(ErrorKind::Invalid, what);
        if reference.starts_with('-') || reference.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(invalid(format!("`{reference}` is no branch, tag or commit (of the repository `{url}`)")));
        }
        let directory = Some(directory).filter(|directory| !directory.is_empty()).map(PathBuf::from);
        if let Some(directory) = directory.as_ref().filter(|directory| !machine_guest::archive::is_plain(directory)) {
            return Err(invalid(format!("`{}` is no directory in the repository `{url}`", directory.display())));
        }
        let name =
            name(&url).ok_or_else(|| invalid(format!("the repository `{url}` has no name to call its directory")))?;
        let reference = Some(reference).filter(|reference| !reference.is_empty()).map(str::to_owned);
        Ok(Self { url, credential, reference, directory, name, source })
    }

    /// Its directory in the workspace: the last part of its address.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address, without any credential.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The branch, tag or commit that is wanted.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// The directory in it where the job starts.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// The host that it is on, and the port where it is not the usual one; of those that are spoken to by `https://` only.
    pub fn https_host(&self) -> Option<&str> {
        self.url.strip_prefix("https://")?.split('/').next()
    }

    /// The same with a credential for its host, unless its address had one.
    #[must_use]
    pub fn with_credential(mut self, username: &str, password: &str) -> Self {
        if self.source == Source::Machine && self.credential.is_none() {
            self.credential = Some(Credential { username: username.to_owned(), password: password.to_owned() });
        }
        self
    }

    pub(crate) fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref()
    }

    pub(crate) fn source(&self) -> Source {
        self.source
    }
}

impl fmt::Debug for RepoSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RepoSpec({self})")
    }
}

impl fmt::Display for RepoSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)?;
        if self.reference.is_some() || self.directory.is_some() {
            write!(f, "#{}", self.reference.as_deref().unwrap_or_default())?;
        }
        match &self.directory {
            Some(directory) => write!(f, ":{}", directory.display()),
            None => Ok(()),
        }
    }
}

/// The address without its credential, the credential, and who can clone it.
fn read_address(address: &str) -> Result<(String, Option<Credential>, Source)> {
    let invalid = |what: &str| {
        let hint = "write https://HOST/OWNER/REPO, git@HOST:OWNER/REPO, file:///PATH or a path, then #REF or #REF:DIR";
        Error::new(ErrorKind::Invalid, what.to_owned()).with_hint(hint)
    };
    if address.is_empty() {
        return Err(invalid("a repository needs an address"));
    }
    if address.starts_with('-') || address.contains(|c: char| c.is_control()) {
        return Err(invalid("the address of a repository starts with `-` or holds a control character"));
    }
    let Some((scheme, rest)) = address.split_once("://") else {
        let is_remote = address.split_once(':').is_some_and(|(host, _)| !host.contains('/'));
        if is_remote {
            return Ok((address.to_owned(), None, Source::ThisComputer));
        }
        let path = std::path::absolute(address)
            .map_err(|error| Error::io(format_args!("the repository `{address}`"), error))?;
        let path = path.to_str().ok_or_else(|| invalid("the path of the repository is not UTF-8"))?;
        return Ok((format!("file://{path}"), None, Source::ThisComputer));
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    if scheme != "file" && host.is_empty() {
        return Err(invalid("the address of the repository names no host"));
    }
    match scheme {
        "https" | "http" | "git" => {
            let credential = user.map(|user| {
                let (name, password) = user.split_once(':').unwrap_or((user, ""));
                Credential { username: percent_decoded(name), password: percent_decoded(password) }
            });
            Ok((format!("{scheme}://{host}/{path}"), credential, Source::Machine))
        }
        "ssh" => {
            // A user's name belongs to an ssh address; a password has no place in one.
            let user = user.map(|user| user.split(':').next().unwrap_or(user));
            let user = user.map_or(String::new(), |user| format!("{user}@"));
            Ok((format!("ssh://{user}{host}/{path}"), None, Source::ThisComputer))
        }
        "file" => Ok((format!("file://{rest}"), None, Source::ThisComputer)),
        _ => Err(invalid(&format!("repositories cannot be cloned by `{scheme}://`"))),
    }
}

/// The last part of an address that can be a directory's name.
fn name(url: &str) -> Option<String> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => url,
    };
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix("/.git").unwrap_or(path);
    let last = path.rsplit(['/', ':']).next()?;
    let name = last.strip_suffix(".git").unwrap_or(last);
    let fine = !name.is_empty() && name != "." && name != ".." && !name.contains(|c: char| c.is_control());
    fine.then(|| name.to_owned())
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = (first == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_of_addresses_are_read() {
        let parse = |text: &str| {
            let repo = RepoSpec::parse(text).unwrap();
            (repo.to_string(), repo.name().to_owned(), repo.source())
        };
        let (machine, here) = (Source::Machine, Source::ThisComputer);
        for (text, shown, name, source) in [
            ("https://example.com/a/tool.git", "https://example.com/a/tool.git", "tool", machine),
            ("https://example.com/a/tool/#v1.2", "https://example.com/a/tool/#v1.2", "tool", machine),
            ("git@example.com:a/tool.git#main:src/x", "git@example.com:a/tool.git#main:src/x", "tool", here),
            ("host:tool", "host:tool", "tool", here),
            ("ssh://git@example.com:22/a/tool", "ssh://git@example.com:22/a/tool", "tool", here),
            ("file:///srv/tool.git#:docs", "file:///srv/tool.git#:docs", "tool", here),
            ("/srv/tool/.git", "file:///srv/tool/.git", "tool", here),
        ] {
            assert_eq!(parse(text), (shown.to_owned(), name.to_owned(), source), "{text}");
        }
        let relative = RepoSpec::parse("tool").unwrap();
        assert!(relative.url().starts_with("file:///") && relative.name() == "tool");
    }

    #[test]
    fn a_credential_is_taken_out_and_shown_nowhere() {
        let repo = RepoSpec::parse("https://me:hun%40ter2@example.com/a/tool#main").unwrap();
        let credential = repo.credential().unwrap();
        assert_eq!((credential.username.as_str(), credential.password.as_str()), ("me", "hun@ter2"));
        assert_eq!(repo.url(), "https://example.com/a/tool");
        assert!(!format!("{repo:?} {repo} {credential:?}").contains("ter2"));
        let error = RepoSpec::parse("https://me:hunter2@example.com/a/tool#main:../x").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        let ssh = RepoSpec::parse("ssh://git:hunter2@example.com/a/tool").unwrap();
        assert_eq!(ssh.url(), "ssh://git@example.com/a/tool");
    }

    #[test]
    fn a_credential_is_added_where_there_is_none() {
        let repo = RepoSpec::parse("https://example.com:8443/a/tool").unwrap();
        assert_eq!(repo.https_host(), Some("example.com:8443"));
        let repo = repo.with_credential("me", "hunter2").with_credential("you", "other");
        assert_eq!(repo.credential().unwrap().password, "hunter2");
        assert!(!format!("{repo:?} {repo}").contains("hunter2"));
        for other in ["http://example.com/a/tool", "ssh://git@example.com/a/tool", "file:///srv/tool"] {
            assert_eq!(RepoSpec::parse(other).unwrap().https_host(), None);
        }
        let sent = RepoSpec::parse("git@example.com:a/tool").unwrap().with_credential("me", "hunter2");
        assert!(sent.credential().is_none());
    }

    #[test]
    fn what_leads_out_or_passes_for_an_option_is_refused() {
        for text in [
            "",
            "#main",
            "--upload-pack=evil",
            "https://h/a/tool#--evil",
            "https://h/a/tool#main:../x",
            "https://h/a/tool#main:/etc",
            "https:///tool",
            "https://h/",
            "ext::sh -c evil://x",
            "/",
        ] {
            assert_eq!(RepoSpec::parse(text).map_err(|error| error.kind()), Err(ErrorKind::Invalid), "{text}");
        }
    }
}
