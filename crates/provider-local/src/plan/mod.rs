//! From a wish to a record: everything that can be refused is refused here, before anything is made.

mod checks;
mod creator_env;
mod environment;
mod mounts;
mod size;
mod toolchains;

use jiff::Timestamp;
use machine_core::{Error, ErrorKind, Intent, MachineSpec, Mount, Network, OsText, Result};
use secrecy::ExposeSecret as _;

pub(crate) use checks::{MAX_LABEL, MAX_VOLUMES, check_command, check_inside, check_label};
pub(crate) use creator_env::CreatorEnv;
pub(crate) use size::{Computer, WHOLE};

use crate::isolation::Isolation;
use crate::options::LocalOptions;
use crate::order::FileOrder;
use crate::record::{SCHEMA, SpecRecord};

/// What a machine on this computer is planned from, besides the wish.
#[derive(Debug)]
pub(crate) struct Planner<'a> {
    /// The creator's environment.
    pub(crate) creator: &'a CreatorEnv,
    /// The computer.
    pub(crate) computer: Computer,
    /// The state directory, which is never shown inside.
    pub(crate) state_dir: &'a std::path::Path,
    /// How far machines are kept apart where they do not say so themselves.
    pub(crate) isolation: Isolation,
    /// What every machine shows.
    pub(crate) mounts: &'a [Mount],
}

/// A machine's record, and its files, which are no part of it.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What is written down.
    pub(crate) record: SpecRecord,
    /// What is only handed over.
    pub(crate) files: Vec<FileOrder>,
}

/// The id of the machine that `intent` makes.
pub(crate) fn machine_id(intent: machine_core::IntentId) -> String {
    format!("m-{intent}")
}

impl Planner<'_> {
    /// The record of the machine that `spec` asks for.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] and [`ErrorKind::Unsupported`], each with what to do instead.
    pub(crate) fn plan(&self, intent: &Intent, spec: &MachineSpec) -> Result<Plan> {
        self.refuse_what_is_not_here(spec)?;
        let options = spec.options.get::<LocalOptions>()?.unwrap_or_default();
        checks::check_spec(spec)?;
        if let Some(address) = options.address.filter(|address| !address.is_loopback()) {
            // Others could reach it, who have no business with a machine of this computer's.
            let message = format!("ports are published within 127.0.0.0/8, where {address} is not");
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        let limits = size::limits(&spec.size, options.pids, &self.computer)?;
        let home = self.creator.home();
        let toolchains = home.map_or_else(Vec::new, |home| toolchains::discover(home, self.creator, self.state_dir));
        let mut mounts = self.mounts.to_vec();
        mounts.extend(spec.mounts.iter().cloned());
        let mounts = mounts::check(mounts, self.state_dir, home)?;
        let shown = environment::Shown::new(&toolchains, &mounts);
        let home = OsText::from(home.unwrap_or(std::path::Path::new("/root")).as_os_str());
        let record = SpecRecord {
            schema: SCHEMA,
            id: machine_id(intent.id),
            name: spec.name.to_string(),
            hostname: options.hostname,
            intent: intent.clone(),
            created_at: Timestamp::now(),
            command: spec.command.clone(),
            env: environment::build(self.creator, &home, &shown, &spec.env),
            workdir: spec.workdir.clone(),
            labels: spec.labels.clone(),
            tags: spec.tags.clone(),
            network: spec.network,
            ports: spec.ports.clone(),
            address: options.address,
            volumes: spec.volumes.clone(),
            mounts,
            toolchains,
            home,
            limits,
            isolation: options.isolation.unwrap_or(self.isolation),
            files: spec.files.len(),
        };
        let files = spec.files.iter().map(|file| FileOrder {
            path: OsText::from(file.path.as_str()),
            contents: OsText::from(file.contents.expose_secret().to_vec()),
            mode: file.mode,
        });
        Ok(Plan { record, files: files.collect() })
    }

    fn refuse_what_is_not_here(&self, spec: &MachineSpec) -> Result<()> {
        if let Some(image) = spec.image.as_deref().filter(|image| *image != crate::catalog::IMAGE) {
            return Err(Error::unsupported(crate::KIND, format_args!("make a machine from image `{image}`"))
                .with_hint(
                    "machines on this computer are made from its own system; leave the image out, or say `host`",
                ));
        }
        if !spec.regions.is_empty() && !spec.regions.iter().any(|region| region == crate::catalog::REGION) {
            let message = format!("provider `local` has no region `{}`", spec.regions.join("`, `"));
            return Err(Error::new(ErrorKind::Invalid, message).with_hint("its only region is `local`"));
        }
        if spec.user_data.is_some() {
            return Err(Error::unsupported(crate::KIND, "read a cloud-init document")
                .with_hint("give the machine a command, or files, instead"));
        }
        if !spec.ssh_keys.is_empty() {
            return Err(Error::unsupported(crate::KIND, "register ssh keys")
                .with_hint("no key is needed here: machine exec NAME -- CMD"));
        }
        if !spec.ports.is_empty() && spec.network != Network::None {
            let message = "ports are published only for a machine without a network of its own";
            return Err(Error::new(ErrorKind::Invalid, message).with_hint(
                "add `--net none`; otherwise the machine has the computer's own network, where what listens can be reached as it is",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
