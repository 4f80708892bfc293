//! The volumes of the account.

use machine_core::{Error, Result, Volume, Volumes};

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
