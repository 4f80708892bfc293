//! One operation, killed at one place after the other.

use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use machine_simcloud::{Fault, What, When};
use serde_json::Value;

use crate::command::{Ended, Kill, reaper_is_done};
use crate::plan::{Lane, Moment, Operation, Pass};
use crate::scene::Scene;
use crate::tally::Done;

/// No operation has as many places as this.
const MOST: u32 = 400;
/// How long a reaper may take.
const REAPED_WITHIN: Duration = Duration::from_secs(30);
/// Seconds until the machines of a schedule are past their deadline, and until other owners' are as well.
const EXPIRED: u32 = 700;
const LONG_EXPIRED: u32 = 1_400;
/// A job's own deadline may be far off.
const NEXT_WEEK: u32 = 7 * 24 * 3_600;

/// Runs the lane.
pub(crate) fn run(lane: &Lane, scene: &Scene) -> Done {
    let mut done = Done::default();
    let mut place = 1;
    while place <= MOST {
        let name = format!("it-{place}");
        let killed = schedule(lane, scene, &name, place, &mut done);
        done.schedules += 1;
        // It went on to its end: there are no more places.
        if !killed {
            return done;
        }
        place += lane.stride;
    }
    done.broken.push(format!("it has more than {MOST} places"));
    done
}

/// One schedule; whether it was killed at its place.
fn schedule(lane: &Lane, scene: &Scene, name: &str, place: u32, done: &mut Done) -> bool {
    let state = scene.state();
    if let Err(why) = prepare(lane, scene, name) {
        done.broken.push(format!("place {place} cannot be prepared: {why}"));
        return true;
    }
    let mount = format!("{name}:/data");
    let mut args = match lane.operation {
        Operation::Create => vec!["create", name, "--ttl", "10m"],
        Operation::Run => vec!["run", "--name", name, "--", "true"],
        Operation::Destroy => vec!["destroy", "--yes", name],
        Operation::VolumeCreate => vec!["volumes", "create", name, "--size", "10"],
        Operation::VolumeAttach => vec!["volumes", "attach", name, &mount],
    };
    if lane.pass != Pass::Reaper {
        args.push("--no-reaper");
        if lane.operation == Operation::Run {
            // What follows `--` is the job's.
            args = vec!["--no-reaper", "run", "--name", name, "--", "true"];
        }
    }
    let mut faults: Vec<Fault> = lane.faults.iter().map(|(_, fault)| fault.clone()).collect();
    let kill = match lane.moment {
        Moment::Place => Kill::Place(place),
        Moment::Answer => {
            // First, so that it comes before another fault of the same request.
            let operation = "change".to_owned();
            faults.insert(0, Fault { operation, when: When::After, what: What::Hold, times: 1, skip: place - 1 });
            Kill::Answer(place)
        }
    };
    assert!(scene.handle.plan(&faults), "there is room for faults");
    let ended = scene.run(&state, &args, Some(kill), None);
    scene.handle.calm();
    let said = |what: &str, ended: &Ended| {
        format!("place {place}: {what} (it ended with {:?}: {})", ended.code, ended.said.trim())
    };
    match clean(lane, scene, name, &ended) {
        Ok(after) => {
            for left in leaked(scene, name, &after) {
                let ledger = scene.call(&state, &["ledger", "show", name]).said;
                done.leaked.push(said(&format!("{left}\n{ledger}"), &ended));
            }
        }
        Err(why) => done.broken.push(said(&why, &ended)),
    }
    // Whoever was told that it is made may rely on it, whatever else went wrong.
    let told = matches!(lane.operation, Operation::Create | Operation::VolumeCreate) && ended.code == Some(0);
    if told && lane.pass != Pass::LostState && scene.open(name).is_empty() {
        done.wronged.push(said(&format!("`{name}` was made and is not there any more"), &ended));
    }
    let machines = scene.charges(name).iter().filter(|charge| charge.kind == "machine").count();
    if machines > 1 {
        done.broken.push(said(&format!("{machines} machines were made for one wish"), &ended));
    }
    if let Err(why) = finish(lane, scene, name) {
        done.leaked.push(said(&why, &ended));
    }
    for gone in scene.wronged() {
        done.wronged.push(said(&format!("`{gone}` is not there any more"), &ended));
    }
    ended.killed
}

/// What the operation needs.
fn prepare(lane: &Lane, scene: &Scene, name: &str) -> Result<(), String> {
    let state = scene.state();
    let must = |args: &[&str]| {
        let ended = scene.call(&state, args);
        if ended.code == Some(0) { Ok(()) } else { Err(ended.said) }
    };
    if matches!(lane.operation, Operation::Destroy | Operation::VolumeAttach) {
        must(&["create", name, "--ttl", "10m", "--no-reaper"])?;
    }
    if lane.operation == Operation::VolumeAttach {
        must(&["volumes", "create", name, "--size", "10", "--no-reaper"])?;
    }
    Ok(())
}

/// Has it cleaned up; answers with the ids that somebody answers for by then.
fn clean(lane: &Lane, scene: &Scene, name: &str, ended: &Ended) -> Result<Vec<String>, String> {
    let state = scene.state();
    match lane.pass {
        Pass::Gc => scene.until_settled(&state, &["gc"], None)?,
        Pass::Reaper => {
            if !reaper_is_done(ended.pid, REAPED_WITHIN) {
                return Err("its reaper goes on and on".to_owned());
            }
        }
        Pass::LostState => {
            let later = if lane.operation == Operation::Run { NEXT_WEEK } else { LONG_EXPIRED };
            let empty = scene.empty_state(name);
            // What the cloud takes a while to show, it shows long before that.
            scene.handle.advance(SignedDuration::from_mins(10));
            scene.until_settled(&empty, &["gc", "--all-owners", "--expired"], Some(later))?;
            return Ok(Vec::new());
        }
    }
    bound(scene, &state)
}

/// What the ledger says is there and is to be there.
fn bound(scene: &Scene, state: &Path) -> Result<Vec<String>, String> {
    let listed = scene.call(state, &["ledger", "list", "-o", "json"]);
    let entries: Vec<Value> =
        serde_json::from_str(&listed.said).map_err(|error| format!("{error}: {}", listed.said))?;
    let bound = entries.iter().filter(|entry| entry["state"] == "bound" && entry["lifetime"] == "deadline");
    Ok(bound.filter_map(|entry| entry["resource_id"].as_str().map(str::to_owned)).collect())
}

/// What costs something and nobody answers for.
fn leaked(scene: &Scene, name: &str, answered: &[String]) -> Vec<String> {
    let open = scene.open(name).into_iter().filter(|charge| !answered.contains(&charge.id));
    open.map(|charge| format!("the {} `{}` ({}) is still there", charge.kind, charge.name, charge.id)).collect()
}

/// Ends what was left to stay: machines by their deadline, volumes by hand. Nothing of the schedule may be left.
fn finish(lane: &Lane, scene: &Scene, name: &str) -> Result<(), String> {
    let state = scene.state();
    if lane.pass != Pass::LostState {
        scene.handle.advance(SignedDuration::from_mins(10));
        scene.until_settled(&state, &["gc"], Some(EXPIRED))?;
    }
    if matches!(lane.operation, Operation::VolumeCreate | Operation::VolumeAttach)
        && scene.open(name).iter().any(|charge| charge.kind == "volume")
    {
        scene.until_settled(&state, &["volumes", "destroy", "--yes", name, "--no-reaper"], None)?;
    }
    match scene.open(name).first() {
        Some(charge) => Err(format!("the {} `{}` outlives its deadline", charge.kind, charge.name)),
        None => Ok(()),
    }
}
