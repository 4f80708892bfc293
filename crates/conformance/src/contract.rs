//! Which case holds which sentence of the contracts in the documentation of `machine-core`'s traits.
//!
//! A test of this crate reads the documentation and compares: a sentence without a place here, and a place whose sentence is
//! gone, both fail.

mod living;
mod making;
mod parts;

/// A sentence of a contract.
#[derive(Debug, Clone, Copy)]
pub struct Sentence {
    /// What it says, without links and marks of code.
    pub says: &'static str,
    /// What holds it.
    pub held: Held,
}

/// What holds a sentence.
#[derive(Debug, Clone, Copy)]
pub enum Held {
    /// These cases.
    By(&'static [&'static str]),
    /// None, because nobody can see it from outside; why not.
    NotFromOutside(&'static str),
}

/// What a contract is about (a trait, or `Trait::method`), and its sentences.
pub type Contract = (&'static str, &'static [Sentence]);

/// All contracts.
pub fn contracts() -> impl Iterator<Item = &'static Contract> {
    making::ALL.iter().chain(living::ALL).chain(parts::ALL)
}

const fn by(says: &'static str, cases: &'static [&'static str]) -> Sentence {
    Sentence { says, held: Held::By(cases) }
}

const fn outside(says: &'static str, why: &'static str) -> Sentence {
    Sentence { says, held: Held::NotFromOutside(why) }
}
