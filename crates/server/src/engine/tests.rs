//! The promise of the engine: a change that fails in the database fails alone, and the rest is durable.

use redkite_scheduler::{BuildId, Source};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::*;
use crate::auth::Principals;
use crate::plane::{Event, Interpolation, NewBuild, Patience, Placement, References, Rhythm};
use crate::secret::SigningKey;
use crate::store::{Database, Doing as _, MetaDataTable};

struct Plane {
    engine: Engine,
    task: EngineTask,
    events: broadcast::Receiver<Event>,
    database: Database,
    _folder: tempfile::TempDir,
}

async fn plane() -> Plane {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = Database::open(&folder.path().join("test.db")).await.expect("a database");
    let settings = Settings {
        origin: "http://127.0.0.1:1".into(),
        reach: Reach::Origin,
        rhythm: Rhythm::default(),
        patience: Patience::default(),
        placement: Placement::default(),
        key: SigningKey::new("key"),
    };
    let (sender, events) = broadcast::channel(64);
    let outside = Outside { events: sender, principals: Principals::new(database.clone()) };
    let (engine, task) = EngineTask::open(&database, settings, outside).await.expect("an engine");
    Plane { engine, task, events, database, _folder: folder }
}

/// Writes something and then fails, as a full disk would make it fail.
struct Broken;

impl Change for Broken {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let db = cx.db().await?;
        MetaDataTable::set(db, "broken", "key", "value").await?;
        sqlx::raw_sql("INSERT INTO nowhere VALUES (1)").execute(db).await.doing("writing nowhere")?;
        Ok(())
    }
}

/// Writes something that can't be committed, and refuses.
struct RefusedInVain;

impl Change for RefusedInVain {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let orphan = "CREATE TABLE parents (id INTEGER PRIMARY KEY);
            CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);
            INSERT INTO children VALUES (1);";
        sqlx::raw_sql(orphan).execute(cx.db().await?).await.doing("writing an orphan")?;
        Err(Wrong::Unprocessable.because("no").into())
    }
}

/// Refuses without a look at the database.
struct Refused;

impl Change for Refused {
    type Reply = ();

    async fn apply(&self, _: &mut Context<'_>) -> Result<(), Failure> {
        Err(Wrong::Unprocessable.because("no").into())
    }
}

#[tokio::test]
async fn a_refusal_that_wrote_is_told_after_its_commit_only() {
    let Plane { engine, task, .. } = plane().await;
    let stop = CancellationToken::new();
    let requests = async {
        let both = tokio::join!(engine.perform(RefusedInVain), engine.perform(Refused));
        stop.cancel();
        both
    };
    let ((wrote, free), ()) = tokio::join!(requests, task.run(stop.clone()));
    assert!(matches!(wrote, Err(Failure::Commit(_))), "the agent repeats it: {wrote:?}");
    assert!(matches!(free, Err(Failure::Refused(_))), "{free:?}");
}

fn new_build() -> CreateBuild {
    CreateBuild(NewBuild {
        pipeline: b"steps: [{command: make}]".to_vec(),
        slug: "app".into(),
        repository: "/srv/app".into(),
        branch: "main".into(),
        commit: "HEAD".into(),
        message: String::new(),
        env: Default::default(),
        meta_data: Default::default(),
        author: String::new(),
        author_email: String::new(),
        source: Source::Ui,
        references: References::MayCome,
        interpolation: Interpolation::ByPlane,
    })
}

#[tokio::test]
async fn a_change_that_fails_in_the_database_fails_alone() {
    let Plane { engine, task, mut events, database, _folder } = plane().await;
    let stop = CancellationToken::new();
    let requests = async {
        // All are queued before the engine looks: they are one batch.
        let (first, broken, second, refused) = tokio::join!(
            engine.perform(new_build()),
            engine.perform(Broken),
            engine.perform(new_build()),
            engine.perform(CancelBuild { build: BuildId::from(Uuid::nil()), reason: None }),
        );
        stop.cancel();
        (first, broken, second, refused)
    };
    let ((first, broken, second, refused), ()) = tokio::join!(requests, task.run(stop.clone()));
    assert!(matches!(broken, Err(Failure::Store(_))), "{broken:?}");
    assert!(matches!(refused, Err(Failure::Refused(_))), "{refused:?}");
    let (first, second) = (first.expect("it is made"), second.expect("it is made"));
    let mut reader = database.readers().acquire().await.expect("a reader");
    for build in [first, second] {
        let row = crate::store::BuildsTable::find(&mut reader, &build.to_string()).await.expect("read");
        assert!(row.is_some(), "what was acknowledged is there");
    }
    assert_eq!(MetaDataTable::get(&mut reader, "broken", "key").await.expect("read"), None);
    let mut announced = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::Build { build, .. } = event {
            announced.push(build);
        }
    }
    announced.sort_unstable();
    let mut expected = vec![first, second];
    expected.sort_unstable();
    assert_eq!(announced, expected, "each build is announced once, after its commit");
}

#[tokio::test]
async fn an_engine_that_has_stopped_says_so() {
    let Plane { engine, task, .. } = plane().await;
    let stop = CancellationToken::new();
    stop.cancel();
    task.run(stop).await;
    assert!(matches!(engine.perform(Sweep).await, Err(Failure::Stopped)));
}
