//! Forwarding of the sub-traits: no part of a provider escapes the layers.

use async_trait::async_trait;

use super::call::{Interceptor, Operation};
use super::forward::Layered;
use crate::{
    Catalog, Destroyed, Dns, DnsRecord, Domain, Image, MachineId, MachineSpec, Price, Project, Projects, RecordId,
    RecordSpec, RecordedIntent, Region, Result, Size, Snapshot, SnapshotId, SnapshotSpec, Snapshots, SshKey, SshKeyId,
    SshKeySpec, SshKeys, Volume, VolumeId, VolumeMount, VolumeSpec, Volumes,
};

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<I: Interceptor> Catalog for Layered<I> {
    async fn regions(&self) -> Result<Vec<Region>> {
        self.pass(Operation::Part("catalog.regions"), None, self.inner.catalog().regions()).await
    }

    async fn sizes(&self) -> Result<Vec<Size>> {
        self.pass(Operation::Part("catalog.sizes"), None, self.inner.catalog().sizes()).await
    }

    async fn images(&self) -> Result<Vec<Image>> {
        self.pass(Operation::Part("catalog.images"), None, self.inner.catalog().images()).await
    }

    async fn price(&self, spec: &MachineSpec) -> Result<Option<Price>> {
        self.pass(Operation::Part("catalog.price"), Some(spec.name.as_str()), self.inner.catalog().price(spec)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<I: Interceptor> Volumes for Layered<I> {
    async fn create(&self, intent: &RecordedIntent, spec: &VolumeSpec) -> Result<Volume> {
        let part = self.part(self.inner.volumes(), "volumes")?;
        self.pass(Operation::Part("volumes.create"), Some(spec.name.as_str()), part.create(intent, spec)).await
    }

    async fn get(&self, id: &VolumeId) -> Result<Volume> {
        let part = self.part(self.inner.volumes(), "volumes")?;
        self.pass(Operation::Part("volumes.get"), Some(id.as_str()), part.get(id)).await
    }

    async fn list(&self) -> Result<Vec<Volume>> {
        let part = self.part(self.inner.volumes(), "volumes")?;
        self.pass(Operation::Part("volumes.list"), None, part.list()).await
    }

    async fn attach(&self, machine: &MachineId, mount: &VolumeMount) -> Result<()> {
        let part = self.part(self.inner.volumes(), "volumes")?;
        self.pass(Operation::Part("volumes.attach"), Some(mount.volume.as_str()), part.attach(machine, mount)).await
    }

    async fn detach(&self, id: &VolumeId) -> Result<()> {
        let part = self.part(self.inner.volumes(), "volumes")?;
        self.pass(Operation::Part("volumes.detach"), Some(id.as_str()), part.detach(id)).await
    }

    async fn resize(&self, id: &VolumeId, size_gib: u64) -> Result<Volume> {
        let part = self.part(self.inner.volumes(), "volumes")?;
        self.pass(Operation::Part("volumes.resize"), Some(id.as_str()), part.resize(id, size_gib)).await
    }

    async fn destroy(&self, id: &VolumeId) -> Result<Destroyed> {
        let part = self.part(self.inner.volumes(), "volumes")?;
        self.pass(Operation::Part("volumes.destroy"), Some(id.as_str()), part.destroy(id)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<I: Interceptor> Snapshots for Layered<I> {
    async fn create(&self, intent: &RecordedIntent, spec: &SnapshotSpec) -> Result<Snapshot> {
        let part = self.part(self.inner.snapshots(), "snapshots")?;
        self.pass(Operation::Part("snapshots.create"), Some(&spec.name), part.create(intent, spec)).await
    }

    async fn list(&self) -> Result<Vec<Snapshot>> {
        let part = self.part(self.inner.snapshots(), "snapshots")?;
        self.pass(Operation::Part("snapshots.list"), None, part.list()).await
    }

    async fn destroy(&self, id: &SnapshotId) -> Result<Destroyed> {
        let part = self.part(self.inner.snapshots(), "snapshots")?;
        self.pass(Operation::Part("snapshots.destroy"), Some(id.as_str()), part.destroy(id)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<I: Interceptor> SshKeys for Layered<I> {
    async fn create(&self, intent: &RecordedIntent, spec: &SshKeySpec) -> Result<SshKey> {
        let part = self.part(self.inner.ssh_keys(), "registered ssh keys")?;
        self.pass(Operation::Part("ssh_keys.create"), Some(&spec.name), part.create(intent, spec)).await
    }

    async fn list(&self) -> Result<Vec<SshKey>> {
        let part = self.part(self.inner.ssh_keys(), "registered ssh keys")?;
        self.pass(Operation::Part("ssh_keys.list"), None, part.list()).await
    }

    async fn destroy(&self, id: &SshKeyId) -> Result<Destroyed> {
        let part = self.part(self.inner.ssh_keys(), "registered ssh keys")?;
        self.pass(Operation::Part("ssh_keys.destroy"), Some(id.as_str()), part.destroy(id)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<I: Interceptor> Dns for Layered<I> {
    async fn domains(&self) -> Result<Vec<Domain>> {
        let part = self.part(self.inner.dns(), "DNS")?;
        self.pass(Operation::Part("dns.domains"), None, part.domains()).await
    }

    async fn records(&self, domain: &str) -> Result<Vec<DnsRecord>> {
        let part = self.part(self.inner.dns(), "DNS")?;
        self.pass(Operation::Part("dns.records"), Some(domain), part.records(domain)).await
    }

    async fn create(&self, intent: &RecordedIntent, spec: &RecordSpec) -> Result<DnsRecord> {
        let part = self.part(self.inner.dns(), "DNS")?;
        self.pass(Operation::Part("dns.create"), Some(&spec.domain), part.create(intent, spec)).await
    }

    async fn destroy(&self, domain: &str, id: &RecordId) -> Result<Destroyed> {
        let part = self.part(self.inner.dns(), "DNS")?;
        self.pass(Operation::Part("dns.destroy"), Some(domain), part.destroy(domain, id)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<I: Interceptor> Projects for Layered<I> {
    async fn list(&self) -> Result<Vec<Project>> {
        let part = self.part(self.inner.projects(), "projects")?;
        self.pass(Operation::Part("projects.list"), None, part.list()).await
    }

    async fn assign(&self, project: &str, machine: &MachineId) -> Result<()> {
        let part = self.part(self.inner.projects(), "projects")?;
        self.pass(Operation::Part("projects.assign"), Some(project), part.assign(project, machine)).await
    }
}
