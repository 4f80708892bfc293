//! `CloudProvider`: what all methods have in common, and making, finding and listing machines.

use super::{Contract, by, outside};

/// The sentences.
pub(super) const ALL: &[Contract] = &[
    (
        "CloudProvider",
        &[
            by("One cloud, one account", &["account::is_the_same_for_every_client"]),
            outside(
                "Every method is required, so that a decorator that forgets one does not compile",
                "the compiler holds it",
            ),
            outside("conveniences stand in ProviderExt", "it says where to read on"),
            outside("What all methods have in common:", "it is a heading"),
            by(
                "What the provider cannot do is Unsupported, before any request",
                &[
                    "unsupported::what_a_machine_cannot_have_is_refused",
                    "unsupported::what_cannot_be_done_to_a_machine_is_refused",
                    "unsupported::what_a_command_cannot_have_is_refused",
                    "create::unsupported_is_found_before_any_request",
                ],
            ),
            by(
                "An unknown id is NotFound, but for destroy and find",
                &[
                    "get::an_unknown_id_is_not_found",
                    "get::an_id_of_another_shape_is_not_found",
                    "update::an_unknown_id_is_not_found",
                    "wait::an_unknown_id_is_not_found",
                    "power::an_unknown_id_is_not_found",
                    "logs::an_unknown_id_is_not_found",
                    "exec::an_unknown_id_is_not_found",
                    "destroy::an_unknown_id_is_already_gone",
                    "find::an_intent_that_made_nothing_has_nothing",
                ],
            ),
            by(
                "An error says by Effect what may have happened in the cloud",
                &[
                    "create::an_unclear_outcome_says_unknown",
                    "create::a_refusal_says_that_nothing_happened",
                    "create::a_failed_start_is_applied",
                    "destroy::a_lost_answer_is_no_proof",
                ],
            ),
            by("Reads have none", &["get::a_read_that_fails_has_no_effect", "list::a_failure_has_no_effect"]),
            by(
                "A state that nobody has a name for is MachineState::Other, never an error",
                &[
                    "states::one_that_nobody_knows_is_kept_by_get",
                    "states::one_that_nobody_knows_stays_in_lists",
                    "states::one_that_nobody_knows_is_found",
                    "states::one_that_nobody_knows_can_be_waited_on",
                    "states::one_that_nobody_knows_can_be_destroyed",
                ],
            ),
            by(
                "The provider's own word stands beside ours",
                &["states::the_providers_own_word_stands_beside_ours", "states::one_that_nobody_knows_is_kept_by_get"],
            ),
            by(
                "No secret stands in an answer, an error or a Debug text",
                &[
                    "secrets::stand_in_no_answer",
                    "secrets::stand_in_no_error",
                    "secrets::stand_in_no_debug_text",
                    "secrets::stand_in_no_error_of_a_refused_create",
                    "secrets::stand_in_no_error_of_a_lost_answer",
                    "secrets::stand_in_no_error_about_the_credential",
                ],
            ),
            by(
                "Our markers are never among the labels",
                &["create::markers_are_not_among_the_labels", "update::labels_leave_the_markers"],
            ),
            by(
                "All clients of an account see the same machines",
                &[
                    "create::is_seen_by_every_client",
                    "list::shows_the_same_to_every_client",
                    "find::finds_it_for_every_client",
                ],
            ),
            by(
                "A stream outlives the client that opened it",
                &["list::outlives_its_client", "logs::outlive_their_client", "exec::works_for_every_client"],
            ),
        ],
    ),
    (
        "CloudProvider::info",
        &[
            by(
                "Which provider this is",
                &["account::info_names_a_kind_and_where_it_is_described", "account::info_is_the_same_for_every_client"],
            ),
            outside("No I/O", "what it does not do cannot be seen, and it is not even asynchronous"),
        ],
    ),
    (
        "CloudProvider::capabilities",
        &[
            by("What it can do and what that means here", &["account::capabilities_agree_with_each_other"]),
            by("No I/O, and the same answer every time", &["account::capabilities_are_the_same_every_time"]),
        ],
    ),
    (
        "CloudProvider::account",
        &[
            by("Whose credential this is", &["account::names_an_account", "account::is_the_same_for_every_client"]),
            by("proves that it is accepted", &["account::a_credential_that_is_not_accepted_is_unauthenticated"]),
        ],
    ),
    (
        "CloudProvider::create",
        &[
            by(
                "Creates a machine and starts it",
                &[
                    "create::makes_a_machine_that_runs",
                    "create::answers_with_the_machine",
                    "create::runs_the_own_command",
                ],
            ),
            by(
                "Sends one mutating request that carries the name and the intent's markers, and returns when the cloud has accepted",
                &[
                    "create::sends_one_request",
                    "create::carries_the_name",
                    "create::takes_the_longest_name",
                    "create::carries_the_markers",
                    "create::dropping_it_before_the_answer_leaves_one_machine_with_markers",
                ],
            ),
            by("wait tells when it runs", &["create::makes_a_machine_that_runs"]),
            by(
                "On an unclear outcome the error says Effect::Unknown, the request is never repeated, and find settles it",
                &[
                    "create::an_unclear_outcome_says_unknown",
                    "create::an_unclear_outcome_is_never_repeated",
                    "create::an_unclear_outcome_is_settled_by_find",
                ],
            ),
            by(
                "A machine that was made although its start failed is Effect::Applied",
                &["create::a_failed_start_is_applied", "create::what_failed_to_start_carries_the_markers"],
            ),
            by(
                "A request for what is not there (an image, a size, a region, a volume) or costs more than max_price is refused without effect",
                &[
                    "create::an_image_that_is_not_there_is_refused_without_effect",
                    "create::a_size_that_is_not_there_is_refused_without_effect",
                    "create::a_region_that_is_not_there_is_refused_without_effect",
                    "create::a_volume_that_is_not_there_is_refused_without_effect",
                    "create::a_price_above_the_limit_is_refused_without_effect",
                ],
            ),
            by(
                "Where create_once is more than a lookup, a second call for the same intent makes no second machine",
                &["create::a_second_time_for_an_intent_makes_no_second_machine"],
            ),
            by(
                "Dropping the future leaves the outcome unknown: at most one machine, which carries the markers",
                &[
                    "create::dropping_it_leaves_at_most_one_machine_with_markers",
                    "create::dropping_it_before_the_answer_leaves_one_machine_with_markers",
                ],
            ),
        ],
    ),
    (
        "CloudProvider::preview",
        &[
            by(
                "What create would do for a machine that is made to stay, without doing it",
                &["preview::makes_nothing", "preview::names_what_a_create_sends"],
            ),
            by("Makes no request that changes anything", &["preview::sends_no_request_that_makes_something"]),
            by(
                "Names the requests with the bodies that a create would send, apart from the markers, and hides what is secret",
                &["preview::names_what_a_create_sends", "preview::hides_what_is_secret"],
            ),
            by(
                "Refuses what a create would refuse before its first request",
                &["preview::refuses_what_cannot_be", "preview::refuses_what_is_not_there"],
            ),
        ],
    ),
    (
        "CloudProvider::find",
        &[
            by(
                "All machines that intent ever made and that still exist",
                &[
                    "find::finds_what_the_intent_made",
                    "find::finds_only_that",
                    "find::finds_it_whatever_state_it_is_in",
                    "find::finds_it_under_another_name",
                    "find::finds_what_is_on_a_later_page",
                    "find::what_is_gone_is_not_found",
                ],
            ),
            by(
                "Finding none means that there is none only where the answer says that it is complete, and only as of the moment that it names",
                &[
                    "find::an_intent_that_made_nothing_has_nothing",
                    "find::a_page_that_is_lost_is_no_absence",
                    "find::says_of_which_moment_it_speaks",
                    "find::finds_what_shows_late",
                ],
            ),
        ],
    ),
    (
        "CloudProvider::get",
        &[
            by(
                "The machine",
                &["get::shows_the_machine", "get::shows_what_the_list_shows", "get::tells_when_it_was_created"],
            ),
            by(
                "One that is gone is NotFound, or in state Destroyed while the cloud still shows it",
                &["get::what_is_gone_is_not_found_or_destroyed"],
            ),
        ],
    ),
    (
        "CloudProvider::list",
        &[
            by(
                "The machines that which selects, page by page",
                &[
                    "list::shows_every_machine",
                    "list::shows_none_twice",
                    "list::selects_by_owner",
                    "list::selects_what_is_marked",
                    "list::selects_by_name",
                    "list::selects_by_labels",
                    "list::selects_by_all_of_them_together",
                    "list::leaves_out_what_is_gone",
                    "list::goes_on_to_the_last_page",
                    "list::shows_what_nobody_marked",
                ],
            ),
            by(
                "The last page, and only that, says whether the list is complete",
                &[
                    "list::only_the_last_page_tells_completeness",
                    "list::only_the_last_of_many_pages_tells_completeness",
                    "list::ends_with_its_last_page",
                    "list::a_selection_of_nothing_is_empty_and_complete",
                ],
            ),
            by("An error ends the stream", &["list::an_error_ends_it"]),
            by("what came before it is no list", &["list::a_page_that_is_lost_is_no_list"]),
        ],
    ),
];
