//! Spans of what a request waits for. Work for nobody, or for a request that is not traced, has none.

use opentelemetry::{
    Context, KeyValue,
    trace::{FutureExt as _, SpanKind, Status, TraceContextExt as _, Tracer as _},
};

use super::traced;

/// Work that goes on by itself, for the request that it is begun by.
pub fn on_behalf<F: Future>(work: F) -> impl Future<Output = F::Output> {
    work.with_current_context()
}

/// A piece of work, until this is dropped.
#[derive(Debug)]
pub struct Work(Option<Context>);

impl Work {
    /// A password is hashed, or waits for that.
    #[must_use]
    pub fn hashing() -> Self {
        Self::begin("argon2", SpanKind::Internal, Vec::new)
    }

    /// A statement is carried out, from the wait for a connection to the last row. Its text has no values in it: those are
    /// the statement's arguments.
    #[must_use]
    pub fn statement(sql: &str) -> Self {
        let operation = sql.split_whitespace().next().unwrap_or("statement");
        Self::begin(operation, SpanKind::Client, || {
            vec![
                KeyValue::new("db.system.name", "postgresql"),
                KeyValue::new("db.operation.name", operation.to_owned()),
                KeyValue::new("db.query.text", sql.trim().to_owned()),
            ]
        })
    }

    /// A statement that is sent for another request, and for this one with it.
    #[must_use]
    pub fn shared(operation: &'static str) -> Self {
        Self::begin(operation, SpanKind::Client, || {
            vec![KeyValue::new("db.system.name", "postgresql"), KeyValue::new("db.operation.name", operation)]
        })
    }

    /// A transaction is carried out, however often.
    #[must_use]
    pub fn transaction() -> Self {
        Self::begin("transaction", SpanKind::Client, || vec![KeyValue::new("db.system.name", "postgresql")])
    }

    fn begin(name: &str, kind: SpanKind, attributes: impl FnOnce() -> Vec<KeyValue>) -> Self {
        Self(traced(|tracer, context| {
            let span = tracer.span_builder(name.to_owned()).with_kind(kind).with_attributes(attributes());
            context.with_span(span.start_with_context(tracer, context))
        }))
    }

    /// Does a part of it.
    pub async fn within<T>(&self, part: impl Future<Output = T>) -> T {
        match &self.0 {
            Some(context) => part.with_context(context.clone()).await,
            None => part.await,
        }
    }

    /// It was done so many times, since it had to give way.
    pub fn tried(&self, times: u32) {
        if let Some(context) = &self.0 {
            context.span().set_attribute(KeyValue::new("dna.attempts", i64::from(times)));
        }
    }

    /// It failed, with a word for how.
    pub fn failed(&self, how: &str) {
        if let Some(context) = &self.0 {
            context.span().set_attribute(KeyValue::new("error.type", how.to_owned()));
            context.span().set_status(Status::error(""));
        }
    }

    /// It failed with this SQLSTATE.
    pub fn failed_with(&self, sqlstate: &str) {
        if let Some(context) = &self.0 {
            context.span().set_attribute(KeyValue::new("db.response.status_code", sqlstate.to_owned()));
        }
        self.failed(sqlstate);
    }
}
