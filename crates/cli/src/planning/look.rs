//! Asks the accounts what they have, what it costs, and what they would do.

use std::time::Duration;

use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use machine_core::{Deadline, Error, ErrorKind, MachineName, MachineSpec, Preview, Price, SizeRequest};
use machine_fleet::Rate;

use super::document::{Choice, Document, Failed, Refused, VERSION};
use super::rank::{Ask, No, Spot, Usual, rank};
use crate::accounts::Account;
use crate::app::App;
use crate::failure::Failure;
use crate::setup::Setup;
use crate::wish::{Asked, Wish};

/// The longest that one account may take.
const ACCOUNT_WITHIN: Duration = Duration::from_mins(1);
/// How long it is gone on with looking at one account's choices: a cloud may let us ask no faster.
const LOOKS_WITHIN: Duration = Duration::from_secs(40);
/// How many previews are asked for at the same time, of one account.
const AT_ONCE: usize = 4;

/// How far to look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Thoroughness {
    /// How many choices are wanted.
    pub(crate) choices: usize,
    /// How many are looked at for that, of one account.
    pub(crate) looks: usize,
}

/// What one account has for a wish.
#[derive(Debug, Default)]
struct Found {
    choices: Vec<Choice>,
    refused: Vec<Refused>,
}

/// Makes the plan: asks all accounts at once, and puts in order what they have.
pub(crate) async fn look(
    setup: &Setup,
    accounts: Vec<Account>,
    name: &MachineName,
    asked: &Asked<'_>,
    far: Thoroughness,
) -> Document {
    let asks = accounts.into_iter().map(|account| async move {
        let of = account.name.clone();
        let found = tokio::time::timeout(ACCOUNT_WITHIN, one(setup, account, name, asked, far)).await;
        (of, found.unwrap_or_else(|_| Err(late())))
    });
    let mut plan = Document {
        version: VERSION,
        made_at: setup.surroundings.clock.now(),
        choices: Vec::new(),
        refused: Vec::new(),
        failed: Vec::new(),
    };
    for (provider, found) in join_all(asks).await {
        match found {
            Ok(found) => {
                plan.choices.extend(found.choices);
                plan.refused.extend(found.refused);
            }
            Err(error) if refuses(&error) => {
                plan.refused.push(Refused { provider, regions: Vec::new(), size: None, why: error.to_string() });
            }
            Err(error) => {
                let (why, hint) = (error.to_string(), error.hint().map(str::to_owned));
                plan.failed.push(Failed { provider, why, hint, code: Failure::error_code(&error) });
            }
        }
    }
    plan.choices.sort_by_key(|choice| (choice.price.hourly, choice.monthly));
    plan.choices.truncate(far.choices);
    for (number, choice) in (1..).zip(&mut plan.choices) {
        choice.number = number;
    }
    plan
}

/// Opens, of these accounts, the one at which the machine costs least, and says which and why.
///
/// # Errors
/// What the first account said, where it can be made at none of them.
pub(crate) async fn cheapest(
    setup: &Setup,
    accounts: Vec<Account>,
    name: &MachineName,
    asked: &Asked<'_>,
) -> Result<App, Error> {
    let asks = accounts.into_iter().map(|account| async move {
        let of = account.name.clone();
        let ask = async {
            let app = account.open(setup)?;
            let wish = Wish::of(&app, name.clone(), asked).await?;
            let preview = app.provider().preview(&wish.spec).await?;
            let price =
                preview.price.ok_or_else(|| Error::new(ErrorKind::Budget, "nobody knows what it costs there"))?;
            Ok((app, preview, price))
        };
        (of, tokio::time::timeout(ACCOUNT_WITHIN, ask).await.unwrap_or_else(|_| Err(late())))
    });
    let (mut offers, mut first) = (Vec::new(), None);
    for (of, asked) in join_all(asks).await {
        match asked {
            Ok(offer) => offers.push(offer),
            Err(error) => {
                setup.printer.note(format_args!("{of}: left out: {error}"));
                first.get_or_insert(error);
            }
        }
    }
    let fit = offers.len();
    let Some((app, preview, price)) = offers.into_iter().min_by_key(|(_, _, price)| cost(*price)) else {
        return Err(first.unwrap_or_else(|| {
            Error::new(ErrorKind::Config, "there is no account at which a machine could be made")
                .with_hint("`machine init` sets one up")
        }));
    };
    let place = preview.region.map(|region| format!(" in {region}")).unwrap_or_default();
    setup.printer.note(format_args!(
        "{}: {}{place} for {} an hour is the cheapest of the {fit} accounts at which it fits",
        app.section(),
        preview.size.as_deref().unwrap_or("its usual size"),
        price.hourly
    ));
    Ok(app)
}

/// By what prices are compared.
fn cost(price: Price) -> impl Ord {
    (price.hourly, price.monthly_cap)
}

fn late() -> Error {
    Error::new(ErrorKind::Timeout, format!("it took longer than {ACCOUNT_WITHIN:?} to answer"))
}

/// Whether the error is an answer about the wish, and not a failure to answer.
pub(crate) fn refuses(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Invalid
            | ErrorKind::NotFound
            | ErrorKind::Unsupported
            | ErrorKind::Quota
            | ErrorKind::Budget
            | ErrorKind::OutOfCapacity
            | ErrorKind::Conflict
            | ErrorKind::AlreadyExists
    )
}

/// What one account has.
async fn one(
    setup: &Setup,
    account: Account,
    name: &MachineName,
    asked: &Asked<'_>,
    far: Thoroughness,
) -> Result<Found, Error> {
    let app = account.open(setup)?;
    let spec = Wish::of(&app, name.clone(), asked).await?.spec;
    // Whether it is too dear, and where it may be, is judged here: for each place and size by itself.
    let most = spec.max_price.map(|price| price.hourly);
    let open = MachineSpec { regions: Vec::new(), max_price: None, ..spec.clone() };
    let usual = app.provider().preview(&open).await?;
    let catalog = app.provider().catalog();
    let (sizes, regions) = futures::try_join!(catalog.sizes(), catalog.regions())?;
    let known = Usual { region: usual.region.clone(), size: usual.size.clone(), price: usual.price };
    let (spots, none) = rank(&Ask { size: &spec.size, regions: &spec.regions, most, usual: known }, &sizes, &regions);
    let of = app.section().to_owned();
    let refused =
        none.into_iter().map(|No { regions, size, why }| Refused { provider: of.clone(), regions, size, why });
    let mut found = Found { choices: Vec::new(), refused: refused.collect() };
    let (app, open) = (&app, &open);
    let looks = spots.into_iter().take(far.looks).map(|spot| async move {
        let there = MachineSpec {
            regions: spot.regions.first().cloned().into_iter().collect(),
            size: spot.size.clone().map_or(SizeRequest::Default, SizeRequest::Named),
            ..open.clone()
        };
        let preview = app.provider().preview(&there).await;
        (spot, preview)
    });
    let mut looks = stream::iter(looks).buffered(AT_ONCE);
    let deadline = Deadline::after(LOOKS_WITHIN);
    loop {
        let Ok(look) = tokio::time::timeout(deadline.remaining(), looks.next()).await else {
            let why = format!("the rest was not looked at: {LOOKS_WITHIN:?} were over");
            found.refused.push(Refused { provider: of, regions: Vec::new(), size: None, why });
            break;
        };
        let Some((spot, preview)) = look else { break };
        match preview {
            Ok(preview) => found.choices.push(choice(app, spot, preview)),
            Err(error) if refuses(&error) => {
                let Spot { regions, size, .. } = spot;
                found.refused.push(Refused { provider: of.clone(), regions, size, why: error.to_string() });
            }
            Err(error) => return Err(error),
        }
        if found.choices.len() == far.choices {
            break;
        }
    }
    Ok(found)
}

fn choice(app: &App, spot: Spot, preview: Preview) -> Choice {
    let price = preview.price.unwrap_or(spot.price);
    let mut regions = spot.regions.into_iter();
    Choice {
        number: 0,
        provider: app.section().to_owned(),
        region: regions.next().or_else(|| preview.region.clone()),
        also_in: regions.collect(),
        size: spot.size.or_else(|| preview.size.clone()),
        cpus: spot.cpus,
        memory_mib: spot.memory_mib,
        price,
        monthly: Rate::new(price, &app.provider().capabilities().billing).month(),
        preview,
    }
}
