//! What every database behind the store has to do. Each test is a promise of one table; a second database
//! has to keep the same ones.

use redkite_scheduler::Time;

use super::*;
use crate::secret::Secret;

struct Store {
    database: Database,
    writer: Connection,
    _folder: tempfile::TempDir,
}

async fn store() -> Store {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = Database::open(&folder.path().join("test.db")).await.expect("a database");
    let writer = database.writer().await.expect("a writer");
    Store { database, writer, _folder: folder }
}

fn at(millis: i64) -> Time {
    Time::from_millis(millis)
}

fn token(id: &str) -> AgentToken {
    AgentToken { id: id.into(), description: format!("token {id}"), created_at: at(1), revoked_at: None }
}

#[tokio::test]
async fn a_database_opens_again_as_it_was() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("test.db");
    for expected in ["first", "first"] {
        let database = Database::open(&path).await.expect("a database");
        let mut writer = database.writer().await.expect("a writer");
        let value = SettingsTable::get_or_insert(&mut writer, "name", expected).await.expect("a value");
        assert_eq!(value, "first");
        database.close().await;
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("test.db");
    std::fs::write(&path, "this is not a database, but longer than its header would be; so it is refused")
        .expect("a file");
    let error = Database::open(&path).await.expect_err("it is refused");
    assert!(error.to_string().contains("test.db"), "{error}");
}

#[tokio::test]
async fn tokens_are_valid_until_they_are_revoked() {
    let Store { mut writer, _folder, .. } = store().await;
    let secret = Secret::new("secret");
    TokensTable::insert(&mut writer, &token("a"), &secret.hash()).await.expect("stored");
    assert_eq!(TokensTable::valid(&mut writer, &secret.hash()).await.expect("read"), Some(token("a")));
    assert_eq!(TokensTable::valid(&mut writer, &Secret::new("other").hash()).await.expect("read"), None);
    assert!(TokensTable::revoke(&mut writer, "a", at(2)).await.expect("stored"));
    assert!(!TokensTable::revoke(&mut writer, "a", at(3)).await.expect("stored"));
    assert_eq!(TokensTable::valid(&mut writer, &secret.hash()).await.expect("read"), None);
    let all = TokensTable::all(&mut writer).await.expect("read");
    assert_eq!(all, [AgentToken { revoked_at: Some(at(2)), ..token("a") }]);
}

#[tokio::test]
async fn what_was_not_committed_is_not_there() {
    let Store { mut writer, database, _folder } = store().await;
    sqlx::raw_sql("BEGIN").execute(&mut writer).await.expect("a transaction");
    MetaDataTable::set(&mut writer, "build", "key", "value").await.expect("stored");
    let mut reader = database.readers().acquire().await.expect("a reader");
    assert_eq!(MetaDataTable::get(&mut reader, "build", "key").await.expect("read"), None);
    sqlx::raw_sql("ROLLBACK").execute(&mut writer).await.expect("rolled back");
    assert_eq!(MetaDataTable::get(&mut writer, "build", "key").await.expect("read"), None);
}

#[tokio::test]
async fn meta_data_belongs_to_one_build() {
    let Store { mut writer, _folder, .. } = store().await;
    for (build, key, value) in [("one", "b", "1"), ("one", "a", "2"), ("one", "b", "3"), ("two", "b", "4")] {
        MetaDataTable::set(&mut writer, build, key, value).await.expect("stored");
    }
    assert_eq!(MetaDataTable::get(&mut writer, "one", "b").await.expect("read"), Some("3".into()));
    let all = MetaDataTable::all(&mut writer, "one").await.expect("read");
    assert_eq!(all, [("a".into(), "2".into()), ("b".into(), "3".into())]);
}

#[tokio::test]
async fn chunks_are_stored_once_and_read_by_offset() {
    let Store { mut writer, database, _folder } = store().await;
    let chunk =
        |sequence, offset, size| ChunkRow { sequence, offset, size, file_start: offset * 10, file_size: 7 };
    for (row, is_new) in [(chunk(2, 5, 5), true), (chunk(1, 0, 5), true), (chunk(2, 5, 5), false)] {
        assert_eq!(LogsTable::insert(&mut writer, "job", &row).await.expect("stored"), is_new);
    }
    for (from, expected) in [(0, 2), (4, 2), (5, 1), (10, 0)] {
        let found = LogsTable::chunks(database.readers(), "job", from).await.expect("read");
        assert_eq!(found.len(), expected, "from {from}");
        assert!(found.is_sorted_by_key(|chunk| chunk.offset));
    }
    assert_eq!(LogsTable::chunks(database.readers(), "job", 5).await.expect("read"), [chunk(2, 5, 5)]);
}

#[tokio::test]
async fn an_upload_and_a_step_update_are_known_again() {
    let Store { mut writer, _folder, .. } = store().await;
    let upload = UploadRow { state: "applied".into(), message: String::new() };
    assert_eq!(UploadsTable::find(&mut writer, "job", "uuid").await.expect("read"), None);
    UploadsTable::insert(&mut writer, ("job", "uuid"), &upload, at(1)).await.expect("stored");
    assert_eq!(UploadsTable::find(&mut writer, "job", "uuid").await.expect("read"), Some(upload));
    assert!(UploadsTable::first_update(&mut writer, "uuid", "step", at(1)).await.expect("stored"));
    assert!(!UploadsTable::first_update(&mut writer, "uuid", "step", at(1)).await.expect("stored"));
}

#[tokio::test]
async fn job_tokens_are_found_and_revoked_by_job() {
    let Store { mut writer, database, _folder } = store().await;
    let hash = Secret::new("secret").hash();
    let row = JobTokenRow { job: "job".into(), build: "build".into(), agent: "agent".into(), ends_at: None };
    JobTokensTable::insert(&mut writer, &hash, &row).await.expect("stored");
    JobTokensTable::insert(&mut writer, &hash, &row).await.expect("a repeated accept stores it again");
    assert_eq!(JobTokensTable::find(database.readers(), &hash).await.expect("read"), Some(row.clone()));
    assert_eq!(JobTokensTable::end(&mut writer, "job", 5).await.expect("stored").len(), 1);
    assert_eq!(
        JobTokensTable::end(&mut writer, "job", 6).await.expect("stored").len(),
        0,
        "the first end stands"
    );
    let ended = JobTokensTable::find(database.readers(), &hash).await.expect("read");
    assert_eq!(ended, Some(JobTokenRow { ends_at: Some(5), ..row }));
    assert_eq!(
        JobTokensTable::revoke(&mut writer, "job").await.expect("stored"),
        std::slice::from_ref(&hash)
    );
    assert_eq!(JobTokensTable::find(database.readers(), &hash).await.expect("read"), None);
}

#[tokio::test]
async fn builds_are_numbered_by_pipeline_and_live_until_they_end() {
    let Store { mut writer, database, _folder } = store().await;
    assert_eq!(BuildsTable::next_number(&mut writer, "app").await.expect("read"), 1);
    let mut row = BuildRow {
        id: "build".into(),
        pipeline: "app".into(),
        number: 1,
        state: "running".into(),
        live: true,
        created_at: 1,
        body: "{}".into(),
    };
    BuildsTable::save(&mut writer, &row).await.expect("stored");
    assert_eq!(BuildsTable::next_number(&mut writer, "app").await.expect("read"), 2);
    assert_eq!(BuildsTable::next_number(&mut writer, "other").await.expect("read"), 1);
    assert_eq!(BuildsTable::live(&mut writer).await.expect("read"), ["build"]);
    row = BuildRow { state: "passed".into(), live: false, body: "{\"a\":1}".into(), ..row };
    BuildsTable::save(&mut writer, &row).await.expect("stored");
    assert_eq!(BuildsTable::live(&mut writer).await.expect("read"), [""; 0]);
    assert_eq!(BuildsTable::find(&mut writer, "build").await.expect("read"), Some("{\"a\":1}".into()));
    assert_eq!(
        BuildsTable::by_number(database.readers(), "app", 1).await.expect("read"),
        Some("build".into())
    );
    assert_eq!(BuildsTable::by_number(database.readers(), "app", 2).await.expect("read"), None);
}

#[tokio::test]
async fn steps_and_jobs_are_read_in_order() {
    let Store { mut writer, database, _folder } = store().await;
    let row = BuildRow {
        id: "build".into(),
        pipeline: "app".into(),
        number: 1,
        state: "running".into(),
        live: true,
        created_at: 1,
        body: "{}".into(),
    };
    BuildsTable::save(&mut writer, &row).await.expect("stored");
    for (id, position) in [("s1", 2), ("s2", 1), ("s1", 0)] {
        let body = format!("{id} at {position}");
        BuildsTable::save_step(&mut writer, ("build", id), position, &body).await.expect("stored");
    }
    for (id, state) in [("j2", "waiting"), ("j1", "running"), ("j2", "finished")] {
        BuildsTable::save_job(&mut writer, ("build", id), state, state).await.expect("stored");
    }
    assert_eq!(BuildsTable::steps(&mut writer, "build").await.expect("read"), ["s1 at 0", "s2 at 1"]);
    assert_eq!(BuildsTable::jobs(&mut writer, "build").await.expect("read"), ["running", "finished"]);
    assert_eq!(BuildsTable::build_of(database.readers(), "j1").await.expect("read"), Some("build".into()));
    assert_eq!(BuildsTable::build_of_step(&mut writer, "s2").await.expect("read"), Some("build".into()));
    assert_eq!(BuildsTable::build_of(database.readers(), "none").await.expect("read"), None);
}

#[tokio::test]
async fn agents_are_live_until_they_are_gone() {
    let Store { mut writer, _folder, .. } = store().await;
    let row = AgentRow { session: "hash".into(), heartbeat_at: 1, body: "{}".into() };
    AgentsTable::insert(&mut writer, "agent", &row).await.expect("stored");
    AgentsTable::beat(&mut writer, "agent", 5).await.expect("stored");
    assert_eq!(AgentsTable::live(&mut writer).await.expect("read"), [AgentRow { heartbeat_at: 5, ..row }]);
    AgentsTable::update(&mut writer, "agent", false, "{\"gone\":1}").await.expect("stored");
    assert_eq!(AgentsTable::live(&mut writer).await.expect("read"), []);
    assert_eq!(AgentsTable::find(&mut writer, "agent").await.expect("read"), Some("{\"gone\":1}".into()));
}

#[tokio::test]
async fn annotations_are_one_per_context_and_scope() {
    let Store { mut writer, database, _folder } = store().await;
    let row = |id: &str, scope: &str, owner: &str, priority| AnnotationRow {
        id: id.into(),
        build: "build".into(),
        job: "job".into(),
        scope: scope.into(),
        owner: owner.into(),
        context: "default".into(),
        style: None,
        priority,
        body: id.into(),
        created_at: 1,
        updated_at: 1,
    };
    for annotation in
        [row("a", "build", "build", 3), row("b", "job", "job", 9), row("c", "build", "build", 4)]
    {
        AnnotationsTable::save(&mut writer, &annotation).await.expect("stored");
    }
    let all = AnnotationsTable::of_build(database.readers(), "build").await.expect("read");
    assert_eq!(all.iter().map(|row| row.body.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    assert!(AnnotationsTable::delete(&mut writer, "job", "job", "default").await.expect("stored"));
    assert!(!AnnotationsTable::delete(&mut writer, "job", "job", "default").await.expect("stored"));
    assert_eq!(AnnotationsTable::find(&mut writer, "job", "job", "default").await.expect("read"), None);
}

#[tokio::test]
async fn a_batch_of_artifacts_keeps_its_order_and_states() {
    let Store { mut writer, database, _folder } = store().await;
    let row = |id: &str, position| ArtifactRow {
        id: id.into(),
        batch: "batch".into(),
        position,
        build: "build".into(),
        job: "job".into(),
        state: "new".into(),
        stored: false,
        path: format!("{id}.txt"),
        absolute_path: String::new(),
        glob_path: String::new(),
        file_size: 1,
        sha1sum: String::new(),
        sha256sum: String::new(),
        content_type: String::new(),
        upload_destination: String::new(),
        url: String::new(),
        created_at: 1,
    };
    assert!(ArtifactsTable::insert_batch(&mut writer, "batch", "job", 1).await.expect("stored"));
    assert!(!ArtifactsTable::insert_batch(&mut writer, "batch", "job", 1).await.expect("stored"));
    for (id, position) in [("z", 0), ("a", 1)] {
        ArtifactsTable::insert(&mut writer, &row(id, position)).await.expect("stored");
    }
    ArtifactsTable::mark_stored(&mut writer, "a").await.expect("stored");
    ArtifactsTable::set_state(&mut writer, "a", "finished").await.expect("stored");
    let expected = [row("z", 0), ArtifactRow { state: "finished".into(), stored: true, ..row("a", 1) }];
    assert_eq!(ArtifactsTable::of_batch(&mut writer, "batch").await.expect("read"), expected);
    assert_eq!(ArtifactsTable::of_build(database.readers(), "build").await.expect("read"), expected);
    assert_eq!(ArtifactsTable::find(database.readers(), "z").await.expect("read"), Some(row("z", 0)));
}
