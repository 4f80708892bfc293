//! `docs/guide/first-machine.md` is true: its commands say what it says that they say, one after the other.

use crate::guides::{bin, check, commands, text};
use crate::playing::Playing;
use crate::support::Home;

/// The command that is left running in another terminal; the test has one of its own, on a port that is free.
const OTHER_TERMINAL: &str = "machine simcloud ";

#[test]
fn its_commands_say_what_it_says() {
    let home = Home::new();
    let bin = bin(&home);
    let commands = commands(&text("first-machine.md"));
    assert!(commands.len() > 15, "{commands:?}");
    let mut cloud = None;
    for command in &commands {
        if command.0.starts_with(OTHER_TERMINAL) {
            cloud = Some(Playing::begin(&home, "digitalocean", &[]));
            continue;
        }
        check(&home, &bin, cloud.as_ref(), command);
    }
    cloud.expect("the guide plays a cloud").end();
}
