//! Which size, and where: a pure function of the wish and of what is on offer.

use machine_core::{Error, ErrorKind, Price, Region, Result, Size, SizeRequest, nearest};

/// A size in a region: what one request asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) region: String,
    pub(crate) size: String,
    pub(crate) price: Option<Price>,
}

/// What is wished for.
#[derive(Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) size: &'a SizeRequest,
    pub(crate) default_size: &'a str,
    /// In order of preference; never empty.
    pub(crate) regions: &'a [String],
    pub(crate) max_price: Option<Price>,
}

/// The places that fit, in order of preference. Sizes come cheapest first.
///
/// # Errors
/// `NotFound` for a size or a region that there is none of, `Invalid` for a need that no size meets, `OutOfCapacity` where
/// none of the regions has the size just now, `Budget` where all that fits costs more than it may.
pub(crate) fn places(wish: &Wish<'_>, sizes: &[Size], regions: &[Region]) -> Result<Vec<Place>> {
    let fitting = fitting(wish, sizes)?;
    let (mut places, mut dear) = (Vec::new(), None);
    let wanted = wish.regions.iter().map(|wanted| among(wanted, regions)).collect::<Result<Vec<_>>>()?;
    for region in wanted.into_iter().flatten().filter(|region| region.available) {
        let here = |size: &&&Size| size.regions.is_empty() || size.regions.contains(&region.id);
        let Some(size) = fitting.iter().find(here) else { continue };
        match too_dear(size, wish.max_price) {
            Some(error) => dear = Some(error),
            None => places.push(Place { region: region.id.clone(), size: size.id.clone(), price: size.price }),
        }
    }
    if !places.is_empty() {
        return Ok(places);
    }
    Err(dear.unwrap_or_else(|| sold_out(wish, &fitting)))
}

/// The first place and those beside it, as `nyc1` is beside `nyc3`. What is further away is another wish, which is not made
/// here.
pub(crate) fn neighbours(mut places: Vec<Place>) -> Vec<Place> {
    let town = |region: &str| region.trim_end_matches(|it: char| it.is_ascii_digit()).to_owned();
    if let Some(first) = places.first().map(|place| town(&place.region)) {
        places.retain(|place| town(&place.region) == first);
    }
    places
}

/// The sizes that will do, cheapest first.
fn fitting<'a>(wish: &Wish<'_>, sizes: &'a [Size]) -> Result<Vec<&'a Size>> {
    let (cpus, memory) = match wish.size {
        SizeRequest::Named(name) => return named(name, sizes).map(|size| vec![size]),
        SizeRequest::Need { cpus, memory_mib } => (cpus.unwrap_or(0.0), memory_mib.unwrap_or(0)),
        _ => return named(wish.default_size, sizes).map(|size| vec![size]),
    };
    let fitting: Vec<_> = sizes.iter().filter(|size| size.cpus >= cpus && size.memory_mib >= memory).collect();
    if fitting.is_empty() {
        let what = format!("no size at DigitalOcean has at least {cpus} processors and {memory} MiB of memory");
        return Err(Error::new(ErrorKind::Invalid, what).with_hint("ask for less"));
    }
    Ok(fitting)
}

fn named<'a>(name: &str, sizes: &'a [Size]) -> Result<&'a Size> {
    sizes.iter().find(|size| size.id == name).ok_or_else(|| {
        let near = nearest(name, sizes.iter().map(|size| size.id.as_str()));
        unknown("size", name, &near, "it may be sold out, or be called otherwise, such as s-1vcpu-1gb")
    })
}

/// The regions that a word means: one, or all whose name is the word and a number, as `nyc` is `nyc1` and its neighbours.
fn among<'a>(wanted: &str, regions: &'a [Region]) -> Result<Vec<&'a Region>> {
    let wanted = wanted.to_lowercase();
    if let Some(region) = regions.iter().find(|region| region.id == wanted) {
        return Ok(vec![region]);
    }
    let numbered = |region: &&Region| {
        let rest = region.id.strip_prefix(&wanted).filter(|_| !wanted.is_empty());
        rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let several: Vec<_> = regions.iter().filter(numbered).collect();
    if several.is_empty() {
        let near = nearest(&wanted, regions.iter().map(|region| region.id.as_str()));
        return Err(unknown("region", &wanted, &near, "regions are called like nyc3 or fra1"));
    }
    Ok(several)
}

/// A thing that there is none of, with the names that were most likely meant.
pub(crate) fn unknown(what: &str, name: &str, near: &[&str], otherwise: &'static str) -> Error {
    let error = Error::not_found(what, name);
    match near {
        [] => error.with_hint(otherwise),
        near => error.with_hint(format!("did you mean {}?", near.join(", "))),
    }
}

fn too_dear(size: &Size, most: Option<Price>) -> Option<Error> {
    let most = most?;
    let name = &size.id;
    let what = match size.price {
        None => format!("what size `{name}` costs is not known, and a price was set that it may not go above"),
        Some(price) if price.hourly > most.hourly => {
            format!("size `{name}` costs {} an hour, more than the {} that was allowed", price.hourly, most.hourly)
        }
        Some(price) => match (price.monthly_cap, most.monthly_cap) {
            (Some(cap), Some(most)) if cap > most => {
                format!("size `{name}` costs {cap} a month, more than the {most} that was allowed")
            }
            _ => return None,
        },
    };
    Some(Error::new(ErrorKind::Budget, what).with_hint("ask for a smaller size, or allow more"))
}

fn sold_out(wish: &Wish<'_>, fitting: &[&Size]) -> Error {
    let wanted = wish.regions.join(", ");
    let what = match fitting {
        [one] => format!("size `{}` cannot be had in {wanted} just now", one.id),
        _ => format!("no size that is big enough can be had in {wanted} just now"),
    };
    let mut elsewhere: Vec<&str> = fitting.iter().flat_map(|size| size.regions.iter().map(String::as_str)).collect();
    elsewhere.sort_unstable();
    elsewhere.dedup();
    let error = Error::new(ErrorKind::OutOfCapacity, what);
    match elsewhere.as_slice() {
        [] => error.with_hint("try another size"),
        regions => error.with_hint(format!("it can be had in {}", regions.join(", "))),
    }
}

#[cfg(test)]
#[path = "choose_test.rs"]
mod tests;
