PRAGMA journal_mode = WAL;
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
INSERT INTO intents VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'OWNER', NULL, 'fake', NULL, 'machine', 'old-1', 'm-7', 'bound',
    'deadline', 0, NULL, NULL, 1700000000000, 1700000000001, NULL, 1);
