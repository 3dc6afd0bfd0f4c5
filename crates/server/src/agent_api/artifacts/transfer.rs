//! The bytes of artifacts come and go, through signed addresses and without tokens.

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use redkite_scheduler::Time;
use tokio_util::io::ReaderStream;

use super::address::Permission;
use crate::agent_api::Api;
use crate::agent_api::answer::{Answer, Problem};
use crate::blobs::Incoming;
use crate::engine::{ArtifactArrived, Wrong};
use crate::failure_text::describe;
use crate::store::{ArtifactRow, ArtifactsTable, Doing as _};

/// The form's field with the artifact's path.
pub(super) const PATH_FIELD: &str = "path";
/// The form's field with the artifact's bytes; the last one.
pub(super) const FILE_FIELD: &str = "file";
/// Size of the pieces in which an artifact is sent.
const PIECE: usize = 256 << 10;

/// Uploads and downloads: as large as they are.
pub(in crate::agent_api) fn transfers() -> Router<Api> {
    Router::new()
        .route("/artifacts/upload/{batch}/{until}/{signature}", post(upload))
        .route("/artifacts/download/{artifact}/{until}/{signature}", get(download))
        .layer(DefaultBodyLimit::disable())
}

async fn upload(
    State(api): State<Api>,
    Path((batch, until, signature)): Path<(String, i64, String)>,
    form: Multipart,
) -> Answer<StatusCode> {
    Permission::Upload.check((&batch, until, &signature), now(), &api.settings.key)?;
    let (path, incoming) = receive(&api, form).await?;
    let artifact = find(&api, &batch, &path).await?;
    // An agent whose answer was lost sends the same again: an artifact is stored once.
    if artifact.stored || artifact.state != "new" {
        return Ok(StatusCode::OK);
    }
    if incoming.size() != u64::try_from(artifact.file_size).unwrap_or(0) {
        let (found, declared) = (incoming.size(), artifact.file_size);
        let text = format!("The artifact {path} has {found} bytes, but {declared} were declared");
        return Err(Wrong::Unprocessable.because(text).into());
    }
    api.artifacts.keep(incoming, &artifact.build, &artifact.id).await.map_err(fault)?;
    api.engine.perform(ArtifactArrived(artifact.id)).await?;
    Ok(StatusCode::CREATED)
}

/// Writes the file of the form away as it comes.
async fn receive(api: &Api, mut form: Multipart) -> Answer<(String, Incoming)> {
    let mut path = None;
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some(PATH_FIELD) => path = Some(field.text().await.map_err(broken)?),
            Some(FILE_FIELD) => {
                let path =
                    path.ok_or_else(|| Wrong::Malformed.because("The form's file came before its path"))?;
                let mut incoming = api.artifacts.begin().await.map_err(fault)?;
                while let Some(piece) = field.chunk().await.map_err(broken)? {
                    incoming.write(&piece).await.map_err(fault)?;
                }
                return Ok((path, incoming));
            }
            _ => {}
        }
    }
    Err(Wrong::Malformed.because("The form holds no file").into())
}

async fn find(api: &Api, batch: &str, path: &str) -> Answer<ArtifactRow> {
    let mut reader = api.database.readers().acquire().await.doing("connecting")?;
    let artifacts = ArtifactsTable::of_batch(&mut reader, batch).await?;
    let found = artifacts.into_iter().find(|artifact| artifact.path == path);
    found.ok_or_else(|| {
        Wrong::NotFound.because(format_args!("No artifact {path} was declared in this batch")).into()
    })
}

async fn download(
    State(api): State<Api>,
    Path((artifact, until, signature)): Path<(String, i64, String)>,
) -> Answer<Response> {
    Permission::Download.check((&artifact, until, &signature), now(), &api.settings.key)?;
    let row = ArtifactsTable::find(api.database.readers(), &artifact).await?.filter(|row| row.stored);
    let row = row.ok_or_else(|| Wrong::NotFound.because("No artifact found"))?;
    let file = api.artifacts.open(&row.build, &row.id).await.map_err(fault)?;
    let mut response = Body::from_stream(ReaderStream::with_capacity(file, PIECE)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(row.file_size));
    // Never rendered by a browser: what a job uploaded is not to be trusted with this origin.
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    Ok(response)
}

/// A form that broke off is sent again.
fn broken(error: axum::extract::multipart::MultipartError) -> Problem {
    Problem::Fault(format!("reading an upload: {}", describe(&error)))
}

#[expect(clippy::needless_pass_by_value, reason = "the signature `map_err` calls")]
fn fault(error: crate::blobs::BlobError) -> Problem {
    Problem::Fault(describe(&error))
}

fn now() -> Time {
    jiff::Timestamp::now().into()
}
