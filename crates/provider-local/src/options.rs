//! What only machines on this computer can be told.

use machine_core::ProviderOptions;
use serde::{Deserialize, Serialize};

use crate::isolation::Isolation;

/// Settings of one machine that only provider `local` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocalOptions {
    /// The most processes and threads that it may have at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<u64>,
    /// How far it is kept apart from the computer; as the configuration says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
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
        let ours = LocalOptions { pids: Some(50), isolation: Some(Isolation::Process) };
        options.set(&ours).unwrap();
        assert_eq!(serde_json::to_string(&options).unwrap(), r#"{"local":{"isolation":"process","pids":50}}"#);
        assert_eq!(options.get::<LocalOptions>().unwrap(), Some(ours));
    }
}
