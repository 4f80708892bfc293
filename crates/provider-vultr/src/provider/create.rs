//! Creating a machine: everything that can be known is asked first, then one request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use machine_core::{Effect, Error, ErrorKind, Intent, Machine, MachineId, MachineSpec, Preview, Result, Secret};
use machine_http::Request;
use secrecy::{ExposeSecret as _, SecretString};

use super::VultrProvider;
use super::lookup::Source;
use super::placement::Placement;
use super::refuse::refuse;
use crate::convert::{Tagged, check_tag, sizes};
use crate::wire::{CreateInstance, Instance, One, UserData};

impl VultrProvider {
    pub(super) async fn create_machine(&self, intent: &Intent, spec: &MachineSpec) -> Result<Machine> {
        let (mut body, tagged) = self.drafted(intent, spec).await?;
        let user_data = match &self.ssh {
            Some(ssh) => Some(ssh.prepare(intent, spec.user_data.as_ref())?),
            None => spec.user_data.clone(),
        };
        body.user_data = user_data.as_ref().map(encoded);
        let made = self.request(&body).send::<One<Instance>>().await.map(|One(made)| made);
        if let Some(ssh) = &self.ssh {
            match &made {
                // It is bound again when it is reached, and there is a machine now whatever becomes of this.
                Ok(made) => ssh.bind(intent.id, &MachineId::new(made.id.as_str())).unwrap_or_else(|error| {
                    tracing::warn!(%error, machine = made.id, "a machine was made whose keys are not in their place");
                }),
                Err(error) if error.effect() == Effect::None => ssh.abandon(intent.id),
                Err(_) => {}
            }
        }
        let mut made = made?;
        // The answer may come before the tags do, and they were in the request.
        if made.tags.is_empty() {
            made.tags = tagged.write()?;
        }
        if made.label.is_empty() {
            made.label = spec.name.to_string();
        }
        self.with_volumes(made, spec).await
    }

    /// What a create would do.
    pub(super) async fn preview_machine(&self, spec: &MachineSpec) -> Result<Preview> {
        let (mut body, _) = self.drafted(&Intent::rehearsal(spec, crate::KIND), spec).await?;
        let user_data = match &self.ssh {
            Some(ssh) => Some(ssh.rehearse(spec.user_data.as_ref())?),
            None => spec.user_data.clone(),
        };
        body.user_data = user_data.as_ref().map(encoded);
        let mut requests = vec![self.request(&body).planned()?];
        for mount in &spec.volumes {
            requests.push(self.attaching(mount.volume.as_str(), "(id)").planned()?);
        }
        let known = self.api.plans().await?;
        let size = sizes(&known).into_iter().find(|size| size.id == body.plan);
        Ok(Preview {
            region: Some(body.region),
            size: Some(body.plan),
            image: body.os_id.map(|id| id.to_string()).or(body.snapshot_id),
            price: size.and_then(|size| size.price),
            requests,
            steps: Vec::new(),
        })
    }

    fn request(&self, body: &CreateInstance) -> Request {
        self.api.post(&["instances"]).json(body)
    }

    /// The request without its user data, and its tags: everything that can be known is asked for here.
    async fn drafted(&self, intent: &Intent, spec: &MachineSpec) -> Result<(CreateInstance, Tagged)> {
        refuse(spec, self.capabilities.limits.user_data_bytes)?;
        for tag in &spec.tags {
            check_tag(tag)?;
        }
        let (labels, others) = (spec.labels.clone(), spec.tags.clone());
        let tagged = Tagged { markers: Some(intent.markers()), labels, others, tags: Vec::new() };
        let tags = tagged.write()?;
        let image = spec.image.as_deref().unwrap_or(&self.config.image);
        let keys = if spec.ssh_keys.is_empty() { &self.config.ssh_keys } else { &spec.ssh_keys };
        let (source, placement, sshkey_id, region) = futures::try_join!(
            self.source(image),
            self.placement(spec),
            self.key_ids(keys),
            self.region_of(&spec.volumes),
        )?;
        let placement = beside_its_volumes(placement, region, spec)?;
        let (os_id, snapshot_id) = match source {
            Source::Os(id) => (Some(id), None),
            Source::Snapshot(id) => (None, Some(id)),
        };
        // What is further down the list is another wish, and not made here.
        let Some(region) = placement.regions.into_iter().next() else {
            return Err(Error::new(ErrorKind::Invalid, "no region is named in which the machine is to be"));
        };
        let body = CreateInstance {
            region,
            plan: placement.plan,
            os_id,
            snapshot_id,
            label: spec.name.to_string(),
            hostname: spec.name.to_string(),
            tags,
            sshkey_id,
            user_data: None,
            enable_ipv6: true,
            backups: "disabled",
            activation_email: false,
        };
        Ok((body, tagged))
    }

    /// The machine with the volumes that it is to have, which can be attached once it is no longer locked. From here on there
    /// is a machine, whatever happens.
    async fn with_volumes(&self, made: Instance, spec: &MachineSpec) -> Result<Machine> {
        for mount in &spec.volumes {
            self.attach_volume(&made.id, mount, self.api.pauses.install)
                .await
                .map_err(|error| error.with_effect(Effect::Applied).with_context("machine", made.id.clone()))?;
        }
        if spec.volumes.is_empty() {
            // It has none, and asking for them could fail.
            let plans = self.api.prices().await;
            return Ok(crate::convert::machine(&made, &plans, &[]));
        }
        self.api
            .machine(&made.id)
            .await
            .map_err(|error| error.with_effect(Effect::Applied).with_context("machine", made.id))
    }
}

/// User data as it travels.
fn encoded(data: &SecretString) -> UserData {
    UserData(Secret::new(STANDARD.encode(data.expose_secret())))
}

/// Keeps the machine to the region of its volumes: neither goes to the other's.
fn beside_its_volumes(placement: Placement, region: Option<String>, spec: &MachineSpec) -> Result<Placement> {
    let Some(region) = region else { return Ok(placement) };
    if spec.regions.is_empty() || placement.regions.contains(&region) {
        return Ok(Placement { regions: vec![region], ..placement });
    }
    let what =
        format!("the volume is in region `{region}`, and the machine is to be in {}", placement.regions.join(", "));
    Err(Error::new(ErrorKind::Invalid, what).with_hint(format!("ask for region `{region}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_goes_where_its_volumes_are() {
        let placed = |regions: &[&str], wanted: &[&str], volume: Option<&str>| {
            let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            let spec = MachineSpec { regions: texts(wanted), ..MachineSpec::new("web".parse().unwrap()) };
            let placement = Placement { plan: "p".into(), regions: texts(regions) };
            beside_its_volumes(placement, volume.map(str::to_owned), &spec).map(|placement| placement.regions)
        };
        assert_eq!(placed(&["ewr"], &[], None).unwrap(), ["ewr"]);
        assert_eq!(placed(&["ewr"], &[], Some("ams")).unwrap(), ["ams"]);
        assert_eq!(placed(&["ewr", "ams"], &["ewr", "ams"], Some("ams")).unwrap(), ["ams"]);
        assert_eq!(placed(&["ewr"], &["ewr"], Some("ams")).unwrap_err().kind(), ErrorKind::Invalid);
    }
}
