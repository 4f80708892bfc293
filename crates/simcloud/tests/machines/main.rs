//! Machines of a simulated cloud that are real: what runs, what it says, and that nothing of it is left.
#![allow(clippy::unwrap_used, reason = "a test; it fails by panicking")]

#[allow(dead_code, reason = "the tests of the wire use more of it")]
#[path = "../wire/support.rs"]
mod support;

mod bench;
mod ends;
mod runs;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// A test that runs on a runtime of its own.
fn trial<F: Future<Output = ()> + 'static>(name: &'static str, test: fn() -> F) -> Trial {
    Trial::test(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async { tokio::time::timeout(bench::PATIENCE * 4, test()).await })?;
        Ok(())
    })
}

fn main() -> ExitCode {
    // What the machines need is this program, run again.
    if let Some(code) = machine_simcloud::dispatch() {
        return code;
    }
    if let Some(code) = ends::play_if_told() {
        return code;
    }
    let trials = vec![
        trial("a_command_that_ends_says_how", runs::a_command_that_ends_says_how),
        trial("a_log_goes_on_where_it_was_left", runs::a_log_goes_on_where_it_was_left),
        trial("commands_run_inside", runs::commands_run_inside),
        trial("a_program_that_is_missing_ends_the_machine", runs::a_program_that_is_missing_ends_the_machine),
        trial("the_machine_has_its_files_and_variables", runs::the_machine_has_its_files_and_variables),
        trial("a_volume_outlives_its_machine", runs::a_volume_outlives_its_machine),
        trial("signals_are_sent", runs::signals_are_sent),
        trial("a_command_that_fails_is_started_again", runs::a_command_that_fails_is_started_again),
        trial("another_configuration_makes_another_machine", runs::another_configuration_makes_another_machine),
        trial("a_restart_and_a_suspension_are_lives_of_their_own", runs::a_restart_and_a_suspension),
        trial("a_machine_that_is_to_go_goes", runs::a_machine_that_is_to_go_goes),
        trial("a_kept_state_runs_again", ends::a_kept_state_runs_again),
        trial("what_was_killed_is_cleared_up", ends::what_was_killed_is_cleared_up),
        trial("nothing_is_left_of_what_was_killed", ends::nothing_is_left_of_what_was_killed),
        trial("nothing_is_left_of_what_was_dropped", ends::nothing_is_left_of_what_was_dropped),
        trial("nothing_is_left_of_what_was_shut_down", ends::nothing_is_left_of_what_was_shut_down),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
