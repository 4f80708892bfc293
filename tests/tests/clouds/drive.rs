//! Everything that a provider can be asked, once and in an order in which it can be done.

use std::time::Duration;

use futures::StreamExt as _;
use machine_core::{
    CloudProvider, Deadline, EnvVar, Error, ErrorKind, Exec, FileSpec, Goal, IntentDraft, Lifetime, LogOptions,
    MachineChange, MachineId, MachineSpec, OwnerId, Power, ProviderExt as _, RecordSpec, RecordedIntent, ResourceKind,
    Scope, Selector, SizeRequest, SnapshotSpec, SshKeySpec, Until, VolatileIntents, VolumeId, VolumeMount, VolumeSpec,
};
use machine_simcloud::Cloud;

use crate::rig::{DOMAIN, PROJECT, Rig};

/// The longest that anything may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a machine has to stop by itself, in the world's time.
const GRACE: Duration = Duration::from_secs(2);

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC4Nn2DWhyCvJvlPZFjnL3xPQDXwLkTp3Ay9XJDMQqjr somebody";

/// A provider, and who asks it.
struct Driver<'a> {
    provider: &'a dyn CloudProvider,
    intents: VolatileIntents,
}

/// What came of it; nothing where the provider has no such thing.
#[track_caller]
fn done<T>(what: &str, outcome: Result<T, Error>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        Err(error) if error.kind() == ErrorKind::Unsupported => None,
        Err(error) => panic!("{what}: {error} ({error:?})"),
    }
}

/// Asks `provider` for everything.
pub(crate) async fn everything(rig: &Rig, provider: &dyn CloudProvider) {
    let driver = Driver { provider, intents: VolatileIntents::new(OwnerId::new("everything")) };
    done("account", provider.account().await);
    done("regions", provider.catalog().regions().await);
    done("sizes", provider.catalog().sizes().await);
    done("images", provider.catalog().images().await);
    let key = driver.ssh_key().await;
    let region = match rig.cloud {
        Cloud::Fly => "iad",
        Cloud::DigitalOcean => "nyc3",
        _ => "ewr",
    };
    let volumes = [driver.volume("data-1", region).await, driver.volume("data-2", region).await];
    let machine = driver.machine(rig, region, &volumes[0]).await;
    driver.look(&machine).await;
    driver.change(&machine).await;
    driver.inside(&machine).await;
    driver.attach(&machine, &volumes).await;
    driver.power(&machine).await;
    driver.snapshot(&machine).await;
    driver.records().await;
    driver.projects(&machine).await;
    driver.end(&machine, &volumes).await;
    if let (Some(keys), Some(key)) = (provider.ssh_keys(), key) {
        done("destroy a key", keys.destroy(&key).await);
    }
}

impl Driver<'_> {
    async fn intent(&self, resource: ResourceKind, name: &str) -> RecordedIntent {
        let draft = IntentDraft {
            resource,
            name: name.to_owned(),
            provider: self.provider.info().kind.to_owned(),
            lifetime: Lifetime::Deadline,
            deadline: Some("2030-01-01T00:00:00Z".parse().unwrap()),
        };
        RecordedIntent::record(&self.intents, draft).await.unwrap()
    }

    async fn ssh_key(&self) -> Option<machine_core::SshKeyId> {
        let keys = self.provider.ssh_keys()?;
        let spec = SshKeySpec { name: "somebody".to_owned(), public_key: KEY.to_owned() };
        let made = keys.create(&self.intent(ResourceKind::SshKey, "somebody").await, &spec).await;
        done("list keys", keys.list().await);
        // Whoever registers it again is told what it is called.
        let twice = keys.create(&self.intent(ResourceKind::SshKey, "somebody").await, &spec).await;
        let twice = twice.err().map(|error| error.kind());
        assert!(matches!(twice, None | Some(ErrorKind::AlreadyExists)), "{twice:?}");
        Some(done("create a key", made)?.id)
    }

    async fn volume(&self, name: &str, region: &str) -> VolumeId {
        let volumes = self.provider.volumes().expect("all three have volumes");
        let spec = VolumeSpec { name: name.parse().unwrap(), size_gib: 40, region: Some(region.to_owned()) };
        let made = volumes.create(&self.intent(ResourceKind::Volume, name).await, &spec).await;
        let made = done("create a volume", made).expect("all three have volumes");
        let deadline = Deadline::after(PATIENCE);
        while volumes.get(&made.id).await.is_err() {
            assert!(!deadline.passed(), "volume {name} does not come");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        done("list volumes", volumes.list().await);
        made.id
    }

    /// A machine with everything that this cloud takes.
    async fn machine(&self, rig: &Rig, region: &str, volume: &VolumeId) -> MachineId {
        let can = self.provider.capabilities();
        let mut spec = MachineSpec::new("web-1".parse().unwrap());
        spec.regions = vec![region.to_owned()];
        spec.image = Some(if rig.cloud == Cloud::Fly { "debian:12" } else { "debian-12" }.to_owned());
        spec.size = SizeRequest::Need { cpus: Some(1.0), memory_mib: Some(1024) };
        spec.labels = [("role".to_owned(), "web".to_owned())].into();
        spec.options = rig.options().await;
        spec.volumes.push(VolumeMount { volume: volume.clone(), path: "/data".to_owned() });
        if can.user_data {
            spec.user_data = Some("#cloud-config\nruncmd: [\"true\"]\n".into());
        }
        if self.provider.ssh_keys().is_some() {
            spec.ssh_keys.push("somebody".to_owned());
        }
        if can.command {
            spec.command = vec!["sleep".into(), "3600".into()];
            spec.env.push(EnvVar::new("GREETING", "hello"));
            spec.workdir = Some("/tmp".into());
        }
        if can.files {
            spec.files.push(FileSpec::private("/etc/greeting", *b"hello"));
        }
        let intent = self.intent(ResourceKind::Machine, "web-1").await;
        let made = done("create", self.provider.create(&intent, &spec).await).expect("all three have machines");
        self.wait(&made.id, Goal::Running).await;
        done("find", self.provider.find(intent.intent().id).await);
        made.id
    }

    async fn wait(&self, id: &MachineId, goal: Goal) {
        done("wait", self.provider.wait(id, &Until { goal, deadline: Deadline::after(PATIENCE) }).await);
    }

    async fn look(&self, id: &MachineId) {
        done("get", self.provider.get(id).await);
        let owner = Scope::Owner(OwnerId::new("everything"));
        for which in [
            Selector::all(),
            Selector { scope: Scope::Marked, ..Selector::all() },
            Selector { scope: owner, labels: [("role".to_owned(), "web".to_owned())].into(), ..Selector::all() },
            Selector { name: Some("web-1".to_owned()), ..Selector::all() },
        ] {
            let (machines, ..) = done("list", self.provider.list_all(which.clone()).await).expect("all can list");
            assert_eq!(machines.len(), 1, "{which:?}");
        }
    }

    async fn change(&self, id: &MachineId) {
        let labels = [("role", Some("db")), ("empty", Some("")), ("gone", None)];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.map(str::to_owned))).into();
        let change = MachineChange { labels, deadline: Some(None), ..MachineChange::default() };
        done("change labels", self.provider.update(id, &change).await);
        let named = MachineChange { name: Some("web-2".parse().unwrap()), ..MachineChange::default() };
        done("rename", self.provider.update(id, &named).await);
    }

    async fn inside(&self, id: &MachineId) {
        if let Some(mut session) = done("exec", self.provider.exec(id, Exec::of(["true"])).await) {
            while session.events.next().await.is_some() {}
        }
        let options = LogOptions { tail: Some(10), ..LogOptions::default() };
        let mut lines = self.provider.logs(id.clone(), options);
        while let Some(line) = lines.next().await {
            done("logs", line);
        }
    }

    async fn attach(&self, id: &MachineId, [first, second]: &[VolumeId; 2]) {
        let volumes = self.provider.volumes().expect("all three have volumes");
        if self.provider.capabilities().attach_live {
            done("detach", volumes.detach(first).await);
            let mount = VolumeMount { volume: second.clone(), path: "/more".to_owned() };
            done("attach", volumes.attach(id, &mount).await);
            done("detach", volumes.detach(second).await);
        }
        done("resize", volumes.resize(second, 50).await);
    }

    async fn power(&self, id: &MachineId) {
        done("reboot", self.provider.power(id, Power::Reboot { grace: GRACE }).await);
        self.wait(id, Goal::Running).await;
        done("stop", self.provider.power(id, Power::Stop { grace: GRACE }).await);
        self.wait(id, Goal::Ended).await;
        done("start", self.provider.power(id, Power::Start).await);
        self.wait(id, Goal::Running).await;
        if done("suspend", self.provider.power(id, Power::Suspend).await).is_some() {
            self.wait(id, Goal::Ended).await;
        }
    }

    async fn snapshot(&self, id: &MachineId) {
        let Some(snapshots) = self.provider.snapshots() else { return };
        let spec = SnapshotSpec { name: "before".to_owned(), machine: id.clone() };
        let taken = snapshots.create(&self.intent(ResourceKind::Snapshot, "before").await, &spec).await;
        done("list snapshots", snapshots.list().await);
        if let Some(taken) = done("take a snapshot", taken) {
            done("destroy a snapshot", snapshots.destroy(&taken.id).await);
        }
    }

    async fn records(&self) {
        let Some(dns) = self.provider.dns() else { return };
        done("domains", dns.domains().await);
        for (name, kind, value, priority) in
            [("www", "A", "192.0.2.1", None), ("", "MX", "mail.example.", Some(10)), ("t", "TXT", "v=1", None)]
        {
            let spec = RecordSpec {
                domain: DOMAIN.to_owned(),
                name: name.to_owned(),
                kind: kind.to_owned(),
                value: value.to_owned(),
                ttl_seconds: Some(600),
                priority,
            };
            let made = dns.create(&self.intent(ResourceKind::DnsRecord, name).await, &spec).await;
            let made = done("create a record", made).expect("a record is a record");
            done("records", dns.records(DOMAIN).await);
            done("destroy a record", dns.destroy(DOMAIN, &made.id).await);
        }
    }

    async fn projects(&self, id: &MachineId) {
        let Some(projects) = self.provider.projects() else { return };
        done("projects", projects.list().await);
        done("assign", projects.assign(PROJECT, id).await);
    }

    async fn end(&self, id: &MachineId, all: &[VolumeId]) {
        let volumes = self.provider.volumes().expect("all three have volumes");
        let deadline = Deadline::after(PATIENCE);
        done("destroy", self.provider.destroy(id).await);
        let gone = self.provider.wait(id, &Until { goal: Goal::Destroyed, deadline }).await;
        // It may be gone before the first look.
        let gone = gone.err().filter(|error| error.kind() != ErrorKind::NotFound);
        assert!(gone.is_none(), "{gone:?}");
        for volume in all {
            let mut outcome = volumes.destroy(volume).await;
            while outcome.is_err() && !deadline.passed() {
                tokio::time::sleep(Duration::from_millis(50)).await;
                outcome = volumes.destroy(volume).await;
            }
            done("destroy a volume", outcome);
        }
    }
}
