//! One execution: bounded in number and time, in a task of its own, so that a client that hangs up cancels nothing that others
//! wait for, and a panic is an error with a code.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_graphql::{
    Executor, Response as GraphqlResponse,
    parser::types::{ExecutableDocument, OperationType},
};
use axum::http::{header, request::Parts};
use tokio::{
    task::{JoinError, unconstrained},
    time::timeout,
};
use tracing::{Instrument, error, info, info_span, warn};

use super::super::{
    answer::{self, Refusal, executed, request_error, without_position},
    body::spoken,
    documents::Document,
    parameters::Parameters,
    provide::{Context, Provide},
    request_id::RequestId,
    whole::Question,
};
use super::{GraphqlHttp, Outcome};
use crate::error::{Code, INTERNAL, settle};

impl<E: Executor, P: Provide> GraphqlHttp<E, P> {
    /// Executes an operation, and keeps its answer if it is the answer to a `question`; `fresh` reads nothing from memory.
    #[expect(clippy::too_many_arguments, reason = "all of a request, taken apart by now")]
    pub(super) async fn execute(
        self,
        parts: Parts,
        parameters: Parameters,
        document: Arc<Document>,
        operation: OperationType,
        id: RequestId,
        question: Option<Arc<Question>>,
        fresh: bool,
    ) -> Outcome {
        let Ok(permit) = Arc::clone(&self.0.executions).try_acquire_owned() else {
            let text = "The server has as much to do as it takes on at a time. Please try again in a moment.";
            return Err(Refusal::new(Code::ServiceUnavailable, text).header(header::RETRY_AFTER, "1"));
        };
        let named = parameters.persisted.is_some();
        let mut request = parameters.into_request()?;
        let operation_name =
            name_of_only(&document.parsed).or_else(|| request.operation_name.clone()).unwrap_or_default();
        let span = info_span!(
            "graphql",
            request.id = id.as_str(),
            graphql.operation.type = %operation,
            graphql.operation.name = operation_name,
        );
        request.set_parsed_query(document.parsed.clone());
        let (this, task_id) = (self.clone(), id.clone());
        let task = async move {
            let _permit = permit;
            let begun = Instant::now();
            let is_valid = question.as_ref().is_some_and(|question| this.0.validated.knows(question));
            let time_max = this.0.limits.execution_time_max;
            let answer = async {
                match this.0.provide.provide(&parts, request, fresh).await {
                    // A turn of it ends when it waits for the database, not after 128 locks: see `loaders::batched`.
                    Ok((request, context)) => {
                        let executor = if is_valid { &this.0.executors.trusting } else { &this.0.executors.validating };
                        (unconstrained(executor.execute(request)).await, Some(context))
                    }
                    Err(error) => (request_error(without_position(error)), None),
                }
            };
            let (mut response, context) = timeout(time_max, answer).await.map_err(|_| late(time_max))?;
            settle(&mut response, task_id.as_str());
            log_answer(&response, operation, &operation_name, begun.elapsed());
            if executed(&response) {
                if named {
                    this.0.documents.keep(&document);
                }
                if let Some(question) = question.as_ref().filter(|_| !is_valid) {
                    this.0.validated.learn(question);
                }
            }
            let rests = context.filter(|_| question.is_some()).map(|context| context.rests());
            let whole = Arc::new(answer::whole(&response, rests));
            if let Some(question) = &question {
                this.0.answers.keep(question, &whole);
            }
            Ok(whole)
        };
        let finished = self.0.tasks.spawn(task.instrument(span.clone())).await;
        finished.unwrap_or_else(|failure| {
            let _in_span = span.enter();
            Err(panicked(failure, &id))
        })
    }
}

fn late(time_max: Duration) -> Refusal {
    warn!(time_max_ms = time_max.as_millis() as u64, "gave up an execution that took longer than its limit");
    let text = format!("The answer took longer than {} and was given up. Ask for less at a time.", spoken(time_max));
    Refusal::new(Code::Timeout, text)
}

fn panicked(failure: JoinError, id: &RequestId) -> Refusal {
    let message = match failure.try_into_panic() {
        Ok(panic) => match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
            (Some(text), _) => (*text).to_owned(),
            (_, Some(text)) => text.clone(),
            _ => "a panic without a message".to_owned(),
        },
        Err(cancelled) => cancelled.to_string(),
    };
    error!(request.id = id.as_str(), error.code = Code::Internal.as_str(), "an execution panicked: {message}");
    Refusal::new(Code::Internal, INTERNAL).request_id(id)
}

fn log_answer(response: &GraphqlResponse, operation: OperationType, name: &str, elapsed: Duration) {
    if !executed(response) {
        return;
    }
    let (errors, duration_ms) = (response.errors.len(), elapsed.as_millis() as u64);
    let space = if name.is_empty() { "" } else { " " };
    info!(errors, duration_ms, "answered {operation}{space}{name} in {duration_ms} ms with {errors} errors");
}

/// The name of a document's operation where the request need not repeat it.
fn name_of_only(document: &ExecutableDocument) -> Option<String> {
    let mut operations = document.operations.iter();
    match (operations.next(), operations.next()) {
        (Some((name, _)), None) => name.map(ToString::to_string),
        _ => None,
    }
}
