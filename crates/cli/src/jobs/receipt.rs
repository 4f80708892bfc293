//! What a job was, how it ended and that its machine is gone, in one document that says when it was changed.

use std::io::Read as _;

use jiff::Timestamp;
use machine_core::{Error, ErrorKind, Money, Result};
use serde::{Deserialize, Serialize};

use super::facts::Gone;
use super::{Asked, Ended, Facts, Store};

/// The version of receipts.
const VERSION: u32 = 1;
/// Keeps these hashes apart from any other use of the same words.
const ASKED: &str = "machine 2026 what was asked for";
const RECEIPT: &str = "machine 2026 receipt";
const OUTPUT: &str = "machine 2026 what a job told";
/// How much of the output is read at once.
const PIECE: usize = 64 * 1024;

/// A receipt. Its fields stand in the order in which they are hashed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Receipt {
    /// [`VERSION`].
    version: u32,
    /// The job's id.
    pub(crate) job: String,
    /// What was asked for.
    asked: Asked,
    /// The hash of that.
    asked_hash: String,
    /// The section of the configuration whose account paid.
    account: String,
    /// The kind of provider that had the machine.
    provider: Option<String>,
    /// The machine's id.
    machine: Option<String>,
    /// What it was made from, in the provider's words.
    image: Option<String>,
    /// When the job was asked for.
    begun_at: Timestamp,
    /// When its machine was there.
    started_at: Option<Timestamp>,
    /// How it ended.
    ended: Ended,
    /// What it told, as it is kept.
    output: Output,
    /// What the machine has cost, at most, in millionths of a dollar; nothing where nobody knows its price.
    cost: Option<Money>,
    /// What shows that the machine is gone.
    gone: Option<Gone>,
    /// The hash of all of this.
    hash: String,
}

/// What a job told, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Output {
    /// How many bytes of events.
    bytes: u64,
    /// Their hash.
    hash: String,
}

impl Receipt {
    /// The receipt of a job.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] for one that has not ended; what it told that cannot be read.
    pub(crate) fn of(store: &Store, facts: &Facts) -> Result<Self> {
        let Some(ended) = facts.ended.clone() else {
            let what = format!("the job `{}` has no end that is known, and so no receipt", facts.id);
            return Err(Error::new(ErrorKind::Conflict, what));
        };
        let mut receipt = Self {
            version: VERSION,
            job: facts.id.clone(),
            asked: facts.asked.clone(),
            asked_hash: hash(ASKED, &facts.asked)?,
            account: facts.account.clone(),
            provider: facts.provider.clone(),
            machine: facts.machine.clone(),
            image: facts.image.clone(),
            begun_at: facts.begun_at,
            started_at: facts.started_at,
            ended,
            output: Output::of(store, facts)?,
            cost: facts.cost,
            gone: facts.gone.clone(),
            hash: String::new(),
        };
        receipt.hash = hash(RECEIPT, &receipt)?;
        Ok(receipt)
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for what is none.
    pub(crate) fn parse(text: &[u8]) -> Result<Self> {
        let receipt: Self = serde_json::from_slice(text)
            .map_err(|error| Error::new(ErrorKind::Invalid, format!("this is no receipt: {error}")))?;
        if receipt.version != VERSION {
            let what = format!("the receipt is of version {}, and this program knows {VERSION}", receipt.version);
            return Err(Error::new(ErrorKind::Invalid, what));
        }
        Ok(receipt)
    }

    /// What speaks against it, a sentence each: that it was changed, or that it says something else than what is kept of the
    /// job here.
    ///
    /// # Errors
    /// What is kept and cannot be read.
    pub(crate) fn flaws(&self, store: &Store) -> Result<Vec<String>> {
        let mut flaws = Vec::new();
        let unsealed = Self { hash: String::new(), ..self.clone() };
        if hash(RECEIPT, &unsealed)? != self.hash || hash(ASKED, &self.asked)? != self.asked_hash {
            flaws.push("it was changed after it was written: its hash is another".to_owned());
        }
        if let Ok(facts) = store.find(&self.job)
            && facts.id == self.job
            && Self::of(store, &facts)? != *self
        {
            flaws.push("what is kept of the job here says something else".to_owned());
        }
        Ok(flaws)
    }

    /// Whether it says that the machine is gone, or that there was none.
    pub(crate) fn leaves_nothing(&self) -> bool {
        self.gone.is_some() || self.machine.is_none()
    }
}

impl Output {
    fn of(store: &Store, facts: &Facts) -> Result<Self> {
        let unreadable = |error| Error::io(format_args!("what the job `{}` told cannot be read", facts.id), error);
        let (mut file, mut hasher) = (store.events(facts)?, blake3::Hasher::new_derive_key(OUTPUT));
        let (mut piece, mut bytes) = (vec![0; PIECE], 0);
        loop {
            let read = file.read(&mut piece).map_err(unreadable)?;
            if read == 0 {
                return Ok(Self { bytes, hash: hasher.finalize().to_hex().to_string() });
            }
            hasher.update(&piece[..read]);
            bytes += read as u64;
        }
    }
}

/// The hash of a value as JSON.
fn hash(context: &str, value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_vec(value)
        .map_err(|error| Error::new(ErrorKind::Protocol, format!("a receipt is no JSON: {error}")))?;
    Ok(blake3::Hasher::new_derive_key(context).update(&text).finalize().to_hex().to_string())
}
