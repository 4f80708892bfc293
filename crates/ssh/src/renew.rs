//! A machine's second host key: made inside, so that only root there can read it.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use machine_core::{Deadline, Error, ErrorKind, Exec, ExecEvent, Result};
use russh::keys::PublicKey;

use crate::command::sudo;
use crate::{Connection, Target, Trust};

/// How long one step in the machine may take.
const STEP: Duration = Duration::from_secs(30);
/// How long its sshd may take to show the new key.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);
/// How often is looked whether it does.
const LOOK: Duration = Duration::from_millis(100);
/// The most that a step says.
const LONGEST: usize = 16 * 1024;

/// Makes the key beside the one in use, and tells its public half. What an interrupted try left goes first.
const MAKE: &str = "umask 077; d=/etc/ssh/.machine-host-key; rm -rf $d; mkdir $d && \
                    ssh-keygen -q -t ed25519 -N '' -C '' -f $d/key </dev/null >&2 && cat $d/key.pub";

/// Puts it in its place, and has sshd read it. Connections that are open stay.
const TAKE: &str = "d=/etc/ssh/.machine-host-key; k=/etc/ssh/ssh_host_ed25519_key; \
                    chmod 644 $d/key.pub && mv -f $d/key $k && mv -f $d/key.pub $k.pub && rmdir $d || exit 1; \
                    restorecon $k $k.pub 2>/dev/null; \
                    systemctl reload ssh 2>/dev/null || systemctl reload sshd 2>/dev/null || kill -HUP \"$(cat /run/sshd.pid)\"";

/// Gives the machine behind `connection` a new host key, of which `pin` is told before it is used, and connects anew. The
/// machine proves itself by the old key or the new one at every moment.
///
/// # Errors
/// What keeps the machine from having it; then it may show either key.
pub(crate) async fn renew(
    connection: &Arc<Connection>,
    target: &Target,
    birth: &PublicKey,
    pin: impl Fn(&[PublicKey]) -> Result<()>,
) -> Result<Connection> {
    let made = as_root(connection, &target.user, MAKE).await?;
    let made = PublicKey::from_openssh(made.trim())
        .map_err(|error| Error::new(ErrorKind::Protocol, "the machine's new host key is none").with_source(error))?;
    pin(&[birth.clone(), made.clone()])?;
    as_root(connection, &target.user, TAKE).await?;
    let target = Target { trust: Trust::Pinned(vec![made]), ..target.clone() };
    let deadline = Deadline::after(SHOWN_WITHIN);
    loop {
        match Connection::open(&target, STEP).await {
            Ok(renewed) => return Ok(renewed),
            Err(error) if deadline.passed() => return Err(error),
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// Runs a script as root; what it writes.
async fn as_root(connection: &Arc<Connection>, user: &str, script: &str) -> Result<String> {
    let command = Exec::of(sudo(user).iter().chain(&["sh", "-c", script]).copied());
    let mut session = connection.exec(&command).await?;
    let (mut written, mut complained) = (Vec::new(), Vec::new());
    let finish = async {
        while let Some(event) = session.events.next().await {
            match event? {
                ExecEvent::Stdout(bytes) if written.len() < LONGEST => written.extend_from_slice(&bytes),
                ExecEvent::Stderr(bytes) if complained.len() < LONGEST => complained.extend_from_slice(&bytes),
                ExecEvent::Exited(status) => return Ok(status.code == Some(0)),
                _ => {}
            }
        }
        Ok::<bool, Error>(false)
    };
    let late = |_| Error::new(ErrorKind::Timeout, "the machine is not done with its host key");
    if tokio::time::timeout(STEP, finish).await.map_err(late)?? {
        return Ok(String::from_utf8_lossy(&written).into_owned());
    }
    let why = String::from_utf8_lossy(&complained).trim().to_owned();
    Err(Error::new(ErrorKind::Upstream, format!("the machine cannot make itself a host key: {why}")))
}
