//! `POST /import`: a privacy export, streamed to a file and from there into the archive's inbox. The answer is the id of an
//! import that the ingest will do; how far it is, GraphQL tells (`import(id:)`).
//!
//! It takes the viewer's own file, as it is: the zip that Spotify sends, or one JSON file of it. Nothing is looked into here,
//! and no play is ever written here.
//!
//! Other sites' pages: the media types that it takes are none that browsers send across origins without asking first, and we
//! never say yes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use entity::archive::{Archive, UploadKey};
use entity::chain::chain;
use entity::clock::SharedClock;
use entity::db::Db;
use entity::import::{self, State as ImportState};
use entity::user;
use futures::StreamExt;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::{error, info};

use super::answer::Refusal;
use super::request_id::RequestId;
use crate::error::Code;
use crate::insights;

/// What uploads need.
#[derive(Clone)]
pub struct Uploads {
    /// Where the import is recorded.
    pub db: Db,
    /// What the time is.
    pub clock: SharedClock,
    /// Where the file goes.
    pub archive: Archive,
    /// The largest file, in bytes.
    pub bytes_max: u64,
}

/// The media types of the file. A browser sends none of them across origins without asking first.
const MEDIA: [&str; 4] =
    ["application/zip", "application/x-zip-compressed", "application/json", "application/octet-stream"];

/// So many uploads are received at a time; each has a file on the disk.
const AT_A_TIME: usize = 4;

/// Imports of one listener that may wait at a time.
const WAITING_MAX: u64 = 4;

/// How long nothing may come.
const SILENCE_MAX: Duration = Duration::from_secs(30);

impl Uploads {
    /// `POST /import`.
    pub fn routes(self) -> Router {
        let receivers = Arc::new(Semaphore::new(AT_A_TIME));
        let answer = async move |State(uploads): State<Self>, request: Request| {
            let id = request.extensions().get::<RequestId>().cloned().unwrap_or_else(RequestId::random);
            let Ok(_permit) = receivers.try_acquire() else {
                let text = "As many files are being uploaded as the server takes on at a time. Please try again later.";
                return Refusal::new(Code::ServiceUnavailable, text).header(header::RETRY_AFTER, "10").into_response();
            };
            let (parts, body) = request.into_parts();
            let received = async {
                check_media(&parts.headers)?;
                let viewer = uploads.viewer(&parts.headers).await.map_err(Failure::Database)?;
                let viewer = viewer.ok_or_else(|| {
                    Refusal::new(
                        Code::Unauthenticated,
                        "Nobody is signed in, so it is not known whose listening this is.",
                    )
                })?;
                uploads.receive(&viewer, &parts.headers, body).await
            };
            match received.await {
                Ok(response) => response,
                Err(Failure::Refused(refusal)) => refusal.into_response(),
                Err(failure) => {
                    error!(request.id = id.as_str(), "an upload was not kept: {}", chain(&failure));
                    let text = "The file could not be kept. Please try again later.";
                    Refusal::new(Code::ServiceUnavailable, text).request_id(&id).into_response()
                }
            }
        };
        // The body's bound is ours, which counts while it is read.
        let routes = Router::new().route("/import", post(answer)).layer(DefaultBodyLimit::disable());
        super::beside(routes.with_state(self))
    }

    /// Who asks: while access control is off, whoever the request names, else the one whose account was made first.
    async fn viewer(&self, headers: &HeaderMap) -> Result<Option<user::Model>, DbErr> {
        match headers.get("x-viewer").and_then(|name| name.to_str().ok()) {
            Some(username) => insights::listener_by_username(&self.db, username).await,
            None => insights::first_listener(&self.db).await,
        }
    }

    async fn receive(&self, viewer: &user::Model, headers: &HeaderMap, body: Body) -> Result<Response, Failure> {
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|text| text.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|bytes| bytes > self.bytes_max) {
            return Err(self.too_large().into());
        }
        let waiting = import::Entity::find()
            .filter(import::Column::UserId.eq(viewer.id))
            .filter(import::Column::State.is_in([ImportState::Pending, ImportState::Running]))
            .count(self.db.read())
            .await
            .map_err(Failure::Database)?;
        if waiting >= WAITING_MAX {
            let text = format!("{WAITING_MAX} imports wait already. Please wait until one of them is done.");
            return Err(Refusal::new(Code::ServiceUnavailable, text).header(header::RETRY_AFTER, "60").into());
        }
        let folder = tempfile::Builder::new().prefix("refrain-upload-").tempdir().map_err(Failure::Disk)?;
        let path = folder.path().join("upload");
        let bytes = self.write(body, &path).await?;
        let now = self.clock.now();
        let key = UploadKey::new(viewer.id, now);
        self.archive.put_upload(&key, &path).await.map_err(Failure::Archive)?;
        let row = import::ActiveModel {
            user_id: Set(viewer.id),
            object_key: Set(key.to_string()),
            bytes: Set(i64::try_from(bytes).unwrap_or(i64::MAX)),
            state: Set(ImportState::Pending),
            uploaded_at: Set(now),
            ended_at: Set(None),
            attempts: Set(0),
            rows_read: Set(0),
            bytes_read: Set(0),
            bytes_total: Set(None),
            report: Set(None),
            error: Set(None),
            ..Default::default()
        };
        let row = match self.queue(row).await {
            Ok(row) => row,
            Err(error) => {
                // Nobody would come for it. Should this fail, too, the ingest sweeps it up.
                self.archive.delete_upload(&key).await.ok();
                return Err(Failure::Database(error));
            }
        };
        info!(import.id = row.id.0, user.id = viewer.id.0, bytes, "import {} waits for the ingest", row.id);
        let answer = json!({ "id": crate::graphql::import_id(row.id), "state": "PENDING" });
        let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
        Ok((StatusCode::ACCEPTED, headers, answer.to_string()).into_response())
    }

    /// Records an import, and on Postgres its job with it.
    async fn queue(&self, row: import::ActiveModel) -> Result<import::Model, DbErr> {
        let transaction = self.db.begin().await?;
        let row = row.insert(&transaction).await?;
        import::queue(&transaction, row.id).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Writes the body to a file as it comes; how many bytes that were.
    async fn write(&self, body: Body, path: &std::path::Path) -> Result<u64, Failure> {
        let mut file = tokio::fs::File::create(path).await.map_err(Failure::Disk)?;
        let mut stream = body.into_data_stream();
        let mut bytes = 0;
        loop {
            let next = timeout(SILENCE_MAX, stream.next()).await;
            let next =
                next.map_err(|_| Refusal::new(Code::Timeout, "The file stopped coming. Please upload it again."))?;
            let Some(chunk) = next else { break };
            let chunk =
                chunk.map_err(|_| Refusal::new(Code::BadRequest, "The upload was cut off. Please upload it again."))?;
            bytes += chunk.len() as u64;
            if bytes > self.bytes_max {
                return Err(self.too_large().into());
            }
            file.write_all(&chunk).await.map_err(Failure::Disk)?;
        }
        file.flush().await.map_err(Failure::Disk)?;
        if bytes == 0 {
            return Err(Refusal::new(Code::BadRequest, "The file is empty: send it as the request's body.").into());
        }
        Ok(bytes)
    }

    fn too_large(&self) -> Refusal {
        let text = format!(
            "The file is larger than the {} bytes that are taken here. Import it with `refrain-ingest import`, which takes any size.",
            self.bytes_max
        );
        Refusal::new(Code::PayloadTooLarge, text)
    }
}

fn check_media(headers: &HeaderMap) -> Result<(), Refusal> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if MEDIA.contains(&media.as_str()) {
        return Ok(());
    }
    let text = format!("The request's body must be the file itself, and `Content-Type` one of {}.", MEDIA.join(", "));
    Err(Refusal::new(Code::UnsupportedMediaType, text))
}

/// Why an upload was not taken.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("it was refused")]
    Refused(Refusal),
    #[error("the database failed")]
    Database(#[source] DbErr),
    #[error("the disk for uploads failed")]
    Disk(#[source] std::io::Error),
    #[error("the archive failed")]
    Archive(#[source] entity::archive::Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
