//! What only machines on this computer can be told.

use std::net::Ipv4Addr;

use machine_core::ProviderOptions;
use serde::{Deserialize, Serialize};

use crate::isolation::Isolation;

/// Settings of one machine that only provider `local` knows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocalOptions {
    /// The most processes and threads that it may have at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<u64>,
    /// How far it is kept apart from the computer; as the configuration says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// Its host name, where that is not to be its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The address of this computer that its ports are published on; 127.0.0.1 otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Ipv4Addr>,
}

impl ProviderOptions for LocalOptions {
    const PROVIDER: &'static str = "local";
}

#[cfg(test)]
mod tests {
    use machine_core::TypedOptions;

    use super::*;

    #[test]
    fn options_travel() {
        let mut options = TypedOptions::default();
        let ours = LocalOptions { pids: Some(50), isolation: Some(Isolation::Process), ..LocalOptions::default() };
        options.set(&ours).unwrap();
        assert_eq!(serde_json::to_string(&options).unwrap(), r#"{"local":{"isolation":"process","pids":50}}"#);
        assert_eq!(options.get::<LocalOptions>().unwrap(), Some(ours));
    }
}
