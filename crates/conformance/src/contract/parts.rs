//! The sub-traits.

use super::{Contract, by, outside};

/// The sentences.
pub(super) const ALL: &[Contract] = &[
    (
        "Volumes",
        &[
            by("Storage that outlives a machine", &["volumes::what_is_on_it_outlives_the_machine"]),
            outside("Volume and machine must be in the same region", "it is what callers have to see to"),
        ],
    ),
    (
        "Volumes::create",
        &[
            by("Creates a volume", &["volumes::create_makes_what_is_asked_for", "volumes::create_carries_the_markers"]),
            by(
                "One mutating request, never repeated",
                &["volumes::create_says_unknown_and_is_not_repeated", "volumes::a_refused_create_has_no_effect"],
            ),
            by(
                "on an unclear outcome the error says Effect::Unknown",
                &["volumes::create_says_unknown_and_is_not_repeated"],
            ),
        ],
    ),
    (
        "Volumes::get",
        &[by(
            "The volume, or NotFound",
            &["volumes::get_shows_it_to_every_client", "volumes::get_of_what_is_gone_is_not_found"],
        )],
    ),
    (
        "Volumes::list",
        &[by(
            "All volumes of the account, complete or not at all",
            &["volumes::list_shows_all", "volumes::list_is_whole_or_an_error", "volumes::list_leaves_out_what_is_gone"],
        )],
    ),
    (
        "Volumes::attach",
        &[
            by(
                "Attaches the volume to machine",
                &[
                    "volumes::attach_gives_it_to_the_machine",
                    "volumes::a_machine_has_those_it_was_made_with",
                    "volumes::attach_of_what_is_not_there_is_not_found",
                ],
            ),
            by(
                "One that is attached there at that path already is left alone",
                &["volumes::attach_where_it_is_already_is_left_alone"],
            ),
            by("one that is attached elsewhere is a Conflict", &["volumes::attach_of_what_another_has_is_a_conflict"]),
            by(
                "Where the provider cannot do it live, the error for a running machine is Conflict too and says so",
                &["volumes::attach_to_a_running_machine_is_a_conflict"],
            ),
        ],
    ),
    (
        "Volumes::detach",
        &[
            by(
                "Detaches the volume from whatever has it",
                &["volumes::detach_takes_it_away", "volumes::detach_of_what_is_not_there_is_not_found"],
            ),
            by("One that nothing has is left alone", &["volumes::detach_of_what_nothing_has_is_left_alone"]),
        ],
    ),
    (
        "Volumes::resize",
        &[
            by("Makes it larger", &["volumes::resize_makes_it_larger", "volumes::resize_of_what_is_gone_is_not_found"]),
            by("Smaller is Invalid", &["volumes::resize_to_smaller_is_invalid"]),
        ],
    ),
    (
        "Volumes::destroy",
        &[
            by("Destroys it and what is on it", &["volumes::destroy_destroys"]),
            by(
                "An attached one is a Conflict",
                &[
                    "volumes::destroy_of_what_is_attached_is_a_conflict",
                    "volumes::a_destroyed_machine_gives_its_volumes_back",
                ],
            ),
            by("one that is gone is Destroyed::AlreadyGone", &["volumes::destroy_of_what_is_gone_is_already_gone"]),
        ],
    ),
    ("Snapshots", &[by("Copies of machines' disks", &["snapshots::outlive_their_machine"])]),
    (
        "Snapshots::create",
        &[
            by("Takes one", &["snapshots::create_takes_one", "snapshots::of_a_machine_that_is_not_there_is_not_found"]),
            by(
                "Same contract as creating a machine",
                &[
                    "snapshots::create_carries_the_markers",
                    "snapshots::create_says_unknown_and_is_not_repeated",
                    "snapshots::a_refused_create_has_no_effect",
                ],
            ),
        ],
    ),
    (
        "Snapshots::list",
        &[by(
            "All snapshots of the account, complete or not at all",
            &["snapshots::list_shows_all", "snapshots::list_is_whole_or_an_error"],
        )],
    ),
    (
        "Snapshots::destroy",
        &[
            by("Destroys one", &["snapshots::destroy_is_idempotent"]),
            by("idempotent", &["snapshots::destroy_is_idempotent"]),
        ],
    ),
    ("SshKeys", &[by("Public ssh keys registered with an account", &["ssh_keys::create_registers_one"])]),
    (
        "SshKeys::create",
        &[
            by("Registers one", &["ssh_keys::create_registers_one"]),
            by(
                "Same contract as creating a machine: a key grants access",
                &["ssh_keys::create_says_unknown_and_is_not_repeated", "ssh_keys::a_refused_create_has_no_effect"],
            ),
        ],
    ),
    (
        "SshKeys::list",
        &[by(
            "All keys of the account, complete or not at all",
            &["ssh_keys::list_shows_all", "ssh_keys::list_is_whole_or_an_error"],
        )],
    ),
    (
        "SshKeys::destroy",
        &[
            by("Takes one off the account", &["ssh_keys::destroy_is_idempotent"]),
            by("idempotent", &["ssh_keys::destroy_is_idempotent"]),
            outside("Machines that have it keep it", "it takes a login over ssh, which no method of the trait is"),
        ],
    ),
    ("Dns", &[by("DNS zones and records hosted by a provider", &["dns::domains_hold_the_one_to_play_with"])]),
    (
        "Dns::domains",
        &[by(
            "All domains of the account, complete or not at all",
            &["dns::domains_hold_the_one_to_play_with", "dns::domains_are_told_without_a_trailing_dot"],
        )],
    ),
    (
        "Dns::records",
        &[
            by(
                "All records of a domain, complete or not at all",
                &["dns::records_show_all", "dns::records_are_whole_or_an_error"],
            ),
            by(
                "A domain that the account does not have is NotFound",
                &["dns::records_of_a_domain_that_is_not_there_are_not_found"],
            ),
        ],
    ),
    (
        "Dns::create",
        &[
            by("Creates a record", &["dns::create_makes_a_record"]),
            by(
                "Same contract as creating a machine",
                &["dns::create_says_unknown_and_is_not_repeated", "dns::a_refused_create_has_no_effect"],
            ),
        ],
    ),
    (
        "Dns::destroy",
        &[by("Destroys a record", &["dns::destroy_is_idempotent"]), by("idempotent", &["dns::destroy_is_idempotent"])],
    ),
    ("Projects", &[by("A provider's own projects", &["projects::list_tells_an_id_and_a_name_of_each"])]),
    (
        "Projects::list",
        &[by("All projects of the account, complete or not at all", &["projects::list_holds_the_one_to_play_with"])],
    ),
    (
        "Projects::assign",
        &[
            by("Puts a machine into the project of that name", &["projects::assign_takes_a_machine"]),
            by(
                "A project or a machine that is not there is NotFound",
                &[
                    "projects::assign_to_a_project_that_is_not_there_is_not_found",
                    "projects::assign_of_a_machine_that_is_not_there_is_not_found",
                ],
            ),
        ],
    ),
    (
        "Catalog",
        &[
            by(
                "What a provider has on offer: where, how big, from what, at which price",
                &[
                    "catalog::sizes_are_as_big_as_they_say",
                    "catalog::prices_come_from_where_it_says",
                    "create::tells_the_price",
                    "create::gives_at_least_what_is_needed",
                ],
            ),
            by(
                "Each list is complete or an error, and its ids are what a request takes",
                &[
                    "catalog::its_ids_are_what_a_request_takes",
                    "catalog::sizes_are_in_regions_that_there_are",
                    "catalog::is_the_same_for_every_client",
                ],
            ),
        ],
    ),
    (
        "Catalog::regions",
        &[by(
            "The regions, in the provider's order",
            &["catalog::has_a_region_that_takes_machines", "catalog::regions_are_told_in_the_same_order"],
        )],
    ),
    ("Catalog::sizes", &[by("The sizes, cheapest first", &["catalog::has_sizes_cheapest_first"])]),
    (
        "Catalog::images",
        &[by(
            "The images that a machine can be made from",
            &["catalog::has_images", "create::resolves_a_neutral_image_name"],
        )],
    ),
    (
        "Catalog::price",
        &[
            by(
                "What a machine made from spec costs while it runs, at most: the price of the dearest place that it may end up in",
                &["create::tells_the_price"],
            ),
            outside("None where that is not known", "every provider here knows its prices"),
            outside(
                "Nothing is made, and what is asked of the cloud for it is not asked again by a create that follows",
                "how often a cloud is asked is between it and the provider",
            ),
        ],
    ),
];
