//! The table: each feature of the older tool, and the test that shows it here. What is measured and not tested is in
//! `cargo xtask bench`.

use std::path::Path;

/// Feature, file below `tests/`, test.
const ROWS: &[(&str, &str, &str)] = &[
    ("config discovery", "acceptance/config.rs", "config_discovery"),
    ("env substitution", "acceptance/config.rs", "env_substitution"),
    ("provider auto-detect", "acceptance/config.rs", "provider_auto_detect"),
    ("required keys", "acceptance/config.rs", "required_keys"),
    ("ssh-key list", "acceptance/config.rs", "ssh_key_list"),
    ("types", "acceptance/offline.rs", "types"),
    ("version without config", "acceptance/offline.rs", "version_without_config"),
    ("help without config", "acceptance/offline.rs", "help_without_config"),
    ("info", "acceptance/check.rs", "info"),
    ("check order and exit", "acceptance/check.rs", "check_order_and_exit"),
    ("create body (DigitalOcean)", "acceptance/create_body.rs", "create_body_digitalocean"),
    ("create body (Vultr)", "acceptance/create_body.rs", "create_body_vultr"),
    ("user data", "acceptance/create_body.rs", "user_data_of_the_three_examples"),
    ("tags", "acceptance/create_body.rs", "tags_in_order"),
    ("flag overrides", "acceptance/create_body.rs", "flag_overrides"),
    ("zone pre-check", "acceptance/create.rs", "zone_pre_check"),
    ("project", "acceptance/create.rs", "project"),
    ("IP wait", "acceptance/create.rs", "ip_wait"),
    ("DNS create", "acceptance/create.rs", "dns_create"),
    ("progress", "acceptance/create.rs", "progress_is_for_terminals"),
    ("create text, quiet, JSON", "acceptance/create.rs", "create_text_quiet_json"),
    ("list default", "acceptance/list.rs", "list_default"),
    ("list filters", "acceptance/list.rs", "list_filters"),
    ("list --all, -q, JSON, --unique", "acceptance/list.rs", "list_shapes"),
    ("paging", "acceptance/list.rs", "paging"),
    ("status", "acceptance/status.rs", "status_asks_the_machine"),
    ("status of many", "acceptance/status.rs", "status_of_many_at_once"),
    ("destroy refusal", "acceptance/destroy.rs", "destroy_refusal"),
    ("YES prompt", "acceptance/destroy.rs", "yes_prompt"),
    ("destroy many", "acceptance/destroy.rs", "destroy_many"),
    ("destroy DNS", "acceptance/destroy.rs", "destroy_dns"),
    ("Vultr delete retry", "acceptance/destroy.rs", "vultr_delete_retry"),
    ("list-domain", "e2e/dns.rs", "zones_and_their_records_are_listed"),
    ("domains, projects, ssh-keys", "acceptance/dns.rs", "domains_projects_ssh_keys"),
    ("session id", "acceptance/offline.rs", "session_id"),
    ("dry-run", "acceptance/safety.rs", "dry_run"),
    ("auth error", "acceptance/check.rs", "auth_error"),
    ("debug", "acceptance/check.rs", "debug"),
    ("link safety", "acceptance/safety.rs", "link_safety"),
    ("downstream scripts", "acceptance/downstream.rs", "a_cluster_host_is_made_polled_and_destroyed"),
    ("downstream scripts, ids", "acceptance/downstream.rs", "ids_go_from_list_to_destroy"),
];

#[test]
fn every_row_has_its_test() {
    for (row, file, test) in ROWS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(&format!("#[test]\nfn {test}() {{")), "{row}: {file} has no test `{test}`");
    }
}

#[test]
fn every_defect_has_its_test() {
    let tests = [include_str!("defects.rs"), include_str!("defects_too.rs")].concat();
    for number in 1..=20 {
        assert!(tests.contains(&format!("#[test]\nfn d{number:02}_")), "D{number} has no test");
    }
}
