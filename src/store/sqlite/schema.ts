/** Written into the file's header, so that a database of somebody else is never taken for ours: "HGat". */
export const APPLICATION_ID = 0x48476174;

/**
 * Forward only: each entry leads from the version of its place to the next, and is never changed once it was released. `PRAGMA user_version`
 * says how many a file has had.
 *
 * `line` holds what every look at the queue reads, so that its pages stay few; the long answers are in `outcome`. Both are dropped in
 * pieces behind a batch that ended; `leftover` names those with any.
 * States of a line: 0 pending, 1 waiting to be tried again, 2 claimed, 3 succeeded, 4 failed.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE owner (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    epoch INTEGER NOT NULL,
    pid INTEGER NOT NULL
  ) STRICT;
  INSERT INTO owner VALUES (1, 0, 0);

  CREATE TABLE file (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    filename TEXT NOT NULL,
    purpose TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    blob TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
  ) STRICT;
  CREATE INDEX file_of_tenant ON file (tenant, seq);
  CREATE INDEX file_by_blob ON file (blob);
  CREATE INDEX file_by_expiry ON file (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE batch (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    input_file_id TEXT NOT NULL,
    input_blob TEXT NOT NULL,
    completion_window TEXT NOT NULL,
    metadata TEXT,
    output_expires_after INTEGER,
    priority REAL NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    ending TEXT,
    paused INTEGER NOT NULL,
    model TEXT,
    errors TEXT NOT NULL,
    output_file_id TEXT,
    error_file_id TEXT,
    in_progress_at INTEGER,
    finalizing_at INTEGER,
    ended_at INTEGER,
    cancelling_at INTEGER,
    total INTEGER NOT NULL,
    completed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens INTEGER NOT NULL DEFAULT 0,
    CHECK (completed + failed <= total)
  ) STRICT;
  CREATE INDEX batch_of_tenant ON batch (tenant, seq);
  CREATE INDEX batch_open ON batch (expires_at, seq) WHERE ended_at IS NULL;
  CREATE INDEX batch_open_by_blob ON batch (input_blob) WHERE ended_at IS NULL;
  CREATE INDEX batch_ended ON batch (ended_at) WHERE ended_at IS NOT NULL;

  CREATE TABLE idempotency (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    batch INTEGER NOT NULL REFERENCES batch (seq) ON DELETE CASCADE,
    until INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX idempotency_by_batch ON idempotency (batch);
  CREATE INDEX idempotency_by_until ON idempotency (until);

  CREATE TABLE line (
    batch INTEGER NOT NULL REFERENCES batch (seq) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    custom_id TEXT NOT NULL,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    grp INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    attempt INTEGER NOT NULL DEFAULT 0,
    retry_at INTEGER,
    PRIMARY KEY (batch, n)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX line_pending ON line (batch, grp, n) WHERE state = 0;
  CREATE INDEX line_waiting ON line (retry_at) WHERE state = 1;
  CREATE INDEX line_waiting_of_batch ON line (batch) WHERE state = 1;
  CREATE INDEX line_claimed ON line (batch) WHERE state = 2;

  CREATE TABLE outcome (
    batch INTEGER NOT NULL REFERENCES batch (seq) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    status_code INTEGER,
    request_id TEXT,
    body TEXT,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens INTEGER NOT NULL DEFAULT 0,
    code TEXT,
    message TEXT,
    PRIMARY KEY (batch, n)
  ) STRICT;

  CREATE TABLE leftover (
    batch INTEGER PRIMARY KEY REFERENCES batch (seq) ON DELETE CASCADE
  ) STRICT;
  `,
];
