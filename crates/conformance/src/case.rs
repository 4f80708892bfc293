//! A case: a name that says what is promised, what it needs, and how it is tried.

use futures::future::BoxFuture;

use crate::bench::Bench;
use crate::need::Need;
use crate::outcome::Outcome;

/// A case.
pub(crate) struct Case {
    /// `method::what_is_promised`.
    pub(crate) name: &'static str,
    /// What has to be there.
    pub(crate) needs: &'static [Need],
    /// Tries it.
    pub(crate) run: for<'a> fn(&'a Bench) -> BoxFuture<'a, Outcome>,
}

impl Case {
    /// Whether it must have the account for itself.
    pub(crate) fn is_alone(&self) -> bool {
        self.needs.contains(&Need::Cloud)
    }
}

/// The cases of one group, each a function of this module under its name.
macro_rules! cases {
    ($group:literal: $($name:ident [$($need:ident),*],)+) => {
        /// The cases of this group.
        pub(super) const CASES: &[$crate::case::Case] = &[$($crate::case::Case {
            name: concat!($group, "::", stringify!($name)),
            needs: &[$($crate::need::Need::$need),*],
            run: |bench| Box::pin($name(bench)),
        }),+];
    };
}
