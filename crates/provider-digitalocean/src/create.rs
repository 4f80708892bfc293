//! Creating a droplet: everything that can be refused is refused first, and then one request is sent.

use std::time::Duration;

use machine_core::{
    CloudProvider as _, Effect, Error, ErrorKind, Intent, Machine, MachineId, MachineSpec, Preview, Price, Project,
    Result, Volume, VolumeMount,
};
use machine_http::Request;
use secrecy::SecretString;

use crate::DigitalOceanOptions;
use crate::choose::{Place, Wish, neighbours, places};
use crate::convert::{self, Tags, label_tag, marker_tags, mount_tag, plain_tag};
use crate::provider::DigitalOceanProvider;
use crate::refuse::{refuse, travels};
use crate::wire::{CreateDroplet, DropletAnswer, ImageRef, KeyRef, UserData};

/// How long to look whether what was accepted failed at once.
const FIRST_LOOK: Duration = Duration::from_secs(3);

/// A wish that nothing speaks against.
#[derive(Debug)]
struct Understood {
    places: Vec<Place>,
    image: ImageRef,
    keys: Vec<KeyRef>,
    tags: Vec<String>,
    project: Option<Project>,
    options: DigitalOceanOptions,
}

fn nowhere() -> Error {
    Error::new(ErrorKind::OutOfCapacity, "no region that was named takes machines")
}

impl DigitalOceanProvider {
    pub(crate) async fn create_droplet(&self, intent: &Intent, spec: &MachineSpec) -> Result<Machine> {
        let understood = self.understand(intent, spec).await?;
        let user_data = match self.ssh() {
            Some(ssh) => Some(ssh.prepare(intent, spec.user_data.as_ref())?),
            None => spec.user_data.clone(),
        };
        let sent = match travels(spec.user_data.as_ref(), user_data.as_ref()) {
            Ok(()) => self.in_one_of(&understood, user_data.as_ref(), spec).await,
            Err(error) => Err(error),
        };
        let (answer, place) = match sent {
            Ok(sent) => sent,
            Err(error) => {
                if let Some(ssh) = self.ssh().filter(|_| error.effect() == Effect::None) {
                    ssh.abandon(intent.id);
                }
                return Err(error);
            }
        };
        if let Some(ssh) = self.ssh() {
            let id = MachineId::new(answer.droplet.id.to_string());
            // It is bound again when it is reached, and there is a machine now whatever becomes of this.
            if let Err(error) = ssh.bind(intent.id, &id) {
                tracing::warn!(%error, machine = %id, "a machine was made whose keys are not in their place");
            }
        }
        self.accepted(answer, place, intent, spec, understood.project.as_ref()).await
    }

    /// Asks in one after the other of the neighbours that one word means, for as long as the one before has said that it has no
    /// room.
    async fn in_one_of<'a>(
        &self,
        understood: &'a Understood,
        user_data: Option<&SecretString>,
        spec: &MachineSpec,
    ) -> Result<(DropletAnswer, &'a Place)> {
        let mut full = None;
        for place in &understood.places {
            match self.request(understood, place, user_data, spec).send().await {
                // Nothing was made there, so its neighbour may be asked.
                Err(error) if error.kind() == ErrorKind::OutOfCapacity && error.effect() == Effect::None => {
                    tracing::debug!(%error, region = place.region, "no room; trying the next region");
                    full = Some(error);
                }
                Err(error) => return Err(error),
                Ok(answer) => return Ok((answer, place)),
            }
        }
        Err(full.unwrap_or_else(nowhere))
    }

    /// Looks up everything that the wish names.
    async fn understand(&self, intent: &Intent, spec: &MachineSpec) -> Result<Understood> {
        refuse(spec, self.capabilities())?;
        let options = spec.options.get::<DigitalOceanOptions>()?.unwrap_or_default();
        let mut tags = spec.tags.iter().map(|tag| plain_tag(tag)).collect::<Result<Vec<_>>>()?;
        for (key, value) in &spec.labels {
            tags.push(label_tag(key, value)?);
        }
        tags.extend(marker_tags(&intent.markers())?);
        for mount in &spec.volumes {
            tags.push(mount_tag(&mount.volume, &mount.path)?);
        }
        let wanted_keys = if spec.ssh_keys.is_empty() { &self.defaults().ssh_keys } else { &spec.ssh_keys };
        let project = async {
            match &self.defaults().project {
                Some(name) => self.project(name).await.map(Some),
                None => Ok(None),
            }
        };
        let image = self.image(spec.image.as_deref().unwrap_or(&self.defaults().image));
        let (sizes, regions, image, keys, project, volumes) = futures::try_join!(
            self.offered_sizes(),
            self.offered_regions(),
            image,
            self.key_refs(wanted_keys),
            project,
            self.free_volumes_of(&spec.volumes),
        )?;
        let wanted = self.wanted_regions(spec, &volumes)?;
        let places = neighbours(places(&self.wish(spec, &wanted), &sizes, &regions)?);
        Ok(Understood { places, image, keys, tags, project, options })
    }

    /// What it costs at most: that of the dearest place that would be tried for it. A volume may leave fewer.
    pub(crate) async fn dearest(&self, spec: &MachineSpec) -> Result<Option<Price>> {
        let (sizes, regions) = futures::try_join!(self.offered_sizes(), self.offered_regions())?;
        let anywhere: Vec<String>;
        let wanted = match (spec.regions.is_empty(), spec.volumes.is_empty()) {
            (false, _) => &spec.regions,
            (true, true) => &vec![self.defaults().region.clone()],
            // It has to be where its volumes are, which are looked at when it is made.
            (true, false) => {
                anywhere = regions.iter().map(|region| region.id.clone()).collect();
                &anywhere
            }
        };
        let places = places(&self.wish(spec, wanted), &sizes, &regions)?;
        let prices: Option<Vec<Price>> = places.into_iter().map(|place| place.price).collect();
        Ok(prices.into_iter().flatten().max_by_key(|price| price.hourly))
    }

    fn wish<'a>(&'a self, spec: &'a MachineSpec, regions: &'a [String]) -> Wish<'a> {
        Wish { size: &spec.size, default_size: &self.defaults().size, regions, max_price: spec.max_price }
    }

    /// The volumes, which have to be there and free.
    async fn free_volumes_of(&self, mounts: &[VolumeMount]) -> Result<Vec<Volume>> {
        let volumes = futures::future::try_join_all(mounts.iter().map(|mount| self.volume(&mount.volume))).await?;
        match volumes.iter().find_map(|volume| Some((volume, volume.attached_to.as_ref()?))) {
            Some((volume, held)) => {
                let what = format!("volume `{}` is attached to machine {}", volume.name, held.machine);
                Err(Error::new(ErrorKind::Conflict, what).with_hint("detach it there first"))
            }
            None => Ok(volumes),
        }
    }

    /// The regions to try, in order: where its volumes are, or where it was wished for.
    fn wanted_regions(&self, spec: &MachineSpec, volumes: &[Volume]) -> Result<Vec<String>> {
        let Some(place) = volumes.iter().find_map(|volume| volume.region.clone()) else {
            let default = || vec![self.defaults().region.clone()];
            return Ok(if spec.regions.is_empty() { default() } else { spec.regions.clone() });
        };
        let elsewhere = volumes.iter().find(|volume| volume.region.as_ref().is_some_and(|region| *region != place));
        let fits =
            spec.regions.is_empty() || spec.regions.iter().any(|region| place.starts_with(&region.to_lowercase()));
        if elsewhere.is_some() || !fits {
            let what = format!("a volume of this machine is in {place}, and not everything else is to be there");
            return Err(Error::new(ErrorKind::Invalid, what)
                .with_hint("a machine and all its volumes must be in the same region"));
        }
        Ok(vec![place])
    }

    /// What a create would do.
    pub(crate) async fn preview_droplet(&self, spec: &MachineSpec) -> Result<Preview> {
        let understood = self.understand(&Intent::rehearsal(spec, crate::kind::KIND), spec).await?;
        let user_data = match self.ssh() {
            Some(ssh) => Some(ssh.rehearse(spec.user_data.as_ref())?),
            None => spec.user_data.clone(),
        };
        travels(spec.user_data.as_ref(), user_data.as_ref())?;
        let Some(place) = understood.places.first() else { return Err(nowhere()) };
        let mut requests = vec![self.request(&understood, place, user_data.as_ref(), spec).planned()?];
        if let Some(project) = &understood.project {
            requests.push(self.assignment(project, "(id)").planned()?);
        }
        Ok(Preview {
            region: Some(place.region.clone()),
            size: Some(place.size.clone()),
            image: Some(understood.image.to_string()),
            price: place.price,
            requests,
            steps: Vec::new(),
        })
    }

    /// The one request that makes it.
    fn request(
        &self,
        understood: &Understood,
        place: &Place,
        user_data: Option<&SecretString>,
        spec: &MachineSpec,
    ) -> Request {
        let options = &understood.options;
        let body = CreateDroplet {
            name: spec.name.to_string(),
            region: place.region.clone(),
            size: place.size.clone(),
            image: understood.image.clone(),
            ssh_keys: understood.keys.clone(),
            tags: understood.tags.clone(),
            volumes: spec.volumes.iter().map(|mount| mount.volume.to_string()).collect(),
            backups: options.backups,
            ipv6: options.ipv6,
            monitoring: options.monitoring,
            vpc_uuid: options.vpc.clone(),
            user_data: user_data.cloned().map(UserData),
        };
        self.api().post(["droplets"]).json(&body)
    }

    /// The machine that was accepted. Nearly everything in the answer may still be missing, and is what we asked for.
    async fn accepted(
        &self,
        answer: DropletAnswer,
        place: &Place,
        intent: &Intent,
        spec: &MachineSpec,
        project: Option<&Project>,
    ) -> Result<Machine> {
        let id = answer.droplet.id;
        let links = answer.links.and_then(|links| links.actions).unwrap_or_default();
        let action =
            links.iter().find(|link| link.rel.as_deref().is_none_or(|rel| rel == "create")).map(|link| link.id);
        let mut machine = convert::machine(answer.droplet);
        machine.markers = Some(intent.markers());
        let labels = spec.labels.iter().map(|(key, value)| format!("{key}:{value}"));
        let tags = Tags::read(&spec.tags.iter().cloned().chain(labels).collect::<Vec<_>>());
        (machine.labels, machine.tags) = (tags.labels, tags.plain);
        machine.volumes.clone_from(&spec.volumes);
        machine.region.get_or_insert_with(|| place.region.clone());
        machine.size.get_or_insert_with(|| place.size.clone());
        machine.price = machine.price.or(place.price);
        self.recent().remember(id, action, machine.clone());
        // Most failures come later and are `wait`'s to see; one that is there at once need not be waited for.
        let first = tokio::time::timeout(FIRST_LOOK, self.making(action)).await;
        if let Ok(Ok(Some(status))) = first
            && status == "errored"
        {
            let what = format!("DigitalOcean accepted machine `{}` ({id}) and could not make it", spec.name);
            return Err(Error::new(ErrorKind::Upstream, what)
                .with_provider(crate::kind::KIND)
                .with_effect(Effect::Applied)
                .with_hint("destroy what is left of it, and try another region or size"));
        }
        if let Some(project) = project
            && let Err(error) = self.put_into(project, id).await
        {
            // The machine is there and does what was asked of it; only where it is shown is not as wished.
            tracing::warn!(%error, project = project.name, "a machine was made and is not in its project");
            machine.notes.push(format!("it could not be put into project `{}`: {error}", project.name));
        }
        Ok(machine)
    }
}
