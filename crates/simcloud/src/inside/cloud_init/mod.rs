//! What cloud-init does with user data, as far as a machine without packages and services can have it done.

mod config;
mod files;
mod parts;
mod report;
mod run;
mod users;

use std::fs;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_yaml::Value;

use crate::inside::order::Order;
use crate::inside::{accounts, disk, ssh};
use config::{Config, words};
use parts::Part;
use report::Report;

/// What it keeps of an instance.
const INSTANCE: &str = "/var/lib/cloud/instance";

/// A part of the boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// All that is to be there before somebody logs in.
    Network,
    /// What takes its time.
    Final,
}

/// One boot.
pub(super) struct Boot {
    id: String,
    keys: Vec<String>,
    hostname: String,
    config: Config,
    scripts: Vec<(String, Vec<u8>)>,
    hooks: Vec<(String, Vec<u8>)>,
    /// Whether this is the first one of the instance.
    first: bool,
    report: Report,
}

impl Boot {
    /// Reads the user data.
    ///
    /// # Errors
    /// Why there can be no report of it.
    pub(super) fn begin(order: &Order) -> io::Result<Self> {
        let instance = Path::new(INSTANCE);
        let first = !instance.join("boot-finished").exists();
        disk::make(&instance.join("scripts"), 0o700)?;
        let report = Report::begin(&order.source)?;
        let data = STANDARD.decode(order.user_data.trim()).unwrap_or_else(|error| {
            report.error("init", &format!("the user data is not base64: {error}"));
            Vec::new()
        });
        disk::write_private(&instance.join("user-data.txt"), &data)?;
        disk::write(&instance.join("datasource"), format!("{}\n", order.source).as_bytes(), 0o644)?;
        disk::write(Path::new("/run/cloud-init/instance-id"), format!("{}\n", order.id).as_bytes(), 0o644)?;
        disk::write(Path::new("/var/lib/cloud/data/instance-id"), format!("{}\n", order.id).as_bytes(), 0o644)?;
        let mut boot = Self {
            id: order.id.clone(),
            keys: order.keys.clone(),
            hostname: order.hostname.clone(),
            config: Config::default(),
            scripts: Vec::new(),
            hooks: Vec::new(),
            first,
            report,
        };
        for (number, part) in parts::split(&data, &boot.report).into_iter().enumerate() {
            boot.take(number + 1, part);
        }
        Ok(boot)
    }

    fn take(&mut self, number: usize, part: Part) {
        match part {
            Part::Config(text) => {
                let read = String::from_utf8(text)
                    .map_err(|error| error.to_string())
                    .and_then(|text| serde_yaml::from_str::<Value>(&text).map_err(|error| error.to_string()));
                match read {
                    Ok(value) => self.config.merge(value, &self.report),
                    Err(error) => self.report.error("init", &format!("Failed loading yaml blob. {error}")),
                }
            }
            Part::Script(text) => self.scripts.push((format!("part-{number:03}"), text)),
            Part::Hook(text) => self.hooks.push((format!("hook-{number:03}"), text)),
        }
    }

    /// Does a part of it.
    pub(super) fn run(&self, stage: Stage) {
        match stage {
            Stage::Network => self.network(),
            Stage::Final => self.finish(),
        }
    }

    fn network(&self) {
        for (name, script) in &self.hooks {
            self.check("init", run::script(&Path::new(INSTANCE).join("boothooks").join(name), script, &self.env()));
        }
        if let Some(commands) = self.config.get("bootcmd") {
            self.check("init", run::commands("bootcmd", commands, &self.env()));
        }
        self.check("init", self.set_hostname());
        if self.first {
            files::write_all(&self.config, false, &self.report);
            users::make_all(&self.config, &self.report);
            self.check("init", self.authorize());
            self.host_keys();
            self.packages();
        }
        self.check("init", ssh::make_host_key());
    }

    fn finish(&self) {
        if self.first {
            files::write_all(&self.config, true, &self.report);
            let scripts = Path::new(INSTANCE).join("scripts");
            if let Some(commands) = self.config.get("runcmd") {
                self.check("modules-final", run::commands("runcmd", commands, &self.env()));
            }
            for (name, script) in &self.scripts {
                self.check("modules-final", run::script(&scripts.join(name), script, &self.env()));
            }
        }
        let message = self.config.get("final_message").and_then(|message| words(message).into_iter().next());
        self.report.finish(message.as_deref());
        if self.first {
            let at = format!("{}\n", jiff::Timestamp::now());
            self.check("modules-final", disk::write(&Path::new(INSTANCE).join("boot-finished"), at.as_bytes(), 0o644));
        }
    }

    /// What its commands find around them.
    fn env(&self) -> Vec<(&'static str, String)> {
        vec![("INSTANCE_ID", self.id.clone())]
    }

    fn check(&self, stage: &str, done: io::Result<()>) {
        if let Err(error) = done {
            self.report.error(stage, &error.to_string());
        }
    }

    fn set_hostname(&self) -> io::Result<()> {
        let text = |key| self.config.get(key).and_then(|value| words(value).into_iter().next());
        let keeps = self.config.get("preserve_hostname").is_some_and(config::is_true);
        let fqdn = text("fqdn").filter(|_| !keeps);
        let wished = text("hostname").filter(|_| !keeps).or_else(|| fqdn.clone());
        let name = wished.unwrap_or_else(|| self.hostname.clone());
        let legal = |name: &str| {
            !name.is_empty()
                && name.len() <= 64
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        };
        if !legal(&name) {
            return Err(io::Error::other(format!("`{name}` cannot be a host name")));
        }
        let short = name.split('.').next().unwrap_or(&name);
        let long = fqdn.filter(|fqdn| legal(fqdn)).unwrap_or_else(|| name.clone());
        rustix::system::sethostname(short.as_bytes())?;
        disk::write(Path::new("/etc/hostname"), format!("{short}\n").as_bytes(), 0o644)?;
        let own = if long == short { short.to_owned() } else { format!("{long} {short}") };
        let hosts = format!("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 {own}\n");
        // What the user has written there stays.
        if self.first { disk::write(Path::new("/etc/hosts"), hosts.as_bytes(), 0o644) } else { Ok(()) }
    }

    /// The account's keys and those of the user data let in root, who is the default user of these clouds.
    fn authorize(&self) -> io::Result<()> {
        let mut keys = self.keys.clone();
        keys.extend(self.config.get("ssh_authorized_keys").map(words).unwrap_or_default());
        match accounts::find("root") {
            Some(root) => accounts::authorize(&root, &keys),
            None => Err(io::Error::other("there is no root")),
        }
    }

    fn host_keys(&self) {
        for algorithm in ["ed25519", "ecdsa"] {
            let key = self.config.get("ssh_keys").and_then(|keys| keys.get(format!("{algorithm}_private")));
            if let Some(key) = key.and_then(Value::as_str) {
                self.check("init", ssh::put_host_key(algorithm, key));
            }
        }
        if self.config.get("ssh_keys").is_some_and(|keys| keys.get("rsa_private").is_some()) {
            self.report.warn(
                "the RSA host key of the user data is not used: a simulated machine shows ed25519 and ecdsa keys",
            );
        }
    }

    /// Packages are written down, not installed: the programs are those of the computer.
    fn packages(&self) {
        let Some(packages) = self.config.get("packages") else { return };
        let names: Vec<String> = packages.as_sequence().into_iter().flatten().map(|one| words(one).join("=")).collect();
        let json = serde_json::to_vec_pretty(&names).unwrap_or_default();
        self.check("modules-final", disk::write(Path::new("/var/log/simcloud-packages.json"), &json, 0o644));
        self.report.warn(&format!("packages are recorded and not installed: {}", names.join(", ")));
    }
}

/// Adds a line to the machine's record of what its commands wrote.
fn output() -> io::Result<fs::File> {
    fs::OpenOptions::new().create(true).append(true).open("/var/log/cloud-init-output.log")
}
