//! What is asked for when a machine is created, in words that every provider understands.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, MachineName, OsText, Price, Result, VolumeId};

/// What is asked for when a machine is created. Only the name has no default.
#[derive(Debug, Clone)]
pub struct MachineSpec {
    /// Its name; also its host name.
    pub name: MachineName,
    /// A neutral image name (`debian-12`, `ubuntu-24.04`), or one of the provider's own. The provider's default otherwise.
    pub image: Option<String>,
    /// How big.
    pub size: SizeRequest,
    /// Regions in order of preference; the provider's default where empty.
    pub regions: Vec<String>,
    /// The machine's own command; without one it idles until it is stopped.
    pub command: Vec<OsText>,
    /// Variables for the machine's own command. They can be read by whoever can inspect the machine: secrets go into
    /// `files`.
    pub env: Vec<EnvVar>,
    /// Where the machine's own command starts.
    pub workdir: Option<OsText>,
    /// Files to be there before the machine's own command starts.
    pub files: Vec<FileSpec>,
    /// A cloud-init document, for providers whose images read one.
    pub user_data: Option<SecretString>,
    /// Names or ids of registered ssh keys.
    pub ssh_keys: Vec<String>,
    /// Labels of the caller's own. Ours are added by the provider and taken off again when it answers.
    pub labels: BTreeMap<String, String>,
    /// Tags of the caller's own, before everything else that is written on the machine.
    pub tags: Vec<String>,
    /// Volumes to attach before it starts.
    pub volumes: Vec<VolumeMount>,
    /// Directories of this computer to show inside; only `local` can.
    pub mounts: Vec<Mount>,
    /// Which network it has.
    pub network: Network,
    /// Ports to publish.
    pub ports: Vec<Port>,
    /// Refuse to create it at a higher price than this.
    pub max_price: Option<Price>,
    /// Settings that only one provider knows.
    pub options: TypedOptions,
}

impl MachineSpec {
    /// A machine called `name` that has the provider's defaults and idles.
    pub fn new(name: MachineName) -> Self {
        Self {
            name,
            image: None,
            size: SizeRequest::Default,
            regions: Vec::new(),
            command: Vec::new(),
            env: Vec::new(),
            workdir: None,
            files: Vec::new(),
            user_data: None,
            ssh_keys: Vec::new(),
            labels: BTreeMap::new(),
            tags: Vec::new(),
            volumes: Vec::new(),
            mounts: Vec::new(),
            network: Network::Default,
            ports: Vec::new(),
            max_price: None,
            options: TypedOptions::default(),
        }
    }
}

/// How big a machine is to be.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum SizeRequest {
    /// The provider's default.
    #[default]
    Default,
    /// One of the provider's sizes by name.
    Named(String),
    /// At least this much; the cheapest size that has it.
    Need {
        /// Processors; a fraction of one where the provider can limit to that.
        cpus: Option<f64>,
        /// Memory in MiB.
        memory_mib: Option<u64>,
    },
}

/// One environment variable.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvVar {
    /// Its name.
    pub name: OsText,
    /// Its value.
    pub value: OsText,
}

impl EnvVar {
    /// A variable of that name and value.
    pub fn new(name: impl Into<OsText>, value: impl Into<OsText>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

impl fmt::Debug for EnvVar {
    /// The name only: people put tokens into variables whatever the documentation says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}=..", self.name)
    }
}

/// A file to be there before the machine's own command starts. It is kept in memory inside the machine wherever the
/// provider can do that, and is never written to this computer's disk.
#[derive(Clone)]
pub struct FileSpec {
    /// Its absolute path inside.
    pub path: String,
    /// Its contents.
    pub contents: SecretSlice<u8>,
    /// Its permission bits.
    pub mode: u32,
}

impl FileSpec {
    /// A file that only its owner can read.
    pub fn private(path: impl Into<String>, contents: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), contents: SecretSlice::from(contents.into()), mode: 0o400 }
    }
}

impl fmt::Debug for FileSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileSpec({}, {} bytes, {:o})", self.path, self.contents.expose_secret().len(), self.mode)
    }
}

/// A volume, and where it shows inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeMount {
    /// Which.
    pub volume: VolumeId,
    /// The absolute path inside.
    pub path: String,
}

/// A directory or file of this computer, and where it shows inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The absolute path on this computer.
    pub source: OsText,
    /// The absolute path inside.
    pub target: OsText,
    /// Whether the machine may write to it.
    pub writable: bool,
}

/// Which network a machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Network {
    /// The provider's usual one; on this computer, the computer's own.
    #[default]
    Default,
    /// None but its loopback; published ports still reach it.
    None,
}

/// A port of the machine that can be reached from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// The port outside.
    pub host: u16,
    /// The port inside.
    pub guest: u16,
}

/// The typed settings of one provider, as a caller hands them over and as they travel.
pub trait ProviderOptions: Serialize + DeserializeOwned {
    /// The kind of provider that they are for.
    const PROVIDER: &'static str;
}

/// Settings for providers, each under the kind that it is for. What one provider is told never disturbs another.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TypedOptions(BTreeMap<String, serde_json::Value>);

impl TypedOptions {
    /// Hands over `options`, in place of any of their kind.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when they cannot be written as JSON.
    pub fn set<T: ProviderOptions>(&mut self, options: &T) -> Result<()> {
        let value = serde_json::to_value(options).map_err(|error| {
            Error::new(ErrorKind::Invalid, format!("the options for provider `{}` cannot be written", T::PROVIDER))
                .with_source(error)
        })?;
        self.0.insert(T::PROVIDER.to_owned(), value);
        Ok(())
    }

    /// The options of `T`'s kind, where any were set.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when they are not of its shape.
    pub fn get<T: ProviderOptions>(&self) -> Result<Option<T>> {
        self.0
            .get(T::PROVIDER)
            .map(|value| {
                T::deserialize(value).map_err(|error| {
                    Error::new(ErrorKind::Invalid, format!("the options for provider `{}`: {error}", T::PROVIDER))
                })
            })
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(deny_unknown_fields)]
    struct Fly {
        kernel_args: Vec<String>,
    }

    impl ProviderOptions for Fly {
        const PROVIDER: &'static str = "fly";
    }

    #[test]
    fn options_come_back_typed() {
        let mut options = TypedOptions::default();
        assert_eq!(options.get::<Fly>().unwrap(), None);
        options.set(&Fly { kernel_args: vec!["quiet".into()] }).unwrap();
        assert_eq!(options.get::<Fly>().unwrap(), Some(Fly { kernel_args: vec!["quiet".into()] }));
        let wrong: TypedOptions = serde_json::from_str(r#"{"fly":{"kernal_args":[]}}"#).unwrap();
        assert!(wrong.get::<Fly>().unwrap_err().to_string().contains("kernal_args"));
    }

    #[test]
    fn debug_shows_neither_file_contents_nor_values() {
        let mut spec = MachineSpec::new("web-1".parse().unwrap());
        spec.files.push(FileSpec::private("/run/secrets/token", *b"hunter2"));
        spec.env.push(EnvVar::new("TOKEN", "hunter2"));
        spec.user_data = Some("hunter2".into());
        assert!(!format!("{spec:?}").contains("hunter2"));
    }
}
