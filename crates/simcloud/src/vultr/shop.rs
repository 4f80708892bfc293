//! `/v2/regions`, `/v2/plans`, `/v2/os` and `/v2/applications`: what there is to buy.

use serde_json::{Value, json};

use crate::call::Call;
use crate::reply::Reply;
use crate::vultr::Answer;
use crate::vultr::answer::{invalid, page};
use crate::vultr::catalog::{self, Plan};
use crate::vultr::world::{Moment, World};

/// `GET /v2/regions`
pub(super) fn regions(_: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    page(call, "regions", &catalog::show_regions())
}

/// `GET /v2/regions/{region}/availability`
pub(super) fn availability(_: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let region = catalog::region(call.param("region")).ok_or_else(|| invalid("Invalid region."))?;
    let there = of_kind(call).filter(|plan| plan.locations.contains(&region));
    Ok(Reply::json(200, &json!({"available_plans": there.map(|plan| plan.id).collect::<Vec<_>>()})))
}

/// `GET /v2/plans`
pub(super) fn plans(_: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    page(call, "plans", &sorted(of_kind(call).map(|plan| (plan.id.to_owned(), plan.show())).collect()))
}

/// `GET /v2/os`
pub(super) fn systems(_: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    // With zeros before them numbers are in their order as text too.
    let systems = catalog::systems().iter().map(|os| (format!("{:06}", os.id), os.show()));
    page(call, "os", &systems.collect::<Vec<_>>())
}

/// `GET /v2/applications`: none.
pub(super) fn applications(_: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    page(call, "applications", &[])
}

/// `GET /v2/firewalls`: none.
pub(super) fn firewalls(_: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    page(call, "firewall_groups", &[])
}

/// `GET /v2/vpcs`: none.
pub(super) fn vpcs(_: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    page(call, "vpcs", &[])
}

fn of_kind(call: &Call) -> impl Iterator<Item = &'static Plan> {
    let kind = call.query("type").filter(|kind| *kind != "all").map(str::to_owned);
    catalog::plans().iter().filter(move |plan| kind.as_deref().is_none_or(|kind| plan.kind == kind))
}

fn sorted(mut things: Vec<(String, Value)>) -> Vec<(String, Value)> {
    things.sort_by(|(a, _), (b, _)| a.cmp(b));
    things
}
