//! What travels: requests, which are written in strings, and answers, which are objects. They are never the same type.

mod answer;
mod request;

pub(crate) use answer::*;
pub(crate) use request::*;
