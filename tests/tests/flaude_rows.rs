//! What flaude can do, row by row, and which tests show it here; with what is open.

#![allow(clippy::expect_used, reason = "a test's helper fails by panicking")]

use std::path::Path;

use machine_tests::workspace::root;

use self::Row::{Held, Open, Partly};

/// How it stands with one of its abilities.
enum Row {
    /// These tests show it.
    Held(&'static [&'static str]),
    /// These show some of it; this is open.
    Partly(&'static [&'static str], &'static str),
    /// There is no such thing here yet.
    Open(&'static str),
}

/// Its abilities, in the order of its features table.
const ROWS: &[(&str, Row)] = &[
    (
        "run and destroy",
        Partly(&["an_agent_works_on_a_repository_at_fly"], "more than 5 requests a job: its log and state are polled"),
    ),
    ("non-zero exit", Held(&["a_receipt_holds_until_it_is_changed", "a_job_is_told_as_lines_of_json"])),
    ("a failure as a result", Held(&["every_job_has_a_result_and_is_kept"])),
    ("failed state", Held(&["ends_row_by_row"])),
    ("unknown exit code", Held(&["what_is_not_known_is_never_success", "a_run_that_goes_on_has_no_end"])),
    ("exit code formats", Held(&["every_spelling_row_by_row"])),
    ("newest exit event", Held(&["the_newest_counts"])),
    ("wait timeout", Held(&["our_time_limit_is_124", "time_limit_and_cancel"])),
    (
        "clean-up on cancel",
        Held(&[
            "a_signal_ends_the_job_and_its_machine",
            "the_second_signal_leaves_at_once_and_the_reaper_does_the_rest",
            "dropping_a_start_leaves_nothing",
        ]),
    ),
    (
        "ambiguous create",
        Held(&["a_lost_answer_is_looked_up_and_adopted", "a_lost_request_is_void_after_two_complete_looks"]),
    ),
    (
        "failing delete",
        Held(&[
            "destroying_goes_on_until_get_and_the_list_agree",
            "not_destroyed_at_the_deadline_is_an_error_of_its_own_and_the_sweep_goes_on",
        ]),
    ),
    (
        "transient poll errors",
        Held(&[
            "a_failure_that_passes_is_tried_again_only_where_twice_is_as_good_as_once",
            "what_cannot_be_looked_up_just_now_is_looked_up_again",
        ]),
    ),
    (
        "kill -9 recovery",
        Held(&[
            "kill_9_leaves_nothing",
            "what_a_killed_client_left_is_settled_by_the_next_command_but_not_by_every_one",
        ]),
    ),
    ("payload", Held(&["the_request_carries_name_and_markers", "everything_that_can_be_asked_for"])),
    ("env and metadata", Held(&["keys_that_are_taken", "what_is_the_clouds_is_hidden_and_half_a_marker_is_none"])),
    (
        "repositories",
        Held(&["all_kinds_of_addresses_are_read", "what_leads_out_or_passes_for_an_option_is_refused", "repositories"]),
    ),
    (
        "region, size, cpus, memory",
        Held(&["everything_that_can_be_asked_for", "sizes_by_name", "the_cheapest_that_is_enough"]),
    ),
    ("output format", Held(&["the_command_line_is_exactly_this", "an_agent_works_on_a_repository_here"])),
    ("app", Held(&["the_app_is_made_with_the_first_machine", "an_app_of_somebody_elses_is_told"])),
    ("machine requests", Held(&["accepts_fly", "answers_row_by_row"])),
    ("volumes", Held(&["a_volume_is_recorded_bound_and_buried_like_a_machine", "names_there_and_back"])),
    (
        "stream logs",
        Partly(
            &["each_line_comes_once_and_the_token_is_kept", "what_is_older_or_of_another_machine_is_left_out"],
            "logs are pulled: nothing receives them",
        ),
    ),
    ("stdout, stderr, system", Held(&["the_commands_own_lines_are_told_from_those_about_the_machine"])),
    ("drain encodings", Open("logs are pulled: nothing receives them")),
    ("drain secret", Open("logs are pulled: nothing receives them")),
    ("drain limits", Open("logs are pulled: nothing receives them")),
    ("end of stream", Held(&["the_tail_and_what_came_since", "following_ends_after_the_machine_and_its_last_line"])),
    ("total timeout", Held(&["our_time_limit_is_124", "the_machines_deadline_ends_it"])),
    ("exit marker in text", Held(&["printed_look_alikes_are_output_and_nothing_else"])),
    (
        "marker against code",
        Held(&["an_agent_works_on_a_repository_at_fly", "printed_look_alikes_are_output_and_nothing_else"]),
    ),
    (
        "early leave",
        Held(&[
            "dropping_a_job_ends_its_machine",
            "a_click_runs_a_script_on_a_machine_of_its_own",
            "nobody_reading_ends_the_job",
        ]),
    ),
    ("shared drain", Open("logs are pulled: nothing receives them")),
    ("log history", Held(&["every_line_is_told_once"])),
    (
        "batch",
        Held(&[
            "a_batch_keeps_its_order_and_its_limit",
            "batches_share_a_limit",
            "a_job_that_cannot_be_run_is_no_matter_of_the_others",
        ]),
    ),
    ("batch result", Held(&["every_job_has_a_result_and_is_kept", "counts_say_what_came_of_all"])),
    (
        "rate limits",
        Partly(&["rates_are_kept_on_our_side_and_headers_are_obeyed"], "a whole batch against a limited cloud"),
    ),
    ("run one", Held(&["a_job_that_cannot_be_run_is_no_matter_of_the_others"])),
    (
        "session create",
        Partly(
            &["turns_share_a_workspace_and_a_conversation_at_fly", "faults_at_its_requests_leave_nothing_of_a_session"],
            "sessions at DigitalOcean and Vultr",
        ),
    ),
    ("session turn", Held(&["turns_share_a_workspace_and_a_conversation_at_fly", "a_session_has_one_turn_at_a_time"])),
    ("session destroy", Held(&["faults_at_its_requests_leave_nothing_of_a_session"])),
    ("session time to live", Held(&["a_session_whose_time_is_over_is_swept"])),
    (
        "session resume inside",
        Partly(&["turns_share_a_workspace_and_a_conversation_here"], "git credentials reach the clone and not the job"),
    ),
    (
        "entrypoint contract",
        Held(&[
            "what_cannot_be_executed_has_the_shells_codes",
            "a_guest_that_is_told_to_end_ends_the_job_first",
            "orders_are_gone_before_the_job_runs_and_bad_ones_are_refused",
        ]),
    ),
    ("image build", Open("there is no image of ours")),
    (
        "token",
        Held(&["a_token_goes_to_its_host_and_to_no_other", "what_cannot_be_run_is_refused_before_anything_is_made"]),
    ),
    ("end point", Held(&["a_base_url_that_is_none_is_refused", "a_url_without_a_version_gets_it"])),
    ("command line", Held(&["the_help_pages_are_as_recorded", "the_exit_codes_are_as_recorded"])),
    ("scale", Open("500 jobs at once are not measured")),
];

/// The text of every test and every source file.
fn sources(directory: &Path, found: &mut String) {
    let entries = std::fs::read_dir(directory).expect("the sources can be read");
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push_str(&std::fs::read_to_string(&path).expect("a source is text"));
        }
    }
}

#[test]
fn every_row_has_its_tests_or_says_what_is_open() {
    assert_eq!(ROWS.len(), 48);
    let mut text = String::new();
    for directory in ["crates", "tests"] {
        sources(&root().join(directory), &mut text);
    }
    for (what, row) in ROWS {
        let (tests, open) = match row {
            Held(tests) => (*tests, None),
            Partly(tests, open) => (*tests, Some(*open)),
            Open(open) => (&[][..], Some(*open)),
        };
        assert!(!tests.is_empty() || open.is_some(), "{what}: nothing shows it");
        assert!(open.is_none_or(|open| open.len() > 10), "{what}: what is open?");
        for test in tests {
            assert!(text.contains(&format!("fn {test}(")), "{what}: there is no test `{test}`");
        }
    }
}
