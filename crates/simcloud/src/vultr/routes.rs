//! Every operation, its name and its place.

use axum::routing::MethodFilter as Method;

use crate::call::Call;
use crate::vultr::world::{Moment, World};
use crate::vultr::{
    Answer, account, blocks, create, domains, instances, keys, patch, power, records, scripts, shop, snapshots,
};

/// What an operation does.
type Handle = fn(&mut World, &Moment<'_>, &Call) -> Answer;

/// Name, method, path and deed of every operation.
pub(super) const ROUTES: &[(&str, Method, &str, Handle)] = &[
    ("get_account", Method::GET, "/v2/account", account::get),
    ("list_regions", Method::GET, "/v2/regions", shop::regions),
    ("list_availability", Method::GET, "/v2/regions/{region}/availability", shop::availability),
    ("list_plans", Method::GET, "/v2/plans", shop::plans),
    ("list_os", Method::GET, "/v2/os", shop::systems),
    ("list_applications", Method::GET, "/v2/applications", shop::applications),
    ("list_firewalls", Method::GET, "/v2/firewalls", shop::firewalls),
    ("list_vpcs", Method::GET, "/v2/vpcs", shop::vpcs),
    ("list_instances", Method::GET, "/v2/instances", instances::list),
    ("create_instance", Method::POST, "/v2/instances", create::create),
    ("start_instances", Method::POST, "/v2/instances/start", power::start_all),
    ("halt_instances", Method::POST, "/v2/instances/halt", power::halt_all),
    ("reboot_instances", Method::POST, "/v2/instances/reboot", power::reboot_all),
    ("get_instance", Method::GET, "/v2/instances/{id}", instances::get),
    ("update_instance", Method::PATCH, "/v2/instances/{id}", patch::patch),
    ("delete_instance", Method::DELETE, "/v2/instances/{id}", instances::delete),
    ("start_instance", Method::POST, "/v2/instances/{id}/start", power::start),
    ("halt_instance", Method::POST, "/v2/instances/{id}/halt", power::halt),
    ("reboot_instance", Method::POST, "/v2/instances/{id}/reboot", power::reboot),
    ("reinstall_instance", Method::POST, "/v2/instances/{id}/reinstall", power::reinstall),
    ("restore_instance", Method::POST, "/v2/instances/{id}/restore", power::restore),
    ("get_user_data", Method::GET, "/v2/instances/{id}/user-data", instances::user_data),
    ("list_upgrades", Method::GET, "/v2/instances/{id}/upgrades", instances::upgrades),
    ("list_ipv4", Method::GET, "/v2/instances/{id}/ipv4", instances::ipv4),
    ("list_instance_vpcs", Method::GET, "/v2/instances/{id}/vpcs", instances::vpcs),
    ("list_blocks", Method::GET, "/v2/blocks", blocks::list),
    ("create_block", Method::POST, "/v2/blocks", blocks::create),
    ("get_block", Method::GET, "/v2/blocks/{id}", blocks::get),
    ("update_block", Method::PATCH, "/v2/blocks/{id}", blocks::patch),
    ("delete_block", Method::DELETE, "/v2/blocks/{id}", blocks::delete),
    ("attach_block", Method::POST, "/v2/blocks/{id}/attach", blocks::attach),
    ("detach_block", Method::POST, "/v2/blocks/{id}/detach", blocks::detach),
    ("list_ssh_keys", Method::GET, "/v2/ssh-keys", keys::list),
    ("create_ssh_key", Method::POST, "/v2/ssh-keys", keys::create),
    ("get_ssh_key", Method::GET, "/v2/ssh-keys/{id}", keys::get),
    ("update_ssh_key", Method::PATCH, "/v2/ssh-keys/{id}", keys::patch),
    ("delete_ssh_key", Method::DELETE, "/v2/ssh-keys/{id}", keys::delete),
    ("list_snapshots", Method::GET, "/v2/snapshots", snapshots::list),
    ("create_snapshot", Method::POST, "/v2/snapshots", snapshots::create),
    ("create_snapshot_from_url", Method::POST, "/v2/snapshots/create-from-url", snapshots::create_from_url),
    ("get_snapshot", Method::GET, "/v2/snapshots/{id}", snapshots::get),
    ("update_snapshot", Method::PUT, "/v2/snapshots/{id}", snapshots::update),
    ("delete_snapshot", Method::DELETE, "/v2/snapshots/{id}", snapshots::delete),
    ("list_startup_scripts", Method::GET, "/v2/startup-scripts", scripts::list),
    ("create_startup_script", Method::POST, "/v2/startup-scripts", scripts::create),
    ("get_startup_script", Method::GET, "/v2/startup-scripts/{id}", scripts::get),
    ("update_startup_script", Method::PATCH, "/v2/startup-scripts/{id}", scripts::patch),
    ("delete_startup_script", Method::DELETE, "/v2/startup-scripts/{id}", scripts::delete),
    ("list_domains", Method::GET, "/v2/domains", domains::list),
    ("create_domain", Method::POST, "/v2/domains", domains::create),
    ("get_domain", Method::GET, "/v2/domains/{domain}", domains::get),
    ("update_domain", Method::PUT, "/v2/domains/{domain}", domains::update),
    ("delete_domain", Method::DELETE, "/v2/domains/{domain}", domains::delete),
    ("get_soa", Method::GET, "/v2/domains/{domain}/soa", domains::soa),
    ("list_records", Method::GET, "/v2/domains/{domain}/records", records::list),
    ("create_record", Method::POST, "/v2/domains/{domain}/records", records::create),
    ("get_record", Method::GET, "/v2/domains/{domain}/records/{id}", records::get),
    ("update_record", Method::PATCH, "/v2/domains/{domain}/records/{id}", records::patch),
    ("delete_record", Method::DELETE, "/v2/domains/{domain}/records/{id}", records::delete),
];
