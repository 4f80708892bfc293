//! Machines on this computer keep what every provider promises.
#![cfg(target_os = "linux")]

use machine_conformance::KindSubject;
use machine_local::LocalKind;

/// Cases for which a machine has to have a file system or a network of its own.
const IN_NAMESPACES: &[&str] = &[
    "create::can_leave_a_machine_without_a_network",
    "create::gives_files_their_mode",
    "create::puts_files_there_before_the_command_starts",
    "create::shows_a_directory_inside",
    "create::shows_it_read_only_unless_asked",
    "volumes::what_is_on_it_outlives_the_machine",
];

fn subject() -> KindSubject<LocalKind> {
    KindSubject::new(serde_json::json!({})).unless(
        |report| Some(format!("namespaces are forbidden here: {}", report.details["namespaces_forbidden"].as_str()?)),
        IN_NAMESPACES,
    )
}

// The supervisors of the machines are this program, run again.
machine_conformance::main!(subject(), first: machine_local::dispatch());
