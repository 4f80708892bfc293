//! Lines of the ledger as rows of the table. Times are whole milliseconds since 1970, UTC.

use jiff::Timestamp;
use machine_core::{AccountId, Error, ErrorKind, Intent, Lifetime, Money, OwnerId, ResourceKind, Result};
use sqlx::Row as _;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};

use super::entry::Entry;
use super::schema;
use super::state::State;
use crate::rate::Rate;

/// The statement that writes `entry` as a new row.
pub(super) fn insert(entry: &Entry) -> Query<'static, Sqlite, SqliteArguments> {
    let intent = &entry.intent;
    sqlx::query(schema::INSERT)
        .bind(intent.id.to_string())
        .bind(intent.owner.as_str().to_owned())
        .bind(entry.client.map(|client| client.to_string()))
        .bind(intent.provider.clone())
        .bind(entry.account.as_ref().map(|account| account.as_str().to_owned()))
        .bind(intent.resource.as_str())
        .bind(intent.name.clone())
        .bind(entry.resource_id.clone())
        .bind(entry.state.as_str())
        .bind(lifetime(intent.lifetime))
        .bind(entry.adopted)
        .bind(intent.deadline.map(Timestamp::as_millisecond))
        .bind(entry.missing_since.map(Timestamp::as_millisecond))
        .bind(intent.minted_at.as_millisecond())
        .bind(entry.updated_at.as_millisecond())
        .bind(entry.last_error.clone())
        .bind(entry.revision)
        .bind(entry.rate.map(|rate| rate.hourly.micros()))
        .bind(entry.rate.and_then(|rate| rate.monthly_cap).map(Money::micros))
        .bind(entry.rate.map(|rate| i64::try_from(rate.step).unwrap_or(i64::MAX)))
        .bind(entry.rate.map(|rate| i64::try_from(rate.minimum).unwrap_or(i64::MAX)))
        .bind(entry.made_for.map(|intent| intent.to_string()))
}

/// The statement that writes `next` over the row of revision `seen`, and over no other.
pub(super) fn update(next: &Entry, seen: i64) -> Query<'static, Sqlite, SqliteArguments> {
    sqlx::query(schema::UPDATE)
        .bind(next.client.map(|client| client.to_string()))
        .bind(next.resource_id.clone())
        .bind(next.state.as_str())
        .bind(next.missing_since.map(Timestamp::as_millisecond))
        .bind(next.updated_at.as_millisecond())
        .bind(next.last_error.clone())
        .bind(next.revision)
        .bind(next.made_for.map(|intent| intent.to_string()))
        .bind(next.intent.id.to_string())
        .bind(seen)
}

/// The line that `row` holds.
pub(super) fn decode(row: &SqliteRow) -> Result<Entry> {
    try_decode(row).map_err(|error| {
        let id = row.try_get::<String, _>("id").unwrap_or_default();
        Error::new(ErrorKind::Ledger, format!("the ledger's line `{id}` cannot be understood: {error}"))
            .with_source(error)
    })
}

fn try_decode(row: &SqliteRow) -> Result<Entry, sqlx::Error> {
    let intent = Intent {
        id: parse(row, "id", |text| text.parse().ok())?,
        owner: OwnerId::new(row.try_get::<String, _>("owner")?),
        resource: parse(row, "resource", |text| ResourceKind::ALL.into_iter().find(|kind| kind.as_str() == text))?,
        name: row.try_get("name")?,
        provider: row.try_get("provider")?,
        lifetime: parse(row, "lifetime", |text| {
            [Lifetime::Client, Lifetime::Deadline].into_iter().find(|known| lifetime(*known) == text)
        })?,
        deadline: time(row, "deadline")?,
        minted_at: time(row, "minted_at")?.ok_or_else(|| damaged("minted_at", "nothing"))?,
    };
    let client = row.try_get::<Option<String>, _>("client")?;
    let made_for = row.try_get::<Option<String>, _>("made_for")?;
    Ok(Entry {
        account: row.try_get::<Option<String>, _>("account")?.map(AccountId::new),
        client: client.map(|text| text.parse().map_err(|_| damaged("client", &text))).transpose()?,
        state: parse(row, "state", |text| State::ALL.into_iter().find(|state| state.as_str() == text))?,
        resource_id: row.try_get("resource_id")?,
        adopted: row.try_get("adopted")?,
        missing_since: time(row, "missing_since")?,
        updated_at: time(row, "updated_at")?.ok_or_else(|| damaged("updated_at", "nothing"))?,
        last_error: row.try_get("last_error")?,
        revision: row.try_get("revision")?,
        rate: rate(row)?,
        made_for: made_for.map(|text| text.parse().map_err(|_| damaged("made_for", &text))).transpose()?,
        intent,
    })
}

fn rate(row: &SqliteRow) -> Result<Option<Rate>, sqlx::Error> {
    let Some(hourly) = row.try_get::<Option<i64>, _>("price_hourly")? else { return Ok(None) };
    let seconds = |column| {
        let found = row.try_get::<Option<i64>, _>(column)?.unwrap_or_default();
        u64::try_from(found).map_err(|_| damaged(column, &found.to_string()))
    };
    Ok(Some(Rate {
        hourly: Money::from_micros(hourly),
        monthly_cap: row.try_get::<Option<i64>, _>("price_cap")?.map(Money::from_micros),
        step: seconds("price_step")?,
        minimum: seconds("price_minimum")?,
    }))
}

fn lifetime(lifetime: Lifetime) -> &'static str {
    match lifetime {
        Lifetime::Client => "client",
        Lifetime::Deadline => "deadline",
    }
}

fn parse<T>(row: &SqliteRow, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, sqlx::Error> {
    let text = row.try_get::<String, _>(column)?;
    read(&text).ok_or_else(|| damaged(column, &text))
}

fn time(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, sqlx::Error> {
    row.try_get::<Option<i64>, _>(column)?
        .map(|at| Timestamp::from_millisecond(at).map_err(|_| damaged(column, &at.to_string())))
        .transpose()
}

fn damaged(column: &str, found: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("its {column} is `{found}`").into())
}
