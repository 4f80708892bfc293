//! The fleet against a provider in memory that fails on demand, and its ledger against crashes, races and bad disks.
//!
//! Every module is `cfg(test)`, which is how clippy knows that helpers here may unwrap.

#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "what a test spawns, it waits for"))]

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod adopt;
#[cfg(test)]
mod belongings;
#[cfg(test)]
mod budget;
#[cfg(test)]
mod cancel;
#[cfg(test)]
mod create;
#[cfg(test)]
mod destroy;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod late;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod migrate;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod settle;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod volumes;
