//! What an account has, by the name or the id that a person gives.

use machine_core::{Error, ErrorKind, Result, Snapshot, SshKey, Volume, nearest};

/// Something that has an id and a name, of which only the id is sure to be one of its kind.
pub(crate) trait Named {
    /// What it is, in an error's words.
    const WHAT: &'static str;
    /// The command that lists all of its kind.
    const LISTED_BY: &'static str;

    /// The provider's id.
    fn id(&self) -> &str;

    /// Its name.
    fn name(&self) -> &str;
}

macro_rules! named {
    ($($kind:ident: $what:literal, $listed_by:literal;)+) => {$(
        impl Named for $kind {
            const WHAT: &'static str = $what;
            const LISTED_BY: &'static str = $listed_by;

            fn id(&self) -> &str {
                self.id.as_str()
            }

            fn name(&self) -> &str {
                &self.name
            }
        }
    )+};
}

named! {
    Snapshot: "snapshot", "machine snapshots list";
    SshKey: "registered ssh key", "machine ssh-keys";
    Volume: "volume", "machine volumes list";
}

/// The one of that name or id.
///
/// # Errors
/// `NotFound` with the nearest names; `Conflict` with the ids where several have the name.
pub(crate) fn among<'a, T: Named>(all: &'a [T], wanted: &str) -> Result<&'a T> {
    if let Some(found) = all.iter().find(|one| one.id() == wanted) {
        return Ok(found);
    }
    let named: Vec<_> = all.iter().filter(|one| one.name() == wanted).collect();
    match named.as_slice() {
        [one] => Ok(one),
        [] => {
            let near = nearest(wanted, all.iter().map(Named::name));
            let error = Error::not_found(T::WHAT, wanted);
            Err(match near.as_slice() {
                [] => error.with_hint(format!("`{}` shows what there is", T::LISTED_BY)),
                near => error.with_hint(format!("did you mean {}?", near.join(", "))),
            })
        }
        several => {
            let ids: Vec<_> = several.iter().map(|one| one.id()).collect();
            let text = format!("several {}s are called `{wanted}`; name one by its id: {}", T::WHAT, ids.join(", "));
            Err(Error::new(ErrorKind::Conflict, text))
        }
    }
}

#[cfg(test)]
mod tests {
    use machine_core::SshKeyId;

    use super::*;

    fn key(id: &str, name: &str) -> SshKey {
        let (id, name) = (SshKeyId::new(id), name.to_owned());
        SshKey { id, name, public_key: String::new(), fingerprint: None }
    }

    #[test]
    fn an_id_comes_before_a_name_and_a_name_of_two_is_nobodys() {
        let keys = [key("1", "laptop"), key("2", "laptop"), key("3", "1"), key("4", "desk")];
        assert_eq!(among(&keys, "1").unwrap().id.as_str(), "1");
        assert_eq!(among(&keys, "desk").unwrap().id.as_str(), "4");
        let error = among(&keys, "laptop").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().ends_with("name one by its id: 1, 2"), "{error}");
        let error = among(&keys, "desj").unwrap_err();
        assert_eq!((error.kind(), error.hint()), (ErrorKind::NotFound, Some("did you mean desk?")));
        let error = among(&keys, "office").unwrap_err();
        assert_eq!(error.hint(), Some("`machine ssh-keys` shows what there is"));
    }
}
