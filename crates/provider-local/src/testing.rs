//! What several tests need.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use machine_core::{Intent, Lifetime, OwnerId, ResourceKind};

use crate::isolation::Isolation;
use crate::record::{LimitsRecord, SCHEMA, SpecRecord};
use crate::store::{MachineDir, Store};

/// A directory that goes when the test ends.
#[derive(Debug)]
pub(crate) struct Scratch {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap();
        Self { _directory: directory, path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&self.path.join("state")).unwrap()
    }
}

/// An id that ends with `digit`.
pub(crate) fn id(digit: char) -> String {
    format!("m-01kag0000000000000000000{digit}0")
}

/// The specification of an idle machine.
pub(crate) fn spec(name: &str, digit: char) -> SpecRecord {
    let at = "2026-11-20T19:46:00Z".parse().unwrap();
    SpecRecord {
        schema: SCHEMA,
        id: id(digit),
        name: name.to_owned(),
        hostname: None,
        intent: Intent {
            id: id(digit)[2..].parse().unwrap(),
            owner: OwnerId::new("owner"),
            resource: ResourceKind::Machine,
            name: name.to_owned(),
            provider: "local".to_owned(),
            lifetime: Lifetime::Deadline,
            deadline: None,
            minted_at: at,
        },
        created_at: at,
        command: Vec::new(),
        env: Vec::new(),
        workdir: None,
        labels: BTreeMap::new(),
        tags: Vec::new(),
        network: machine_core::Network::Default,
        address: None,
        ports: Vec::new(),
        volumes: Vec::new(),
        mounts: Vec::new(),
        toolchains: Vec::new(),
        home: "/root".into(),
        limits: LimitsRecord::default(),
        isolation: Isolation::Auto,
        files: 0,
    }
}

/// Makes a machine of that name that was never started.
pub(crate) fn place(store: &Store, name: &str, digit: char) -> MachineDir {
    let spec = spec(name, digit);
    let names = store.lock_names().unwrap();
    store.take_name(&names, name, &spec.id).unwrap();
    store.place_machine(store.make_machine(&spec).unwrap()).unwrap()
}
