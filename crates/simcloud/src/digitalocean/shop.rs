//! `/v2/regions` and `/v2/sizes`: what there is to buy.

use crate::call::Call;
use crate::digitalocean::Answer;
use crate::digitalocean::answer::page;
use crate::digitalocean::catalog::{self, Region, Size};
use crate::digitalocean::world::{Moment, World};

/// `GET /v2/regions`
pub(super) fn regions(_: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    Ok(page(call, "regions", catalog::regions(), Region::show))
}

/// `GET /v2/sizes`
pub(super) fn sizes(_: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    Ok(page(call, "sizes", catalog::sizes(), Size::show))
}
