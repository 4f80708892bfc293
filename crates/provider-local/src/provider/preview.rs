//! What creating a machine would do here.

use machine_core::{Intent, MachineSpec, Preview, Result, SizeRequest};

use super::Local;
use crate::plan::{Plan, WHOLE};
use crate::record::SpecRecord;

impl Local {
    /// What creating the machine would do: nothing is sent to anybody, and so this is told in sentences.
    ///
    /// # Errors
    /// What `create` refuses before it makes anything.
    pub(super) fn preview(&self, spec: &MachineSpec) -> Result<Preview> {
        let Plan { record, files } = self.plan(&Intent::rehearsal(spec, crate::KIND), spec)?;
        self.store.check_name(&record.name)?;
        let size = match &spec.size {
            SizeRequest::Named(size) => size.clone(),
            _ => WHOLE.to_owned(),
        };
        Ok(Preview {
            region: Some(crate::catalog::REGION.to_owned()),
            size: Some(size),
            image: Some(crate::catalog::IMAGE.to_owned()),
            price: Some(crate::FREE),
            requests: Vec::new(),
            steps: steps(&record, files.len()),
        })
    }
}

fn steps(record: &SpecRecord, files: usize) -> Vec<String> {
    let name = &record.name;
    let mut steps = vec![format!("make the machine `{name}` on this computer")];
    for mount in &record.volumes {
        steps.push(format!("attach the volume {} at {}", mount.volume, mount.path));
    }
    for mount in &record.mounts {
        let how = if mount.writable { "to be written to" } else { "read-only" };
        steps.push(format!("show {} at {}, {how}", mount.source.to_string_lossy(), mount.target.to_string_lossy()));
    }
    if files > 0 {
        steps.push(format!("place {files} files in its memory"));
    }
    for port in &record.ports {
        steps.push(format!("publish its port {} as port {} of this computer", port.guest, port.host));
    }
    steps.push(match record.command.first() {
        None => "start it, to idle until it is stopped".to_owned(),
        Some(program) => format!("start it with the command `{}` of its own", program.to_string_lossy()),
    });
    steps
}
