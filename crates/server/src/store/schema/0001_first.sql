-- The first schema. Only what SQLite and PostgreSQL both know: TEXT, BIGINT, ON CONFLICT, $n.
-- Times are milliseconds since 1970 in UTC; `body` columns hold JSON.

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE agent_tokens (
    id           TEXT   NOT NULL PRIMARY KEY,
    hash         TEXT   NOT NULL UNIQUE,
    description  TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    revoked_at   BIGINT
);

CREATE TABLE agents (
    id           TEXT   NOT NULL PRIMARY KEY,
    session_hash TEXT   NOT NULL UNIQUE,
    live         BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL,
    body         TEXT   NOT NULL
);
CREATE INDEX agents_live ON agents (live);

CREATE TABLE builds (
    id         TEXT   NOT NULL PRIMARY KEY,
    pipeline   TEXT   NOT NULL,
    number     BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    live       BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    body       TEXT   NOT NULL,
    UNIQUE (pipeline, number)
);
CREATE INDEX builds_live ON builds (live);
CREATE INDEX builds_created ON builds (created_at);

CREATE TABLE steps (
    id       TEXT   NOT NULL PRIMARY KEY,
    build_id TEXT   NOT NULL REFERENCES builds (id),
    position BIGINT NOT NULL,
    body     TEXT   NOT NULL
);
CREATE INDEX steps_build ON steps (build_id);

CREATE TABLE jobs (
    id       TEXT   NOT NULL PRIMARY KEY,
    build_id TEXT   NOT NULL REFERENCES builds (id),
    state    TEXT   NOT NULL,
    body     TEXT   NOT NULL
);
CREATE INDEX jobs_build ON jobs (build_id);

CREATE TABLE job_tokens (
    hash     TEXT NOT NULL PRIMARY KEY,
    job_id   TEXT NOT NULL,
    build_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    ends_at  BIGINT
);
CREATE INDEX job_tokens_job ON job_tokens (job_id);

CREATE TABLE uploads (
    job_id     TEXT   NOT NULL,
    uuid       TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    message    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (job_id, uuid)
);

CREATE TABLE step_updates (
    uuid       TEXT   NOT NULL PRIMARY KEY,
    step_id    TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE meta_data (
    build_id TEXT NOT NULL,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (build_id, name)
);

CREATE TABLE annotations (
    id         TEXT   NOT NULL PRIMARY KEY,
    build_id   TEXT   NOT NULL,
    job_id     TEXT   NOT NULL,
    scope      TEXT   NOT NULL,
    owner_id   TEXT   NOT NULL,
    context    TEXT   NOT NULL,
    style      TEXT,
    priority   BIGINT NOT NULL,
    body       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (scope, owner_id, context)
);
CREATE INDEX annotations_build ON annotations (build_id);

CREATE TABLE artifact_batches (
    id         TEXT   NOT NULL PRIMARY KEY,
    job_id     TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE artifacts (
    id                 TEXT   NOT NULL PRIMARY KEY,
    batch_id           TEXT   NOT NULL REFERENCES artifact_batches (id),
    position           BIGINT NOT NULL,
    build_id           TEXT   NOT NULL,
    job_id             TEXT   NOT NULL,
    state              TEXT   NOT NULL,
    stored             BIGINT NOT NULL,
    path               TEXT   NOT NULL,
    absolute_path      TEXT   NOT NULL,
    glob_path          TEXT   NOT NULL,
    file_size          BIGINT NOT NULL,
    sha1sum            TEXT   NOT NULL,
    sha256sum          TEXT   NOT NULL,
    content_type       TEXT   NOT NULL,
    upload_destination TEXT   NOT NULL,
    url                TEXT   NOT NULL,
    created_at         BIGINT NOT NULL
);
CREATE INDEX artifacts_build ON artifacts (build_id);
CREATE INDEX artifacts_batch ON artifacts (batch_id);

CREATE TABLE log_chunks (
    job_id     TEXT   NOT NULL,
    sequence   BIGINT NOT NULL,
    log_offset BIGINT NOT NULL,
    size       BIGINT NOT NULL,
    file_start BIGINT NOT NULL,
    file_size  BIGINT NOT NULL,
    PRIMARY KEY (job_id, log_offset, sequence)
);

CREATE TABLE header_times (
    job_id TEXT   NOT NULL,
    header BIGINT NOT NULL,
    at     TEXT   NOT NULL,
    PRIMARY KEY (job_id, header)
);

CREATE TABLE job_events (
    job_id TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    kind   TEXT   NOT NULL
);
CREATE INDEX job_events_job ON job_events (job_id);
