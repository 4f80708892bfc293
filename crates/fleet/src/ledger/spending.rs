//! The ledger's part in budgets: lines that are written only where there is money for them, and what is left of lines that are
//! forgotten.

use jiff::Timestamp;
use jiff::civil::Date;
use machine_core::{OwnerId, Result, failpoint};
use sqlx::sqlite::Sqlite;
use sqlx::{Connection as _, Row as _, SqliteConnection, Transaction};

use super::entry::Entry;
use super::{Check, row, schema};
use crate::books::{Books, Spent};

/// Why something about the database did not work: the database itself, or what is in it.
pub(super) enum Failed {
    Database(sqlx::Error),
    Other(machine_core::Error),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<machine_core::Error> for Failed {
    fn from(error: machine_core::Error) -> Self {
        Self::Other(error)
    }
}

/// Writes `entry` where `check` allows it. From before the books are read until the line is written no other process can write
/// one, so that two of them never spend the same money.
pub(super) async fn insert_checked(
    connection: &mut SqliteConnection,
    entry: &Entry,
    check: &Check<'_>,
) -> Result<(), Failed> {
    let mut alone = alone(connection).await?;
    let books = books(&mut alone, &entry.intent.owner).await?;
    check(&books)?;
    failpoint::reached("ledger: before a line is written");
    row::insert(entry).execute(&mut *alone).await?;
    alone.commit().await?;
    failpoint::reached("ledger: after a line was written");
    Ok(())
}

/// What is known of the money of `owner`.
pub(super) async fn books(connection: &mut SqliteConnection, owner: &OwnerId) -> Result<Books, Failed> {
    let lines = sqlx::query(schema::OF_OWNER).bind(owner.as_str().to_owned()).fetch_all(&mut *connection).await?;
    let entries = lines.iter().map(row::decode).collect::<Result<_>>()?;
    let rows = sqlx::query(schema::SPENT).bind(owner.as_str().to_owned()).fetch_all(&mut *connection).await?;
    let mut spent = Vec::new();
    for row in &rows {
        let day: String = row.try_get("day")?;
        let day: Date = day.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let amount = machine_core::Money::from_micros(row.try_get("micros")?);
        spent.push(Spent { provider: row.try_get("provider")?, day, amount });
    }
    Ok(Books { entries, spent })
}

/// Forgets tombstones that were last touched before `before`; what they cost is kept, by day. Answers with how many went.
pub(super) async fn prune(connection: &mut SqliteConnection, before: Timestamp) -> Result<u64, Failed> {
    let mut alone = alone(connection).await?;
    let old = sqlx::query(schema::OLD).bind(before.as_millisecond()).fetch_all(&mut *alone).await?;
    for row in &old {
        let entry = row::decode(row)?;
        for spent in entry.spent_by_day() {
            sqlx::query(schema::SPEND)
                .bind(entry.intent.owner.as_str().to_owned())
                .bind(spent.provider)
                .bind(spent.day.to_string())
                .bind(spent.amount.micros())
                .execute(&mut *alone)
                .await?;
        }
    }
    let done = sqlx::query(schema::PRUNE).bind(before.as_millisecond()).execute(&mut *alone).await?;
    alone.commit().await?;
    Ok(done.rows_affected())
}

/// A transaction beside which nobody writes, from its first statement on.
pub(super) async fn alone(connection: &mut SqliteConnection) -> Result<Transaction<'_, Sqlite>, sqlx::Error> {
    connection.begin_with("BEGIN IMMEDIATE").await
}
