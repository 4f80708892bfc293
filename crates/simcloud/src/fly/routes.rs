//! Every operation, its name and its place.

use axum::routing::MethodFilter as Method;

use crate::call::Call;
use crate::fly::world::{Moment, World};
use crate::fly::{Answer, addresses, apps, create, lease, logs, machines, metadata, platform, power, update, volumes};

/// What an operation does.
type Handle = fn(&mut World, &Moment<'_>, &Call) -> Answer;

/// Where one waits for a machine.
pub(super) const WAIT: &str = "/apps/{app}/machines/{machine}/wait";

/// Where commands are run.
pub(super) const EXEC: &str = "/apps/{app}/machines/{machine}/exec";

/// Where logs are: below another version of another API.
pub(super) const LOGS: (&str, Method, &str, Handle) = ("list_logs", Method::GET, "/api/v1/apps/{app}/logs", logs::logs);

/// Name, method, path and deed of every operation but the making of apps and waiting.
pub(super) const ROUTES: &[(&str, Method, &str, Handle)] = &[
    ("get_current_token", Method::GET, "/tokens/current", platform::token),
    ("list_apps", Method::GET, "/apps", apps::list),
    ("get_app", Method::GET, "/apps/{app}", apps::get),
    ("delete_app", Method::DELETE, "/apps/{app}", apps::delete),
    ("list_ip_assignments", Method::GET, "/apps/{app}/ip_assignments", addresses::list),
    ("assign_ip", Method::POST, "/apps/{app}/ip_assignments", addresses::assign),
    ("release_ip", Method::DELETE, "/apps/{app}/ip_assignments/{ip}", addresses::release),
    ("list_machines", Method::GET, "/apps/{app}/machines", machines::list),
    ("create_machine", Method::POST, "/apps/{app}/machines", create::create),
    ("get_machine", Method::GET, "/apps/{app}/machines/{machine}", machines::get),
    ("update_machine", Method::POST, "/apps/{app}/machines/{machine}", update::update),
    ("update_machine", Method::PUT, "/apps/{app}/machines/{machine}", update::update),
    ("delete_machine", Method::DELETE, "/apps/{app}/machines/{machine}", machines::delete),
    ("start_machine", Method::POST, "/apps/{app}/machines/{machine}/start", power::start),
    ("stop_machine", Method::POST, "/apps/{app}/machines/{machine}/stop", power::stop),
    ("suspend_machine", Method::POST, "/apps/{app}/machines/{machine}/suspend", power::suspend),
    ("restart_machine", Method::POST, "/apps/{app}/machines/{machine}/restart", power::restart),
    ("signal_machine", Method::POST, "/apps/{app}/machines/{machine}/signal", power::send),
    ("cordon_machine", Method::POST, "/apps/{app}/machines/{machine}/cordon", power::cordon),
    ("uncordon_machine", Method::POST, "/apps/{app}/machines/{machine}/uncordon", power::uncordon),
    ("list_events", Method::GET, "/apps/{app}/machines/{machine}/events", machines::events),
    ("list_versions", Method::GET, "/apps/{app}/machines/{machine}/versions", machines::versions),
    ("get_lease", Method::GET, "/apps/{app}/machines/{machine}/lease", lease::get),
    ("create_lease", Method::POST, "/apps/{app}/machines/{machine}/lease", lease::take),
    ("release_lease", Method::DELETE, "/apps/{app}/machines/{machine}/lease", lease::release),
    ("get_metadata", Method::GET, "/apps/{app}/machines/{machine}/metadata", metadata::get),
    ("replace_metadata", Method::PUT, "/apps/{app}/machines/{machine}/metadata", metadata::replace),
    ("merge_metadata", Method::PATCH, "/apps/{app}/machines/{machine}/metadata", metadata::merge),
    ("get_metadata_key", Method::GET, "/apps/{app}/machines/{machine}/metadata/{key}", metadata::get_key),
    ("set_metadata_key", Method::POST, "/apps/{app}/machines/{machine}/metadata/{key}", metadata::set_key),
    ("delete_metadata_key", Method::DELETE, "/apps/{app}/machines/{machine}/metadata/{key}", metadata::delete_key),
    ("list_volumes", Method::GET, "/apps/{app}/volumes", volumes::list),
    ("create_volume", Method::POST, "/apps/{app}/volumes", volumes::create),
    ("get_volume", Method::GET, "/apps/{app}/volumes/{volume}", volumes::get),
    ("update_volume", Method::PUT, "/apps/{app}/volumes/{volume}", volumes::update),
    ("delete_volume", Method::DELETE, "/apps/{app}/volumes/{volume}", volumes::delete),
    ("extend_volume", Method::PUT, "/apps/{app}/volumes/{volume}/extend", volumes::extend),
    ("list_volume_snapshots", Method::GET, "/apps/{app}/volumes/{volume}/snapshots", volumes::snapshots),
    ("create_volume_snapshot", Method::POST, "/apps/{app}/volumes/{volume}/snapshots", volumes::snapshot),
    ("list_org_machines", Method::GET, "/orgs/{org}/machines", machines::list_of_organization),
    ("list_regions", Method::GET, "/platform/regions", platform::regions),
    ("create_placements", Method::POST, "/platform/placements", platform::placements),
];
