//! The API's own words: what is sent, and what comes back.

pub(crate) mod answers;
pub(crate) mod requests;
