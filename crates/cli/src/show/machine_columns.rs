//! The columns of whatever is listed machine by machine.

use machine_core::{Clock, Machine, MachineState};

use super::list::Column;
use super::table::Tone;
use super::{public_ip, state};
use crate::client_id;

/// What is known of a machine, in columns: the first five are the usual ones.
pub(crate) fn machine_columns<'a, T: AsRef<Machine> + 'a>(clock: &'a Clock) -> Vec<Column<'a, T>> {
    vec![
        Column::new("NAME", |item: &T| item.as_ref().name.clone()),
        Column::new("STATE", |item: &T| state(item.as_ref())).toned(|item| tone(&item.as_ref().state)),
        Column::time("AGE", clock, |item| item.as_ref().created_at),
        Column::whole("ID", |item: &T| item.as_ref().id.to_string()),
        Column::new("NOTES", |item: &T| item.as_ref().notes.join("; ")).short(|item| notes(item.as_ref())),
        Column::new("REGION", |item: &T| item.as_ref().region.clone().unwrap_or_default()).on_request(),
        Column::new("SIZE", |item: &T| item.as_ref().size.clone().unwrap_or_default()).on_request(),
        Column::whole("IP", |item: &T| public_ip(item.as_ref()).map(|ip| ip.to_string()).unwrap_or_default())
            .on_request(),
        Column::new("TYPE", |item: &T| client_id::type_of(item.as_ref()).unwrap_or_default().to_owned()).on_request(),
        Column::new("IMAGE", |item: &T| item.as_ref().image.clone().unwrap_or_default()).on_request(),
        Column::new("HOURLY", |item: &T| item.as_ref().price.map(|price| price.hourly.to_string()).unwrap_or_default())
            .on_request(),
        Column::new("LABELS", |item: &T| {
            let labels = item.as_ref().labels.iter().map(|(key, value)| format!("{key}={value}"));
            labels.collect::<Vec<_>>().join(",")
        })
        .on_request(),
        Column::new("TAGS", |item: &T| item.as_ref().tags.join(",")).on_request(),
    ]
}

fn tone(state: &MachineState) -> Tone {
    match state {
        MachineState::Running => Tone::Good,
        MachineState::Failed => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// The first note, and how many more there are.
fn notes(machine: &Machine) -> String {
    match machine.notes.as_slice() {
        [] => String::new(),
        [note] => note.clone(),
        [note, rest @ ..] => format!("{note} (+{})", rest.len()),
    }
}
