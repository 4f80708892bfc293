//! What droplets and instances have in common: a machine of this computer with an address of its own, and ssh.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids;
use crate::inside;
use crate::machines::{File, Machines, Order, Shape, Storage};
use crate::way_out;

/// Where it is tried whether the port of ssh is free; on this computer alone, as all the addresses are.
const TRIED: Ipv4Addr = Ipv4Addr::new(127, 77, 77, 77);

/// What is published besides ssh, as far as it can be.
const PORTS: &[u16] = &[80, 443, 4242];

/// How often an address is drawn until one is free.
const DRAWS: usize = 1000;

/// How long a machine has to end that is asked to.
const GRACE: Duration = Duration::from_secs(10);

/// The port of every droplet's and instance's ssh: 22 where this computer lets us have it, 2222 otherwise.
pub fn ssh_port() -> u16 {
    static PORT: OnceLock<u16> = OnceLock::new();
    *PORT.get_or_init(|| if TcpListener::bind((TRIED, 22)).is_ok() { 22 } else { 2222 })
}

/// The machine behind a droplet or an instance.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Guest {
    /// Where it is reached.
    pub(crate) address: Ipv4Addr,
    /// Which order was the last.
    life: u64,
    source: String,
    hostname: String,
    keys: Vec<String>,
    /// In base64.
    user_data: String,
}

impl Guest {
    /// One that was never booted, with an address that nobody else has.
    pub(crate) fn new(source: &str, hostname: &str, keys: Vec<String>, user_data: String) -> Option<Self> {
        let Some(address) = draw() else {
            let port = ssh_port();
            tracing::warn!(hostname, port, "a machine stays its record: no address has that port free for its ssh");
            return None;
        };
        let (source, hostname) = (source.to_owned(), hostname.to_owned());
        Some(Self { address, life: 0, source, hostname, keys, user_data })
    }

    /// Whether a report of that life is news.
    pub(crate) fn is_of(&self, life: u64) -> bool {
        self.life == life
    }

    /// Orders it to be up, with these volumes. Without its disk it begins anew.
    pub(crate) fn boot(&mut self, machines: &Machines, id: &str, volumes: Vec<Storage>, keeps_disk: bool) {
        // One of an earlier run comes back with the address that it had.
        taken().insert(self.address);
        let order = inside::Order {
            source: self.source.clone(),
            id: id.to_owned(),
            hostname: self.hostname.clone(),
            keys: self.keys.clone(),
            user_data: self.user_data.clone(),
        };
        let free = |port: &&u16| TcpListener::bind((TRIED, **port)).is_ok();
        let mut ports = vec![(ssh_port(), 22)];
        ports.extend(PORTS.iter().filter(free).map(|&port| (port, port)));
        let mut mounts = Vec::new();
        mounts.extend(way_out::directory().map(|dir| (dir, inside::PROXY.to_owned(), false)));
        let shape = Shape {
            hostname: self.hostname.clone(),
            command: inside::command(),
            files: vec![File { path: inside::ORDER.to_owned(), contents: order.json(), mode: 0o600 }],
            own_network: true,
            address: Some(self.address),
            ports,
            mounts,
            volumes,
            keeps_disk,
            ..Shape::default()
        };
        self.order(machines, id, Order::Boot(Box::new(shape)));
    }

    /// Orders it to end by itself.
    pub(crate) fn stop(&mut self, machines: &Machines, id: &str) {
        self.order(machines, id, Order::Stop { signal: 15, grace: GRACE });
    }

    /// Orders its power to be cut.
    pub(crate) fn cut(&mut self, machines: &Machines, id: &str) {
        self.order(machines, id, Order::Cut);
    }

    /// Orders it to be destroyed.
    pub(crate) fn forget(&mut self, machines: &Machines, id: &str) {
        self.order(machines, id, Order::Forget);
        taken().remove(&self.address);
    }

    fn order(&mut self, machines: &Machines, id: &str, order: Order) {
        self.life += 1;
        machines.order(id, self.life, order);
    }
}

impl fmt::Debug for Guest {
    /// Without the user data, which holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest").field("address", &self.address).field("life", &self.life).finish_non_exhaustive()
    }
}

/// The addresses that are given away in this process; those of others show by their ports.
fn taken() -> std::sync::MutexGuard<'static, BTreeSet<Ipv4Addr>> {
    static TAKEN: Mutex<BTreeSet<Ipv4Addr>> = Mutex::new(BTreeSet::new());
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn draw() -> Option<Ipv4Addr> {
    (0..DRAWS).find_map(|_| {
        let [high, middle, low] = ids::random::<3>();
        let address = Ipv4Addr::new(127, high.clamp(1, 254), middle, low.clamp(2, 254));
        let free = TcpListener::bind((address, ssh_port())).is_ok();
        (free && taken().insert(address)).then_some(address)
    })
}
