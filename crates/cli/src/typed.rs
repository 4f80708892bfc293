//! What a type of machine adds to a wish.

use std::path::Path;

use machine_config::MachineType;
use machine_core::{EnvVar, Error, ErrorKind, MachineSpec, OsText, Result, SizeRequest, SshKey, VolumeMount, nearest};
use secrecy::{ExposeSecret as _, SecretString};

use crate::app::App;
use crate::cloud_init::{Setup, user_data};
use crate::{machine_args, named, volume_name};

/// A type, and what it is called.
#[derive(Debug)]
pub(crate) struct Typed {
    /// Its name as it was asked for.
    pub(crate) name: String,
    of: MachineType,
}

impl Typed {
    /// The type of that name, as it is at the account's kind of provider.
    ///
    /// # Errors
    /// A type that there is none of, or that cannot be read.
    pub(crate) fn find(app: &App, name: &str) -> Result<Self> {
        let kind = app.settings().kind();
        let of = app.setup().config.machine_type(name)?.at(kind.info().kind, kind.aliases());
        Ok(Self { name: name.to_owned(), of })
    }

    /// How long machines of the type may stay, as it is written.
    pub(crate) fn ttl(&self) -> Option<&str> {
        self.of.ttl.as_deref()
    }

    /// Fills in what the flags leave open.
    ///
    /// # Errors
    /// A volume that there is none of.
    pub(crate) async fn complete(&self, app: &App, spec: &mut MachineSpec) -> Result<()> {
        let of = &self.of;
        if spec.image.is_none() {
            spec.image.clone_from(&of.image);
        }
        if let (SizeRequest::Default, Some(size)) = (&spec.size, &of.machine_size) {
            spec.size = SizeRequest::Named(size.clone());
        }
        if spec.regions.is_empty() {
            spec.regions.extend(of.region.clone());
        }
        for (name, value) in &of.env {
            if spec.env.iter().all(|there| there.name.as_bytes() != name.as_bytes()) {
                spec.env.push(EnvVar { name: OsText::from(name.as_str()), value: OsText::from(value.as_str()) });
            }
        }
        if !of.volumes.is_empty() {
            let volumes = volume_name::all(app).await?;
            for (name, path) in &of.volumes {
                let volume = named::among(&volumes, name)?.id.clone();
                spec.volumes.push(VolumeMount { volume, path: path.clone() });
            }
        }
        Ok(())
    }

    /// Makes the machine set itself up: with its user and script, and with user data of the flags where there are any.
    ///
    /// # Errors
    /// A provider whose machines read no user data; a key that is not registered; what cannot be merged.
    pub(crate) async fn initialize(&self, app: &App, spec: &mut MachineSpec, fqdn: &str) -> Result<()> {
        let kind = app.provider().info().kind;
        if !app.provider().capabilities().user_data {
            if self.of.new_user_name.is_none() {
                return Ok(());
            }
            let what = format!("machines set themselves up by no user data, which the type `{}` needs", self.name);
            return Err(
                Error::unsupported(kind, what).with_hint("add --no-initialize to take only its size, image and region")
            );
        }
        let keys = public_keys(app, &spec.ssh_keys).await?;
        let own = match (spec.user_data.take(), self.of.user_data.as_deref()) {
            (Some(text), _) => Some((text, "`--user-data`".to_owned())),
            (None, Some(file)) => Some((machine_args::user_data(Path::new(file))?, format!("`{file}`"))),
            (None, None) => None,
        };
        let merged = own.as_ref().map(|(text, name)| (text.expose_secret(), name.as_str()));
        let setup = Setup { type_name: &self.name, fqdn, public_keys: &keys, merged };
        spec.user_data = Some(SecretString::from(user_data(&self.of, setup)?));
        Ok(())
    }
}

/// The public keys by these names, or those that the account's settings name.
async fn public_keys(app: &App, asked: &[String]) -> Result<Vec<String>> {
    let names: Vec<&str> = match asked {
        [] => app.settings().texts("ssh-key"),
        asked => asked.iter().map(String::as_str).collect(),
    };
    let Some(keys) = app.provider().ssh_keys().filter(|_| !names.is_empty()) else { return Ok(Vec::new()) };
    let keys = keys.list().await?;
    let title = app.provider().info().title;
    names.into_iter().map(|name| registered(&keys, name, title).map(|key| key.public_key.clone())).collect()
}

/// The registered key of that name, or of that id or fingerprint.
///
/// # Errors
/// `NotFound` with the nearest name.
pub(crate) fn registered<'a>(keys: &'a [SshKey], name: &str, title: &str) -> Result<&'a SshKey> {
    let named = keys.iter().find(|key| key.name == name);
    let meant = |key: &&SshKey| key.id.as_str() == name || key.fingerprint.as_deref() == Some(name);
    named.or_else(|| keys.iter().find(meant)).ok_or_else(|| {
        let error = Error::new(ErrorKind::NotFound, format!("SSH key '{name}' not found in {title}"));
        match nearest(name, keys.iter().map(|key| key.name.as_str())).first() {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None => error.with_hint("`machine ssh-keys` shows which there are"),
        }
    })
}
