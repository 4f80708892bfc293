//! The suite that every provider passes.
//!
//! Each sentence of each contract in [`CloudProvider`](machine_core::CloudProvider) and its sub-traits is held by a case with
//! a name, or the [`contract`] says why nobody can see it from outside. A provider gets all of it with one line: a test
//! without the usual harness (`harness = false` in its `Cargo.toml`) that names what is tested.
//!
//! ```no_run
//! # struct Hetzner;
//! # impl machine_core::ProviderKind for Hetzner {
//! #     type Config = serde_json::Value;
//! #     const INFO: machine_core::ProviderInfo =
//! #         machine_core::ProviderInfo { kind: "hetzner", title: "Hetzner", documentation: "https://example.org" };
//! #     const ALIASES: &'static [&'static str] = &[];
//! #     const ENVIRONMENT: &'static [machine_core::EnvSetting] = &[];
//! #     fn open(_: Self::Config, _: &machine_core::OpenContext) -> machine_core::Result<machine_core::Opened> {
//! #         Err(machine_core::Error::unsupported("hetzner", "be more than an example"))
//! #     }
//! # }
//! // tests/conformance.rs
//! machine_conformance::main!(machine_conformance::KindSubject::<Hetzner>::new(serde_json::json!({})));
//! ```
//!
//! What a provider cannot do is data, its [`Capabilities`](machine_core::Capabilities): cases for it are skipped, with the
//! capability as the reason. What ran and what was skipped is kept in `tests/conformance.snap` beside the test;
//! `MACHINE_UPDATE_SNAPSHOTS=1` writes it. What the surroundings lack (no way to lose an answer on purpose, no second
//! credential) is skipped with its reason too, unless `MACHINE_REQUIRE` names the case: `all`, or beginnings of names with
//! commas between.
//!
//! The cases run commands, and expect of a machine what POSIX has: `sh`, `cat`, `sleep`, `head`, `ls`.

#![forbid(unsafe_code)]

#[macro_use]
mod outcome;

mod bench;
#[macro_use]
mod case;
mod cases;
mod cloud;
pub mod contract;
mod kind_subject;
mod live;
mod need;
mod program;
mod report;
mod require;
mod snapshot;
mod subject;
mod suite;

pub use cloud::{Cloud, Fault};
pub use kind_subject::KindSubject;
pub use live::live;
pub use program::run;
pub use report::{Report, Verdict};
pub use subject::Subject;
pub use suite::{case_names, check};

/// The `main` of a provider's `tests/conformance.rs`.
///
/// A provider whose machines are supervised by the same program run again says after `first` what such a program does before
/// anything else: an `Option<ExitCode>`, with which it ends where there is one.
#[macro_export]
macro_rules! main {
    ($subject:expr) => {
        $crate::main!($subject, first: ::core::option::Option::None::<::std::process::ExitCode>);
    };
    ($subject:expr, first: $first:expr) => {
        fn main() -> ::std::process::ExitCode {
            if let Some(code) = $first {
                return code;
            }
            $crate::run($subject, concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance.snap"))
        }
    };
}

/// The `main` of a provider's `tests/live.rs`: the suite in front of a real account of that kind, where `MACHINE_LIVE` names it
/// and the environment has a credential. It spends money, at most `MACHINE_LIVE_LIMIT` US dollars (3 otherwise), and fails where
/// anything was left behind.
#[macro_export]
macro_rules! live {
    ($kind:ty) => {
        fn main() -> ::std::process::ExitCode {
            $crate::live::<$kind>(::serde_json::json!({}))
        }
    };
}
