//! Every operation, its name and its place.

use axum::routing::MethodFilter as Method;

use crate::call::Call;
use crate::digitalocean::world::{Moment, World};
use crate::digitalocean::{Answer, account};

/// What an operation does.
type Handle = fn(&mut World, &Moment<'_>, &Call) -> Answer;

/// Name, method, path and deed of every operation.
pub(super) const ROUTES: &[(&str, Method, &str, Handle)] = &[("get_account", Method::GET, "/v2/account", account::get)];
