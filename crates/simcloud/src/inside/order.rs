//! What a machine is told when it boots.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::inside::{KEPT, ORDER, disk};

/// The largest order that is read.
const LONGEST: u64 = 4 << 20;

/// What a machine is told.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The name of what hands it over, as cloud-init calls it.
    pub(crate) source: String,
    /// The cloud's id of the machine.
    pub(crate) id: String,
    /// What it calls itself until its user data says otherwise.
    pub(crate) hostname: String,
    /// The public keys of the account, for root.
    pub(crate) keys: Vec<String>,
    /// The user data, in base64.
    pub(crate) user_data: String,
}

impl Order {
    /// As it is handed over.
    pub(crate) fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The one that this machine was handed, now or at an earlier boot.
    pub(super) fn read() -> io::Result<Self> {
        let kept = Path::new(KEPT).join("order.json");
        match read_small(Path::new(ORDER)) {
            Ok(json) => {
                let order = serde_json::from_slice(&json)?;
                disk::write_private(&kept, &json)?;
                Ok(order)
            }
            // It was handed over in memory, which does not outlive the computer.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(serde_json::from_slice(&read_small(&kept)?)?),
            Err(error) => Err(error),
        }
    }
}

fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.len() > LONGEST {
        return Err(io::Error::other("it is too large"));
    }
    fs::read(path)
}

impl fmt::Debug for Order {
    /// Without the user data, which holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order").field("id", &self.id).finish_non_exhaustive()
    }
}
