//! The three clouds' providers, driven through everything that they do before the simulated clouds, and what they send held
//! against the published descriptions.

#[cfg(test)]
mod drive;
#[cfg(test)]
mod prism;
#[cfg(test)]
mod recorder;
#[cfg(test)]
mod rig;
#[cfg(test)]
#[path = "../../../crates/simcloud/tests/wire/spec.rs"]
mod spec;
#[cfg(test)]
mod spec_mock;
#[cfg(test)]
mod traffic;
