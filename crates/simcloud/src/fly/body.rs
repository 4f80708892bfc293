//! What really runs for a machine: what is ordered for it, and what its record makes of what became of that.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::fly::event::{Event, Exit};
use crate::fly::machine::{Machine, Turn};
use crate::fly::power;
use crate::fly::world::{Moment, World};
use crate::machines::{File, Happened, Order, Report, Shape, Storage};

/// What runs where the configuration names no command: what the image would, which nobody has here.
const IDLE: [&str; 2] = ["sleep", "infinity"];

/// The permission bits of a file for which none are given.
const MODE: u32 = 0o644;

/// The signal that stops a machine unless another is asked for.
const SIGINT: i32 = 2;

/// How long a command has to end unless something else is asked for.
const GRACE: Duration = Duration::from_secs(5);

/// The longest that it can have.
const LONGEST_GRACE: Duration = Duration::from_mins(5);

impl Machine {
    /// Orders something for what runs. `false` where nothing does, machines being their records.
    pub(super) fn order(&self, order: Order, moment: &Moment<'_>) -> bool {
        let Some(machines) = &moment.sim.machines else { return false };
        machines.order(&self.id, self.life, order);
        true
    }

    /// Ends what runs, and nothing is to be heard of it any more.
    pub(super) fn cut(&mut self, moment: &Moment<'_>) {
        self.life += 1;
        self.order(Order::Cut, moment);
    }

    /// How it is stopped: as is asked, else as it is configured, else as usual.
    pub(super) fn stop_order(&self, signal: Option<i32>, timeout: Option<Duration>) -> Order {
        let configured = &self.config["stop_config"];
        let signal = signal.or_else(|| power::signal(&configured["signal"]).ok().flatten()).unwrap_or(SIGINT);
        let grace = timeout.or_else(|| power::timeout(&configured["timeout"]).ok().flatten()).unwrap_or(GRACE);
        Order::Stop { signal, grace: grace.min(LONGEST_GRACE) }
    }

    fn shape(&self, volumes: Vec<Storage>) -> Shape {
        let mut command = words(&self.config["init"]["exec"]);
        if command.is_empty() {
            command = words(&self.config["init"]["entrypoint"]);
            command.extend(words(&self.config["init"]["cmd"]));
        }
        if command.is_empty() {
            command = IDLE.map(str::to_owned).to_vec();
        }
        Shape {
            hostname: self.id.clone(),
            command,
            env: self.environment(),
            files: self.config["files"].as_array().into_iter().flatten().filter_map(file).collect(),
            volumes,
            memory_mib: self.guest().map(|guest| u64::from(guest.memory)),
            ..Shape::default()
        }
    }

    /// The cloud's own variables, and those of the configuration, which win.
    fn environment(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let own = [
            ("FLY_APP_NAME", self.app.clone()),
            ("FLY_MACHINE_ID", self.id.clone()),
            ("FLY_ALLOC_ID", self.id.clone()),
            ("FLY_MACHINE_VERSION", self.version().to_owned()),
            ("FLY_PRIVATE_IP", self.address()),
            ("FLY_REGION", self.region.clone()),
            ("PRIMARY_REGION", self.region.clone()),
            ("FLY_IMAGE_REF", text(&self.config["image"])),
            ("FLY_VM_MEMORY_MB", self.guest().map(|guest| guest.memory).unwrap_or_default().to_string()),
        ];
        let given = self.config["env"].as_object().into_iter().flatten();
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        own.chain(given.map(|(name, value)| (name.clone(), text(value)))).collect()
    }
}

impl World {
    /// Orders that the machine runs, in a life of its own. `false` where machines are their records.
    pub(super) fn boot(&mut self, id: &str, moment: &Moment<'_>) -> bool {
        let Some(machine) = self.machines.get_mut(id).filter(|_| moment.sim.machines.is_some()) else { return false };
        let mounts = machine.config["mounts"].as_array().into_iter().flatten();
        let volumes = mounts.filter_map(|mount| {
            let (id, path) = (mount["volume"].as_str()?, mount["path"].as_str()?);
            let size_gib = u64::from(self.volumes.get(id)?.size);
            Some(Storage { id: id.to_owned(), path: path.to_owned(), size_gib })
        });
        let shape = machine.shape(volumes.collect());
        machine.life += 1;
        machine.course = None;
        machine.order(Order::Boot(Box::new(shape)), moment)
    }

    /// Something has become of what runs for a machine.
    pub(super) fn report(&mut self, report: &Report, moment: &Moment<'_>) {
        let Some(machine) = self.machines.get_mut(&report.id) else { return };
        let state = machine.state.clone();
        match &report.what {
            Happened::Ended { code, signal, oom } => {
                let exit = Exit::real(*code, *signal, *oom);
                match &*state {
                    // The end of the life before, which the restart has asked for.
                    "restarting" if report.life + 1 == machine.life => {
                        let event = Event::exit(exit.on_request(), true, machine.restarts, moment.now);
                        machine.note(event, moment.now);
                    }
                    _ if report.life != machine.life => {}
                    "stopping" => self.exited(&report.id, exit.on_request(), moment),
                    "suspending" => self.arrive(&report.id, Turn::Asleep, moment),
                    "starting" | "started" | "restarting" => self.exited(&report.id, exit, moment),
                    _ => {}
                }
            }
            _ if report.life != machine.life => {}
            Happened::Up if matches!(&*state, "starting" | "restarting") => {
                self.arrive(&report.id, Turn::Up, moment);
            }
            Happened::Up => {}
            Happened::Failed(why) => {
                tracing::warn!(machine = report.id, why, "a machine was not started");
                if !machine.is_over() {
                    self.enter(&report.id, "failed", Event::happened("launch", "failed", moment.now), moment);
                }
            }
        }
    }

    /// Another run has ended: what ran then is to run again, and what was to end has ended.
    pub(super) fn resume(&mut self, moment: &Moment<'_>) {
        let ids: Vec<String> = self.machines.keys().cloned().collect();
        for id in ids {
            let Some(machine) = self.machines.get(&id).filter(|machine| !machine.is_over()) else { continue };
            let foreign = machine.life == 0;
            match &*machine.state {
                // One that never ran for real is somebody else's.
                "started" if foreign => {}
                "starting" | "started" | "restarting" | "replacing" => self.start(&id, moment),
                "stopping" => self.exited(&id, Exit::asked(true), moment),
                "suspending" => self.arrive(&id, Turn::Asleep, moment),
                _ => {}
            }
        }
    }
}

/// A list of words.
fn words(given: &Value) -> Vec<String> {
    given.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A file of the configuration; nothing where its contents are a secret of the app, of which there are none.
fn file(given: &Value) -> Option<File> {
    let contents = STANDARD.decode(given["raw_value"].as_str()?).ok()?;
    let mode = given["mode"].as_u64().and_then(|mode| u32::try_from(mode).ok()).filter(|mode| *mode > 0);
    Some(File { path: given["guest_path"].as_str()?.to_owned(), contents, mode: mode.unwrap_or(MODE) })
}
