//! Projects.

use async_trait::async_trait;
use machine_core::{Error, ErrorKind, MachineId, Project, Projects, Result, nearest};
use machine_http::Request;

use crate::choose::unknown;
use crate::convert::droplet_id;
use crate::find::named;
use crate::provider::DigitalOceanProvider;
use crate::wire::{self, AssignResources, Assigned};

impl DigitalOceanProvider {
    async fn all_projects(&self) -> Result<Vec<Project>> {
        let projects: Vec<wire::Project> = self.api().list(&["projects"], &[]).await?;
        let ours = |project: wire::Project| Project { id: project.id, name: project.name };
        Ok(machine_http::distinct(projects.into_iter().map(ours).collect(), |project: &Project| project.id.clone()))
    }

    /// The project of that name.
    ///
    /// # Errors
    /// `NotFound` with the nearest names.
    pub(crate) async fn project(&self, name: &str) -> Result<Project> {
        let projects = self.all_projects().await?;
        let found = projects.iter().find(|project| project.name == name);
        found.cloned().ok_or_else(|| {
            let near = nearest(name, projects.iter().map(|project| project.name.as_str()));
            unknown("project", name, &near, "make it in the control panel first")
        })
    }

    /// The request that puts a droplet into a project.
    pub(crate) fn assignment(&self, project: &Project, droplet: &str) -> Request {
        let body = AssignResources { resources: [format!("do:droplet:{droplet}")] };
        self.api().post(["projects", &project.id, "resources"]).idempotent().json(&body)
    }

    /// Puts a droplet into a project. That it could not be is told in the body of a good answer.
    pub(crate) async fn put_into(&self, project: &Project, droplet: u64) -> Result<()> {
        let answer: Result<Assigned> = self.assignment(project, &droplet.to_string()).send().await;
        let assigned = answer.map_err(|error| named(error, "project", &project.name))?;
        let status = assigned.resources.unwrap_or_default().into_iter().find_map(|resource| resource.status);
        match status.as_deref() {
            Some("not_found") => Err(Error::not_found("machine", droplet)),
            Some("service_down") => {
                let what =
                    format!("DigitalOcean cannot put machine {droplet} into project `{}` just now", project.name);
                Err(Error::new(ErrorKind::Upstream, what).with_hint("try again in a while"))
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Projects for DigitalOceanProvider {
    async fn list(&self) -> Result<Vec<Project>> {
        self.all_projects().await
    }

    async fn assign(&self, project: &str, machine: &MachineId) -> Result<()> {
        let droplet = droplet_id(machine)?;
        let project = self.project(project).await?;
        // The cloud takes any number for a machine's.
        self.look(machine).await?;
        self.put_into(&project, droplet).await
    }
}
