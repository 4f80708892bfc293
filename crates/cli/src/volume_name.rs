//! Volumes by the name that a person gives them.

use machine_core::{Error, ErrorKind, Result, Volume, Volumes, nearest};

use crate::app::App;

/// The provider's volumes.
///
/// # Errors
/// `Unsupported` where it has none to give.
pub(crate) fn of(app: &App) -> Result<&dyn Volumes> {
    app.provider().volumes().ok_or_else(|| Error::unsupported(app.provider().info().kind, "volumes"))
}

/// All volumes of the account.
///
/// # Errors
/// As [`of`] and [`Volumes::list`].
pub(crate) async fn all(app: &App) -> Result<Vec<Volume>> {
    of(app)?.list().await
}

/// The volume of that name or id.
///
/// # Errors
/// `NotFound` with the nearest names; `Conflict` with the ids where several have the name.
pub(crate) fn among<'a>(volumes: &'a [Volume], wanted: &str) -> Result<&'a Volume> {
    if let Some(volume) = volumes.iter().find(|volume| volume.id.as_str() == wanted) {
        return Ok(volume);
    }
    let mut named = volumes.iter().filter(|volume| volume.name == wanted);
    match (named.next(), named.next()) {
        (Some(volume), None) => Ok(volume),
        (Some(_), Some(_)) => {
            let ids: Vec<_> =
                volumes.iter().filter(|volume| volume.name == wanted).map(|volume| volume.id.as_str()).collect();
            let text = format!("several volumes are called `{wanted}`; name one by its id: {}", ids.join(", "));
            Err(Error::new(ErrorKind::Conflict, text))
        }
        (None, _) => {
            let near = nearest(wanted, volumes.iter().map(|volume| volume.name.as_str()));
            let error = Error::not_found("volume", wanted);
            Err(match near.as_slice() {
                [] => error.with_hint("`machine volumes list` shows what there is"),
                near => error.with_hint(format!("did you mean {}?", near.join(", "))),
            })
        }
    }
}
