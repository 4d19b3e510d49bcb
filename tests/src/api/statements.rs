//! Which database statements a request costs, and how the database ran them: what sqlx reports inside the request's span.
//!
//! Tests run side by side in one process, and SQLite's statements run on threads of their own. So there is one listener
//! for all, and a statement belongs to the request whose id stands in a span around it.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// What was seen of each watched request, by its id.
static WATCHED: Mutex<Option<HashMap<String, Seen>>> = Mutex::new(None);

/// What was seen of a request.
#[derive(Default)]
struct Seen {
    statements: Vec<String>,
    /// What Postgres noted beside its answers.
    notices: Vec<String>,
}

static LISTENING: Once = Once::new();

static COUNT: AtomicU64 = AtomicU64::new(1);

/// A request whose statements are written down until this is dropped.
pub(super) struct Request(String);

impl Request {
    /// A new id to send with a request as `X-Request-Id`.
    pub(super) fn watched() -> Self {
        LISTENING.call_once(|| {
            let subscriber = tracing_subscriber::registry().with(Listener);
            tracing::subscriber::set_global_default(subscriber).expect("no other test sets the process's subscriber");
        });
        let id = format!("watched-{:08}", COUNT.fetch_add(1, Ordering::Relaxed));
        watched(|all| all.insert(id.clone(), Seen::default()));
        Self(id)
    }

    pub(super) fn id(&self) -> &str {
        &self.0
    }

    /// The statements so far.
    pub(super) fn statements(&self) -> Vec<String> {
        watched(|all| all[&self.0].statements.clone())
    }

    /// What Postgres noted so far.
    pub(super) fn notices(&self) -> Vec<String> {
        watched(|all| all[&self.0].notices.clone())
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        watched(|all| all.remove(&self.0));
    }
}

fn watched<T>(read: impl FnOnce(&mut HashMap<String, Seen>) -> T) -> T {
    read(WATCHED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
}

/// The span of a request, if it is watched.
struct Of(String);

/// Where sqlx tells of statements.
const STATEMENT: &str = "sqlx::query";

/// Where it passes on what Postgres notes.
const NOTICE: &str = "sqlx::postgres::notice";

struct Listener;

impl Listener {
    /// The watched request around what is happening now.
    fn request<S: Subscriber + for<'a> LookupSpan<'a>>(context: &Context<'_, S>) -> Option<String> {
        let span = context.lookup_current()?;
        span.scope().find_map(|span| span.extensions().get::<Of>().map(|of| of.0.clone()))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    /// Statements are asked about each time, spans once. Everything else, which is nearly everything, is never formatted.
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match metadata.target() {
            _ if metadata.is_span() => Interest::always(),
            STATEMENT | NOTICE => Interest::sometimes(),
            _ => Interest::never(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        metadata.is_span() || ([STATEMENT, NOTICE].contains(&metadata.target()) && Self::request(&context).is_some())
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut texts = Texts::default();
        attributes.record(&mut texts);
        let Some(request) = texts.0.remove("request.id") else { return };
        if let Some(span) = context.span(id)
            && watched(|all| all.contains_key(&request))
        {
            span.extensions_mut().insert(Of(request));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut texts = Texts::default();
        event.record(&mut texts);
        if event.metadata().target() == NOTICE {
            let (request, notice) = (Self::request(&context), texts.0.remove("message").unwrap_or_default());
            watched(|all| {
                if let Some(seen) = request.and_then(|request| all.get_mut(&request)) {
                    seen.notices.push(notice);
                }
            });
            return;
        }
        // A statement of a few words stands in the summary alone.
        let statement = texts.0.remove("db.statement").filter(|text| !text.trim().is_empty());
        let statement = statement.or_else(|| texts.0.remove("summary")).unwrap_or_default().trim().to_owned();
        // How a pool opens another connection is not what the request asked.
        if let Some(request) = Self::request(&context).filter(|_| !statement.starts_with("PRAGMA")) {
            watched(|all| {
                if let Some(seen) = all.get_mut(&request) {
                    seen.statements.push(statement);
                }
            });
        }
    }
}

#[derive(Default)]
struct Texts(HashMap<&'static str, String>);

impl Visit for Texts {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
