//! Leases: while we change a machine that others may come to as well, nobody else does.

use std::sync::Arc;
use std::time::Duration;

use machine_core::{Effect, Error, ErrorKind, MachineId, Result, Secret};
use machine_http::Request;
use tokio::runtime::Handle;

use crate::find::{Seen, missing};
use crate::fly::{ACTION, Fly};
use crate::wire::answers;
use crate::wire::requests::TakeLease;

/// How long a lease holds where nobody gives it back, in seconds.
const TTL: u64 = 30;
/// How often a lease that somebody else has is asked for.
const TRIES: u32 = 3;
/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_secs(1);
/// How long giving it back may take.
const RELEASE_WITHIN: Duration = Duration::from_secs(5);
/// The header that proves that the lease is ours.
const NONCE: &str = "fly-machine-lease-nonce";

/// A lease of ours, given back when this goes.
pub(crate) struct Lease {
    fly: Arc<Fly>,
    id: MachineId,
    nonce: Option<Secret>,
    runtime: Handle,
}

impl Lease {
    /// Gives it back, and waits until that is done.
    async fn release(mut self) {
        if let Some(nonce) = self.nonce.take() {
            release(&self.fly, &self.id, &nonce).await;
        }
    }

    /// Forgets it: the machine is gone, and its lease with it.
    fn forget(mut self) {
        self.nonce = None;
    }
}

impl Drop for Lease {
    /// Whoever stops waiting in the middle leaves the machine free for others.
    fn drop(&mut self) {
        if let Some(nonce) = self.nonce.take() {
            let (fly, id) = (Arc::clone(&self.fly), self.id.clone());
            let give_back = async move { release(&fly, &id, &nonce).await };
            // On a runtime that is ending this does nothing, and the lease ends by itself.
            self.fly.tasks.spawn_on(give_back, &self.runtime);
        }
    }
}

/// Gives a lease back. What fails is no failure of what it was taken for: it ends by itself.
async fn release(fly: &Fly, id: &MachineId, nonce: &Secret) {
    let give_back = async {
        let app = fly.app().await?;
        let request = fly.api.delete(["apps", app, "machines", id.as_str(), "lease"]);
        request.header(NONCE, nonce.expose()).bucket(ACTION, format!("release {id}")).done().await
    };
    match tokio::time::timeout(RELEASE_WITHIN, give_back).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => {}
        Ok(Err(error)) => tracing::debug!(%id, %error, "a lease was not given back; it ends by itself"),
        Err(_) => tracing::debug!(%id, "giving back a lease took too long; it ends by itself"),
    }
}

impl Fly {
    /// Sends `request`, which changes the machine, under its lease where it is one that has others.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] where somebody else has the lease; what the cloud says to `request`.
    pub(crate) async fn change(self: &Arc<Self>, seen: &Seen, request: Request, destroys: bool) -> Result<()> {
        if !seen.is_leased() {
            return request.done().await;
        }
        let lease = self.lease(&seen.machine.id).await?;
        let request = match &lease.nonce {
            Some(nonce) => request.header(NONCE, nonce.expose()),
            None => request,
        };
        let outcome = request.done().await;
        if destroys && outcome.is_ok() {
            lease.forget();
        } else {
            lease.release().await;
        }
        outcome
    }

    /// Takes the lease, in a task of its own: where the caller stops waiting while the answer is on its way, the lease arrives
    /// all the same, and is given back.
    async fn lease(self: &Arc<Self>, id: &MachineId) -> Result<Lease> {
        let (fly, id, runtime) = (Arc::clone(self), id.clone(), Handle::current());
        let taken = self.tasks.spawn(async move {
            let nonce = fly.take_lease(&id).await?;
            Ok(Lease { fly, id, nonce: Some(nonce), runtime })
        });
        taken
            .await
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Cancelled, "the lease was not taken: the program is ending")))
    }

    async fn take_lease(&self, id: &MachineId) -> Result<Secret> {
        let app = self.app().await?;
        let body = TakeLease { ttl: TTL, description: "machine" };
        let mut tries = 0;
        loop {
            tries += 1;
            let request = self.api.post(["apps", app, "machines", id.as_str(), "lease"]).json(&body);
            let error = match request.bucket(ACTION, format!("lease {id}")).send::<answers::Lease>().await {
                Ok(lease) => {
                    let missing = || Error::new(ErrorKind::Protocol, "the cloud gave a lease without a nonce");
                    return lease.into_nonce().map(Secret::new).ok_or_else(missing);
                }
                Err(error) => error,
            };
            let held = matches!(error.kind(), ErrorKind::Busy | ErrorKind::Conflict);
            if !held || tries == TRIES {
                // A lease that was taken and whose answer was lost ends by itself; the machine is as it was.
                let error = missing(error, "machine", id.as_str()).with_effect(Effect::None);
                return Err(if held { busy(&error, id) } else { error });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn busy(error: &Error, id: &MachineId) -> Error {
    let what = format!("somebody else is working on machine `{id}`: {error}");
    let busy = Error::new(ErrorKind::Busy, what).with_provider(crate::KIND).with_hint("try again in half a minute");
    match error.request_id() {
        Some(request) => busy.with_request_id(request.to_owned()),
        None => busy,
    }
}
