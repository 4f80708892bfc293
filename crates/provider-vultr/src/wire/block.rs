//! Blocks, which are this cloud's volumes.

use serde::{Deserialize, Serialize};

use super::listing::Wrapped;
use super::number::{or_default, whole};

/// A request for a block.
#[derive(Debug, Serialize)]
pub(crate) struct CreateBlock {
    pub(crate) region: String,
    pub(crate) size_gb: u64,
    pub(crate) label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) block_type: Option<&'static str>,
}

/// What is to change about a block.
#[derive(Debug, Default, Serialize)]
pub(crate) struct ChangeBlock {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size_gb: Option<u64>,
}

/// Attaches a block.
#[derive(Debug, Serialize)]
pub(crate) struct Attach<'a> {
    pub(crate) instance_id: &'a str,
    /// Without it, the instance is rebooted.
    pub(crate) live: bool,
}

/// Detaches a block.
#[derive(Debug, Serialize)]
pub(crate) struct Detach {
    /// Without it, the instance is rebooted.
    pub(crate) live: bool,
}

/// A block.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Block {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) label: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) status: String,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) size_gb: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) region: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) attached_to_instance: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) date_created: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) mount_id: String,
}

impl Wrapped for Block {
    const ONE: &'static str = "block";
    const MANY: &'static str = "blocks";

    fn key(&self) -> String {
        self.id.clone()
    }
}
