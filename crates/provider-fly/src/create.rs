//! Creating machines.

use std::time::Duration;

use machine_core::{
    Effect, Error, ErrorKind, Intent, Machine, MachineSpec, MachineState, Preview, RecordedIntent, Result, VolumeId,
};
use machine_http::Request;

use crate::convert;
use crate::fly::{ACTION, Fly};
use crate::sizes;
use crate::wire::requests::CreateMachine;

/// How long the cloud may take to place a machine and fetch its image.
const PATIENCE: Duration = Duration::from_mins(1);

impl Fly {
    /// Creates a machine: one request, sent once.
    ///
    /// # Errors
    /// As [`CloudProvider::create`](machine_core::CloudProvider::create) has it.
    pub(crate) async fn create(&self, intent: &RecordedIntent, spec: &MachineSpec) -> Result<Machine> {
        let intent = intent.intent();
        let mut body = convert::plan(intent, spec, &self.defaults)?;
        let app = self.ready_app().await?;
        self.put_beside_its_volume(&mut body, spec).await?;
        match self.request(app, &body).send().await {
            Ok(told) => started(
                convert::machine(told, app, &self.defaults.prices)
                    .map_err(|error| error.with_effect(Effect::Unknown))?,
            ),
            // A refusal to launch comes after the machine was accepted, or before: it shows whether there is one.
            Err(error) if error.kind() == ErrorKind::Upstream && launch_failed(&error) => {
                Err(self.settled(error, intent).await)
            }
            Err(error) => Err(error),
        }
    }

    /// What a create would do.
    ///
    /// # Errors
    /// As [`CloudProvider::preview`](machine_core::CloudProvider::preview) has it.
    pub(crate) async fn preview(&self, spec: &MachineSpec) -> Result<Preview> {
        let mut body = convert::plan(&Intent::rehearsal(spec, crate::KIND), spec, &self.defaults)?;
        let app = self.app().await?;
        let mut requests = Vec::new();
        if !self.has_app().await? {
            requests.push(self.app_request(app).planned()?);
        }
        self.put_beside_its_volume(&mut body, spec).await?;
        requests.push(self.request(app, &body).planned()?);
        let guest = &body.config.guest;
        Ok(Preview {
            size: Some(sizes::name_of(&guest.cpu_kind, guest.cpus, guest.memory_mb)),
            price: sizes::price(guest, &self.defaults.prices),
            image: Some(body.config.image.clone()),
            region: body.region,
            requests,
            steps: Vec::new(),
        })
    }

    fn request(&self, app: &str, body: &CreateMachine) -> Request {
        let sent = self.api.post(["apps", app, "machines"]).json(body).patience(PATIENCE);
        sent.bucket(ACTION, format!("create machine {app}"))
    }

    /// A machine can only be where its volume is.
    async fn put_beside_its_volume(&self, body: &mut CreateMachine, spec: &MachineSpec) -> Result<()> {
        if let Some(mount) = spec.volumes.first() {
            body.region = Some(self.region_of(&mount.volume, spec).await?);
        }
        Ok(())
    }

    /// The error of a launch, with what became of its machine where that can be seen.
    async fn settled(&self, error: Error, intent: &Intent) -> Error {
        match self.find(intent.id).await {
            Ok(found) if !found.machines.is_empty() => error.with_effect(Effect::Applied),
            _ => error,
        }
    }

    /// Where a volume is, and therefore the machine.
    async fn region_of(&self, volume: &VolumeId, spec: &MachineSpec) -> Result<String> {
        let found = self.look_at_volume(volume).await?;
        if let Some(held) = &found.attached_to {
            let what = format!("the volume `{volume}` is attached to machine `{}`", held.machine);
            return Err(Error::new(ErrorKind::Conflict, what).with_hint("destroy that machine, or make another volume"));
        }
        let region = found.region.unwrap_or_default();
        let elsewhere = !spec.regions.is_empty() && !spec.regions.contains(&region);
        if elsewhere {
            let what = format!(
                "the volume `{volume}` is in `{region}`, and the machine is to be in {}",
                spec.regions.join(", ")
            );
            return Err(
                Error::new(ErrorKind::Invalid, what).with_hint(format!("name the volume's region: --region {region}"))
            );
        }
        Ok(region)
    }
}

fn launch_failed(error: &Error) -> bool {
    let words = error.to_string().to_lowercase();
    ["failed to launch", "failed to start", "launch_failed"].iter().any(|text| words.contains(text))
}

/// The machine that the cloud answers with, unless it says that it did not start.
fn started(machine: Machine) -> Result<Machine> {
    if machine.state != MachineState::Failed {
        return Ok(machine);
    }
    let what = format!("machine `{}` was made and did not start: it is {}", machine.id, machine.raw_state);
    Err(Error::new(ErrorKind::Upstream, what)
        .with_effect(Effect::Applied)
        .with_provider(crate::KIND)
        .with_hint("`machine logs` may tell why; it is destroyed by the next sweep where nobody keeps it"))
}
