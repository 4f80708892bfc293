//! The machines of one account, reached by ssh.

use std::ffi::OsString;
use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use machine_core::{
    Deadline, Effect, Error, ErrorKind, Exec, ExecSession, Intent, IntentId, Machine, MachineId, MachineState, OsText,
    Result, Shell,
};
use russh::keys::PublicKey;
use secrecy::SecretString;

use crate::first_boot::first_boot;
use crate::host_key::ed25519;
use crate::renew::renew;
use crate::{Connection, HostKey, Identities, Identity, Login, Target, Trust};

/// How long a machine that runs may take to let us in: one that has just started is not ready for a while.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long one try may take.
const TRY: Duration = Duration::from_secs(15);
/// How long nothing is tried after the machine did not answer.
const BREATH: Duration = Duration::from_millis(500);
/// How often is looked whether another program of this computer is done with a machine's keys.
const LOOK: Duration = Duration::from_millis(50);

/// How machines are reached.
#[derive(Debug, Clone)]
pub struct SshConfig {
    /// The directory in which is kept by what machines prove themselves, and by what they let us in.
    pub dir: PathBuf,
    /// Who logs in.
    pub user: String,
    /// The port of their ssh.
    pub port: u16,
    /// The file of the key to log in with; a key of its own for each machine otherwise.
    pub key_file: Option<PathBuf>,
    /// Where the ssh agent listens, which has the key where the file has not.
    pub agent: Option<PathBuf>,
    /// Who says by which key a machine proves itself.
    pub host_key: HostKeyFrom,
}

impl SshConfig {
    /// Root, at port 22, with keys that are kept in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            user: "root".to_owned(),
            port: 22,
            key_file: None,
            agent: None,
            host_key: HostKeyFrom::Ours,
        }
    }
}

/// Who says by which key a machine proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HostKeyFrom {
    /// We do, before it is there. Machines that others made are not reached.
    #[default]
    Ours,
    /// The machine does, when it is reached for the first time; from then on that key is wanted. Whoever is between us and
    /// the cloud can be in its place that once.
    FirstShown,
}

/// The machines of one account, reached by ssh.
#[derive(Debug, Clone)]
pub struct Ssh {
    config: Arc<SshConfig>,
    identities: Identities,
}

impl Ssh {
    /// With these settings. Touches nothing.
    pub fn new(config: SshConfig) -> Self {
        let identities = Identities::new(&config.dir);
        Self { config: Arc::new(config), identities }
    }

    /// The user data of a machine that is about to be asked for, so that it proves itself and lets us in. What is needed for
    /// that is on disk when this returns; [`bind`](Self::bind) says which machine it became, [`abandon`](Self::abandon) that
    /// it became none.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a login key that cannot be used, [`ErrorKind::Invalid`] for user data with host keys that are
    /// none, and where nothing can be kept.
    pub fn prepare(&self, intent: &Intent, users: Option<&SecretString>) -> Result<SecretString> {
        let (user_data, identity) = self.introduced(users)?;
        self.identities.begin(intent.id, &identity)?;
        Ok(user_data)
    }

    /// The user data as [`prepare`](Self::prepare) would have it, with keys that are forgotten at once.
    ///
    /// # Errors
    /// As there.
    pub fn rehearse(&self, users: Option<&SecretString>) -> Result<SecretString> {
        self.introduced(users).map(|(user_data, _)| user_data)
    }

    /// The user data with new keys in it, and what they are.
    fn introduced(&self, users: Option<&SecretString>) -> Result<(SecretString, Identity)> {
        let (login, made) = match self.given_login()? {
            Some(login) => (login.public().clone(), None),
            None => {
                let key = Arc::new(ed25519()?);
                (key.public_key().clone(), Some(key))
            }
        };
        let host_key = match self.config.host_key {
            HostKeyFrom::Ours => Some(HostKey::generate()?),
            HostKeyFrom::FirstShown => None,
        };
        let boot = first_boot(users, host_key.as_ref(), &[login])?;
        let birth = host_key.map(|key| key.public().clone()).filter(|key| boot.host_keys.contains(key));
        Ok((boot.user_data, Identity { host_keys: boot.host_keys, birth, login: made }))
    }

    /// Says which machine an intent made. Without effect where that was said before, or nothing was prepared.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn bind(&self, intent: IntentId, machine: &MachineId) -> Result<()> {
        self.identities.bind(intent, machine)
    }

    /// Forgets what was prepared for a machine that was not made. What cannot be removed harms nobody.
    pub fn abandon(&self, intent: IntentId) {
        if let Err(error) = self.identities.abandon(intent) {
            tracing::debug!(%error, "keys of a machine that was not made are still there");
        }
    }

    /// Forgets a machine that is gone. What cannot be removed harms nobody.
    pub fn forget(&self, machine: &MachineId) {
        if let Err(error) = self.identities.forget(machine) {
            tracing::debug!(%error, "keys of a machine that is gone are still there");
        }
    }

    /// Runs a command in a machine, with the contract of [`CloudProvider::exec`](machine_core::CloudProvider::exec).
    ///
    /// # Errors
    /// As [`connect`](Self::connect) and [`Connection::exec`] have them.
    pub async fn exec(&self, machine: &Machine, command: &Exec) -> Result<ExecSession> {
        self.connect(machine).await?.exec(command).await
    }

    /// A connection to a machine. The first one also replaces the host key that stood in the user data.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] for a machine that does not run, [`ErrorKind::Config`] for one of which nothing is known here,
    /// else as [`Connection::open`] has it. Nothing was done in the machine.
    pub async fn connect(&self, machine: &Machine) -> Result<Arc<Connection>> {
        self.connect_within(machine, PATIENCE).await
    }

    pub(crate) fn user(&self) -> &str {
        &self.config.user
    }

    pub(crate) async fn connect_within(&self, machine: &Machine, patience: Duration) -> Result<Arc<Connection>> {
        let (mut target, mut identity) = self.target(machine)?;
        let connection = match self.patiently(machine, &target, patience).await {
            Err(error) if error.kind() == ErrorKind::Protocol => {
                // Another command may have replaced the key since we read which one to believe; it wrote the new one down first.
                let (target_now, identity_now) = self.target(machine)?;
                if identity_now.host_keys == identity.host_keys {
                    return Err(error);
                }
                (target, identity) = (target_now, identity_now);
                self.patiently(machine, &target, patience).await?
            }
            opened => opened?,
        };
        let shown = connection.host_key().clone();
        match &identity.birth {
            Some(birth) if birth.key_data() == shown.key_data() => self.grow_up(machine, connection, &target).await,
            Some(_) => {
                // Its key was replaced, and somebody was interrupted before it was written down.
                self.identities.pin(&machine.id, &[shown])?;
                self.identities.grown(&machine.id)?;
                Ok(Arc::new(connection))
            }
            None => {
                if identity.host_keys.is_empty() {
                    self.identities.pin(&machine.id, &[shown])?;
                }
                Ok(Arc::new(connection))
            }
        }
    }

    /// What opens a shell in a machine: the user's own `ssh`, told whom to believe. The machine's host key has been replaced.
    ///
    /// # Errors
    /// As [`connect`](Self::connect) has them.
    pub async fn shell(&self, machine: &Machine, line: Option<&str>) -> Result<Shell> {
        self.connect(machine).await?;
        let (target, identity) = self.target(machine)?;
        let alias = format!("machine-{}", machine.id);
        let known_hosts = self.identities.known_hosts(&machine.id, &alias, &identity.host_keys)?;
        let key_file = match (&self.config.key_file, &identity.login) {
            (_, Some(_)) => self.identities.login_file(&machine.id)?,
            (Some(file), None) => file.clone(),
            (None, None) => return Err(unknown(machine)),
        };
        let option = |name: &str, value: &std::ffi::OsStr| {
            let mut option = OsString::from(name);
            option.push(value);
            option
        };
        let mut program: Vec<OsString> = vec!["ssh".into()];
        for option in [
            option("HostKeyAlias=", alias.as_ref()),
            option("UserKnownHostsFile=", &quoted(&known_hosts)),
            option("IdentityFile=", &quoted(&key_file)),
            // Nobody's word but ours, and no key but this: a server may end it after a few that it does not know.
            "GlobalKnownHostsFile=/dev/null".into(),
            "StrictHostKeyChecking=yes".into(),
            "UpdateHostKeys=no".into(),
            "IdentitiesOnly=yes".into(),
        ] {
            program.extend(["-o".into(), option]);
        }
        program.extend(["-p".into(), target.address.port().to_string().into()]);
        program.extend(["-l".into(), target.user.into(), target.address.ip().to_string().into()]);
        program.extend(line.map(OsString::from));
        Ok(Shell::Program(program.iter().map(|word| OsText::from(word.as_os_str())).collect()))
    }

    /// Where the machine is, and what is known of it.
    fn target(&self, machine: &Machine) -> Result<(Target, Identity)> {
        let address = SocketAddr::new(address(machine)?, self.config.port);
        if let Some(markers) = &machine.markers {
            self.identities.bind(markers.intent, &machine.id)?;
        }
        let first_shown = self.config.host_key == HostKeyFrom::FirstShown;
        let identity = match self.identities.of(&machine.id)? {
            Some(identity) => identity,
            None if first_shown => Identity { host_keys: Vec::new(), birth: None, login: None },
            None => return Err(unknown(machine)),
        };
        let trust = match &identity.host_keys[..] {
            [] if first_shown => Trust::Anybody,
            [] => return Err(unknown(machine)),
            keys => Trust::Pinned(keys.to_vec()),
        };
        let login = match &identity.login {
            Some(key) => Login::Key(Arc::clone(key)),
            None => self.given_login()?.ok_or_else(|| {
                let what = format!("there is no key here to log in to machine `{}`", machine.name);
                Error::new(ErrorKind::Config, what)
                    .with_hint("name its file as `ssh-key-file` in the section of the configuration")
            })?,
        };
        Ok((Target { address, user: self.config.user.clone(), trust, login }, identity))
    }

    fn given_login(&self) -> Result<Option<Login>> {
        let file = self.config.key_file.as_deref();
        file.map(|file| Login::from_file(file, self.config.agent.as_deref())).transpose()
    }

    /// Tries until the machine lets us in or has had its time.
    async fn patiently(&self, machine: &Machine, target: &Target, patience: Duration) -> Result<Connection> {
        let deadline = Deadline::after(patience);
        loop {
            let error = match Connection::open(target, TRY.min(deadline.remaining())).await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            let silent = matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout);
            if !silent || deadline.remaining() <= BREATH {
                let error = error.with_context("machine", machine.id.to_string());
                if error.kind() == ErrorKind::Protocol {
                    let place = self.identities.place(&machine.id)?;
                    let hint = format!(
                        "do not trust it; if you have given the machine another host key yourself, remove {}",
                        place.display()
                    );
                    return Err(error.with_hint(hint));
                }
                return Err(error);
            }
            tracing::debug!(%error, "the machine does not let us in yet");
            tokio::time::sleep(BREATH).await;
        }
    }

    /// Gives the machine a host key that nobody in it can read, and connects anew.
    async fn grow_up(&self, machine: &Machine, connection: Connection, target: &Target) -> Result<Arc<Connection>> {
        let connection = Arc::new(connection);
        let held = self.alone(&machine.id).await?;
        let now = self.identities.of(&machine.id)?;
        let Some(birth) = now.and_then(|identity| identity.birth) else {
            // Another program of this computer has done it meanwhile, and the connection that we have is as good.
            return Ok(connection);
        };
        let pin = |keys: &[PublicKey]| self.identities.pin(&machine.id, keys);
        let renewed = renew(&connection, target, &birth, pin).await;
        let renewed = match renewed {
            Ok(renewed) => renewed,
            Err(error) => {
                tracing::warn!(
                    %error, machine = %machine.id,
                    "the machine keeps the host key from its user data, which every process in it can read",
                );
                return Ok(connection);
            }
        };
        self.identities.pin(&machine.id, &[renewed.host_key().clone()])?;
        self.identities.grown(&machine.id)?;
        drop(held);
        Ok(Arc::new(renewed))
    }

    /// Waits until no other program changes the machine's keys.
    async fn alone(&self, machine: &MachineId) -> Result<File> {
        let deadline = Deadline::after(PATIENCE);
        loop {
            match self.identities.lock(machine)? {
                Some(held) => return Ok(held),
                None if deadline.passed() => {
                    let what = "another program of this computer does not finish giving the machine a new host key";
                    return Err(Error::new(ErrorKind::Busy, what).with_effect(Effect::None));
                }
                None => tokio::time::sleep(LOOK).await,
            }
        }
    }
}

/// A path as `ssh` wants it in an option that may hold several.
fn quoted(path: &Path) -> OsString {
    let mut quoted = OsString::from("\"");
    quoted.push(path);
    quoted.push("\"");
    quoted
}

/// Where a machine is, if it runs.
fn address(machine: &Machine) -> Result<IpAddr> {
    if machine.state != MachineState::Running {
        let what = format!("machine `{}` does not run: it is {}", machine.name, machine.state);
        return Err(Error::new(ErrorKind::Conflict, what).with_effect(Effect::None).with_hint("start it first"));
    }
    let public = &machine.addresses.public;
    public.iter().find(|address| address.is_ipv4()).or(public.first()).copied().ok_or_else(|| {
        let what = format!("machine `{}` has no public address yet", machine.name);
        Error::new(ErrorKind::Busy, what).with_effect(Effect::None)
    })
}

fn unknown(machine: &Machine) -> Error {
    let what = format!("by which host key machine `{}` proves itself is not known here", machine.name);
    Error::new(ErrorKind::Config, what).with_effect(Effect::None).with_hint(
        "another program or another computer made it; `ssh-host-key: cloud` in the section of the configuration believes the key that it shows first",
    )
}
