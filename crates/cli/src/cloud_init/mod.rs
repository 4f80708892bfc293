//! What a machine of a type is set up by: a cloud-init configuration, built as data and written in one way.

mod setup;
mod shell;
mod yaml;

pub(crate) use setup::{Setup, user_data};
