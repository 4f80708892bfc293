//! The shape of the database file.

/// Says that a SQLite file is a ledger of ours: "mach" in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x6d61_6368;

/// Each brings the file from the version that is its index to the next one. What was published is never changed, only
/// added to.
pub(super) const MIGRATIONS: &[&str] = &[
    "
    PRAGMA application_id = 0x6d616368;
    CREATE TABLE intents (
        id            TEXT PRIMARY KEY,
        owner         TEXT NOT NULL,
        client        TEXT,
        provider      TEXT NOT NULL,
        account       TEXT,
        resource      TEXT NOT NULL,
        name          TEXT NOT NULL,
        resource_id   TEXT,
        state         TEXT NOT NULL
                      CHECK (state IN ('sent', 'uncertain', 'bound', 'destroying', 'gone', 'void'))
                      CHECK (state NOT IN ('bound', 'destroying', 'gone') OR resource_id IS NOT NULL),
        lifetime      TEXT NOT NULL CHECK (lifetime IN ('client', 'deadline')),
        adopted       INTEGER NOT NULL CHECK (adopted IN (0, 1)),
        deadline      INTEGER,
        missing_since INTEGER,
        minted_at     INTEGER NOT NULL,
        updated_at    INTEGER NOT NULL,
        last_error    TEXT,
        revision      INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX intents_open ON intents (owner)
        WHERE state IN ('sent', 'uncertain', 'destroying') OR (state = 'bound' AND lifetime = 'client');
    CREATE INDEX intents_resource ON intents (resource_id) WHERE resource_id IS NOT NULL;
    PRAGMA user_version = 1;
",
    "
    ALTER TABLE intents ADD COLUMN price_hourly INTEGER;
    ALTER TABLE intents ADD COLUMN price_cap INTEGER;
    ALTER TABLE intents ADD COLUMN price_step INTEGER;
    ALTER TABLE intents ADD COLUMN price_minimum INTEGER;
    ALTER TABLE intents ADD COLUMN made_for TEXT;
    CREATE TABLE spent (
        owner    TEXT NOT NULL,
        provider TEXT NOT NULL,
        day      TEXT NOT NULL,
        micros   INTEGER NOT NULL,
        PRIMARY KEY (owner, provider, day)
    ) STRICT, WITHOUT ROWID;
    PRAGMA user_version = 2;
",
];

/// The version that the newest migration leads to.
#[expect(clippy::cast_possible_wrap, reason = "a few; and a constant cannot be converted in another way")]
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// What `row::decode` reads, in its order. (A macro, because SQL text must be a literal.)
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, owner, client, provider, account, resource, name, resource_id, state, lifetime, adopted, ",
            "deadline, missing_since, minted_at, updated_at, last_error, revision, price_hourly, price_cap, ",
            "price_step, price_minimum, made_for FROM intents ",
            $rest
        )
    };
}

pub(super) const VERSION_QUERY: &str =
    "SELECT user_version, application_id FROM pragma_user_version, pragma_application_id";

pub(super) const INSERT: &str = "INSERT INTO intents (id, owner, client, provider, account, resource, name, resource_id, \
    state, lifetime, adopted, deadline, missing_since, minted_at, updated_at, last_error, revision, price_hourly, price_cap, \
    price_step, price_minimum, made_for) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Compare and set: nothing changes unless the line is still the one that was read.
pub(super) const UPDATE: &str = "UPDATE intents SET client = ?, resource_id = ?, state = ?, missing_since = ?, \
    updated_at = ?, last_error = ?, revision = ?, made_for = ? WHERE id = ? AND revision = ?";

pub(super) const GET: &str = select!("WHERE id = ?");

pub(super) const FIND: &str = select!(
    "WHERE resource_id = ? AND provider = ? AND resource = ? ORDER BY state IN ('gone', 'void'), minted_at DESC LIMIT 1"
);

pub(super) const ENTRIES: &str = select!("WHERE provider = ? ORDER BY id");

pub(super) const ALL: &str = select!("ORDER BY id");

pub(super) const OPEN: &str = select!(
    "WHERE owner = ? AND (state IN ('sent', 'uncertain', 'destroying') OR (state = 'bound' AND lifetime = 'client')) \
     ORDER BY id"
);

pub(super) const OF_OWNER: &str = select!("WHERE owner = ? ORDER BY id");

pub(super) const OLD: &str = select!("WHERE state = 'gone' AND price_hourly IS NOT NULL AND updated_at < ?");

pub(super) const SPENT: &str = "SELECT provider, day, micros FROM spent WHERE owner = ? ORDER BY day, provider";

pub(super) const SPEND: &str = "INSERT INTO spent (owner, provider, day, micros) VALUES (?, ?, ?, ?) \
    ON CONFLICT (owner, provider, day) DO UPDATE SET micros = micros + excluded.micros";

pub(super) const PRUNE: &str = "DELETE FROM intents WHERE state IN ('gone', 'void') AND updated_at < ?";
