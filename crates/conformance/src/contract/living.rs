//! `CloudProvider`: what is done with machines that there are.

use super::{Contract, by, outside};

/// The sentences.
pub(super) const ALL: &[Contract] = &[
    (
        "CloudProvider::update",
        &[
            by(
                "Changes a machine, and answers with it as it is then",
                &[
                    "update::answers_with_the_machine_as_it_is_then",
                    "update::sets_a_label",
                    "update::sets_a_label_anew",
                    "update::takes_a_label_off",
                    "update::moves_the_deadline",
                    "update::takes_the_deadline_off",
                    "update::gives_another_name",
                    "update::gives_another_owner",
                    "update::attaches_and_detaches_volumes",
                ],
            ),
            by(
                "What is not named in change stays as it is",
                &[
                    "update::leaves_the_labels_it_does_not_name",
                    "update::leaves_everything_where_nothing_is_named",
                    "update::labels_leave_the_markers",
                ],
            ),
            by(
                "taking off a label that is not there is no error",
                &["update::taking_off_a_label_that_is_not_there_is_no_error"],
            ),
        ],
    ),
    (
        "CloudProvider::wait",
        &[
            by(
                "Waits until the machine is where until wants it, without polling where the cloud can tell by itself",
                &[
                    "wait::answers_at_once_where_it_is_there_already",
                    "wait::sees_the_command_end",
                    "wait::tells_how_the_command_ended",
                    "wait::tells_which_signal_ended_the_command",
                    "wait::sees_a_stop",
                    "wait::sees_a_machine_go",
                ],
            ),
            by(
                "Timeout at the deadline",
                &["wait::times_out_at_the_deadline", "wait::a_deadline_that_has_passed_is_a_timeout"],
            ),
            by("Conflict as soon as the machine can no longer get there", &["wait::a_goal_out_of_reach_is_a_conflict"]),
            by(
                "Waiting for Goal::Destroyed succeeds with the last that was seen of it",
                &["wait::sees_a_machine_go", "wait::answers_with_the_last_that_was_seen_of_it"],
            ),
            by("Dropping the future leaves the machine alone", &["wait::dropping_it_leaves_the_machine_alone"]),
        ],
    ),
    (
        "CloudProvider::power",
        &[
            by(
                "Starts, stops, reboots or suspends",
                &[
                    "power::stops",
                    "power::starts_again",
                    "power::a_start_runs_the_command_again",
                    "power::a_stop_asks_first",
                    "power::a_stop_gives_its_grace",
                    "power::a_stop_ends_what_refuses",
                    "power::reboots",
                    "power::a_reboot_runs_the_command_again",
                    "power::suspends_and_resumes",
                ],
            ),
            by(
                "A machine that is there already is left alone",
                &[
                    "power::a_machine_that_runs_is_not_started_again",
                    "power::a_machine_that_is_stopped_is_left_alone_by_stop",
                ],
            ),
            outside("Returns when the cloud has accepted", "whether it waits for more is no broken promise, only slow"),
            by("wait tells when it is done", &["power::stops", "power::starts_again", "power::reboots"]),
            by(
                "Dropping the future leaves the machine in either state",
                &["power::dropping_a_stop_leaves_either_state"],
            ),
        ],
    ),
    (
        "CloudProvider::destroy",
        &[
            by(
                "Destroys a machine, running or not",
                &[
                    "destroy::destroys_a_machine_that_runs",
                    "destroy::destroys_a_machine_that_is_stopped",
                    "destroy::destroys_a_machine_whose_command_has_ended",
                    "destroy::ends_what_runs_inside",
                    "destroy::leaves_all_others_alone",
                    "destroy::leaves_the_name_free",
                ],
            ),
            by(
                "Idempotent: one that is gone is Destroyed::AlreadyGone",
                &["destroy::is_idempotent", "destroy::an_unknown_id_is_already_gone"],
            ),
            by(
                "The caller repeats until get says that it is gone",
                &["destroy::can_be_repeated_until_it_is_gone", "destroy::a_lost_answer_can_be_asked_again"],
            ),
            by(
                "Dropping the future leaves a machine that can be destroyed again",
                &["destroy::dropping_it_leaves_what_can_be_destroyed_again"],
            ),
        ],
    ),
    (
        "CloudProvider::logs",
        &[
            by(
                "What the machine's own command wrote, oldest first",
                &[
                    "logs::tell_what_was_written_oldest_first",
                    "logs::tell_output_from_errors",
                    "logs::carry_any_bytes",
                    "logs::tell_a_line_without_its_end",
                    "logs::tell_when_each_line_came",
                ],
            ),
            by(
                "With follow, goes on until the machine has ended and all it wrote was delivered",
                &[
                    "logs::follow_until_the_machine_has_ended",
                    "logs::following_delivers_all_that_was_written",
                    "logs::following_tells_lines_as_they_come",
                    "logs::following_what_has_ended_ends",
                ],
            ),
            by("without, ends with what is there", &["logs::without_follow_end_with_what_is_there"]),
            by(
                "tail and since leave out what is older",
                &["logs::the_tail_is_what_came_last", "logs::since_leaves_out_what_is_older"],
            ),
            outside(
                "Lines that are lost are marked by a line of Stream::System",
                "how much is kept before lines are lost is each provider's own, and nothing here can make it lose them",
            ),
        ],
    ),
    (
        "CloudProvider::exec",
        &[
            by(
                "Runs a command inside a running machine",
                &[
                    "exec::tells_output_from_errors",
                    "exec::carries_any_bytes",
                    "exec::gives_the_command_its_environment",
                    "exec::starts_the_command_in_its_directory",
                    "exec::several_run_at_once",
                    "exec::output_comes_while_it_runs",
                    "exec::a_signal_reaches_it",
                    "exec::a_signal_after_its_end_is_left_alone",
                    "exec::input_arrives_and_its_end_does",
                    "exec::input_and_output_move_at_once",
                    "exec::a_terminal_has_its_size",
                    "exec::a_terminal_has_one_stream",
                    "exec::a_terminal_can_be_resized",
                ],
            ),
            by("a machine that does not run is a Conflict", &["exec::a_machine_that_does_not_run_is_a_conflict"]),
            by(
                "The exit status is the supervisor's word",
                &[
                    "exec::tells_the_exit_status",
                    "exec::tells_which_signal_ended_it",
                    "exec::text_that_looks_like_a_status_is_none",
                ],
            ),
            by(
                "A program that is missing ends with 127, one that cannot be executed with 126",
                &[
                    "exec::a_program_that_is_missing_ends_with_127",
                    "exec::a_program_that_cannot_be_executed_ends_with_126",
                ],
            ),
            by("All that it wrote comes before its end, and nothing after", &["exec::all_output_comes_before_the_end"]),
            by("Its arguments pass through no shell", &["exec::arguments_pass_through_no_shell"]),
            by(
                "without input it reads the end of it at once",
                &["exec::without_input_it_reads_the_end_at_once", "exec::there_is_input_only_where_it_was_asked_for"],
            ),
            by(
                "Dropping the session hangs up where the command is in our hands (exec_live)",
                &["exec::dropping_the_session_hangs_up"],
            ),
        ],
    ),
    (
        "CloudProvider::shell",
        &[
            by(
                "What opens a shell in a running machine for a person, or has a shell there run line",
                &["shell::runs_a_line_in_the_machine", "shell::an_unknown_id_is_not_found"],
            ),
            by("Changes nothing in the cloud", &["shell::changes_nothing"]),
            by("A machine that does not run is a Conflict", &["shell::a_machine_that_does_not_run_is_a_conflict"]),
        ],
    ),
    (
        "CloudProvider::catalog",
        &[by(
            "What is on offer",
            &[
                "catalog::has_images",
                "catalog::its_ids_are_what_a_request_takes",
                "catalog::is_the_same_for_every_client",
            ],
        )],
    ),
    (
        "CloudProvider::volumes",
        &[by("Volumes, where the provider has them", &["volumes::create_makes_what_is_asked_for"])],
    ),
    ("CloudProvider::snapshots", &[by("Snapshots, where the provider has them", &["snapshots::create_takes_one"])]),
    (
        "CloudProvider::ssh_keys",
        &[by("Registered ssh keys, where the provider has them", &["ssh_keys::create_registers_one"])],
    ),
    (
        "CloudProvider::dns",
        &[by("Hosted DNS, where the provider has it", &["dns::domains_are_told_without_a_trailing_dot"])],
    ),
    (
        "CloudProvider::projects",
        &[by("Projects, where the provider has them", &["projects::list_tells_an_id_and_a_name_of_each"])],
    ),
];
