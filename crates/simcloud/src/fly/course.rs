//! How a machine goes from one state to the next.

use crate::fly::event::{Event, Exit};
use crate::fly::machine::{Course, Turn};
use crate::fly::world::{Moment, World};
use crate::life::Step;

/// How often a machine is started again that fails, unless it is configured otherwise.
const RETRIES: u64 = 10;

impl World {
    /// A machine arrives where it was on its way to.
    pub(super) fn arrive(&mut self, id: &str, turn: Turn, moment: &Moment<'_>) {
        match turn {
            Turn::Start => self.start(id, moment),
            Turn::Up => {
                self.enter(id, "started", Event::happened("start", "started", moment.now), moment);
                if let Some(machine) = self.machines.get_mut(id) {
                    machine.exit = None;
                }
            }
            Turn::Down(exit) => self.exited(id, exit, moment),
            Turn::Asleep => self.enter(id, "suspended", Event::happened("suspend", "suspended", moment.now), moment),
            Turn::Gone => self.destroyed(id, moment),
        }
    }

    /// A machine that was just ordered is on its way to its start. Where it is a real one nobody has to ask for it first.
    pub(super) fn launch(&mut self, id: &str, moment: &Moment<'_>) {
        if moment.sim.machines.is_some() {
            self.start(id, moment);
        } else {
            self.send(id, Course::new(Step::Note, Turn::Start, moment.now));
        }
    }

    /// A machine begins to start.
    pub(super) fn start(&mut self, id: &str, moment: &Moment<'_>) {
        self.enter(id, "starting", Event::happened("start", "starting", moment.now), moment);
        if !self.boot(id, moment) {
            self.send(id, Course::new(Step::Start, Turn::Up, moment.now));
        }
    }

    /// The main process of a machine has ended. What becomes of the machine, its configuration says.
    pub(super) fn exited(&mut self, id: &str, exit: Exit, moment: &Moment<'_>) {
        let Some(machine) = self.machines.get_mut(id) else { return };
        let restart = &machine.config["restart"];
        let again = !exit.requested
            && match restart["policy"].as_str().unwrap_or("on-failure") {
                "always" => true,
                "no" => false,
                _ => exit.code != 0 && u64::from(machine.restarts) < restart["max_retries"].as_u64().unwrap_or(RETRIES),
            };
        let ends = machine.config["auto_destroy"] == true && !again;
        machine.restarts += u32::from(again);
        machine.exit = Some(exit);
        let event = Event::exit(exit, again, machine.restarts, moment.now);
        if again {
            machine.note(event, moment.now);
            self.start(id, moment);
        } else {
            machine.course = None;
            self.enter(id, "stopped", event, moment);
        }
        if ends {
            self.destroyed(id, moment);
        }
    }

    /// A machine is in another state, and costs what it costs there.
    pub(super) fn enter(&mut self, id: &str, state: &str, event: Event, moment: &Moment<'_>) {
        let Some(machine) = self.machines.get_mut(id) else { return };
        let before = machine.hourly();
        state.clone_into(&mut machine.state);
        machine.note(event, moment.now);
        let hourly = machine.hourly();
        if (hourly - before).abs() > f64::EPSILON {
            moment.sim.bill.reprice("machine", id, hourly, moment.now);
        }
    }

    /// A machine is destroyed.
    pub(super) fn destroyed(&mut self, id: &str, moment: &Moment<'_>) {
        self.enter(id, "destroyed", Event::happened("destroy", "destroyed", moment.now), moment);
        self.bury(id, moment);
    }
}
