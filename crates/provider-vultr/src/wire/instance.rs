//! Instances.

use machine_core::Secret;
use serde::{Deserialize, Serialize, Serializer};

use super::listing::Wrapped;
use super::number::{or_default, whole};

/// A request for an instance. Exactly one of `os_id` and `snapshot_id` is there.
#[derive(Debug, Serialize)]
pub(crate) struct CreateInstance {
    pub(crate) region: String,
    pub(crate) plan: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) os_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) snapshot_id: Option<String>,
    pub(crate) label: String,
    pub(crate) hostname: String,
    pub(crate) tags: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) sshkey_id: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_data: Option<UserData>,
    pub(crate) enable_ipv6: bool,
    pub(crate) backups: &'static str,
    pub(crate) activation_email: bool,
}

/// User data in base64, which is shown to the cloud and to nobody else.
#[derive(Debug)]
pub(crate) struct UserData(pub(crate) Secret);

impl Serialize for UserData {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.expose())
    }
}

/// What is to change about an instance.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct ChangeInstance {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    /// All of them: a list takes the place of the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<Vec<String>>,
}

/// An instance.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Instance {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) label: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) hostname: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) status: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) power_status: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) server_status: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) main_ip: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) v6_main_ip: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) v6_networks: Vec<V6Network>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) internal_ip: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) region: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) plan: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) os: String,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) os_id: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) date_created: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) tags: Vec<String>,
}

/// A network of an instance for IPv6, as older answers have it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct V6Network {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) main_ip: String,
}

impl Wrapped for Instance {
    const ONE: &'static str = "instance";
    const MANY: &'static str = "instances";

    fn key(&self) -> String {
        self.id.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_may_lack_nearly_everything_and_its_password_is_never_read() {
        let text = r#"{"id":"a","tags":null,"v6_networks":null,"os_id":2136.0,"default_password":"hunter2","kvm":"https://k/?s=hunter2"}"#;
        let instance: Instance = serde_json::from_str(text).unwrap();
        assert_eq!((instance.id.as_str(), instance.os_id, instance.tags.len()), ("a", 2136, 0));
        assert!(!format!("{instance:?}").contains("hunter2"));
    }

    #[test]
    fn user_data_is_sent_and_not_shown() {
        let request = CreateInstance {
            region: "ewr".into(),
            plan: "vc2-1c-1gb".into(),
            os_id: Some(2136),
            snapshot_id: None,
            label: "web".into(),
            hostname: "web".into(),
            tags: Vec::new(),
            sshkey_id: Vec::new(),
            user_data: Some(UserData(Secret::new("aHVudGVyMg=="))),
            enable_ipv6: true,
            backups: "disabled",
            activation_email: false,
        };
        assert!(!format!("{request:?}").contains("aHVudGVyMg"));
        let body = serde_json::to_value(&request).unwrap();
        assert_eq!(body["user_data"], "aHVudGVyMg==");
        assert!(body.get("snapshot_id").is_none() && body.get("sshkey_id").is_none());
    }
}
