//! What is told of an import: a line a row, and a last one that sums up.

use serde::Serialize;

use crate::domain::{client::ClientName, validation::ValidationErrors};

/// One line.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Line {
    /// Of a row.
    Row(RowLine),
    /// The last.
    Summary(Summary),
}

/// What became of a row.
#[derive(Clone, Debug, Serialize)]
pub struct RowLine {
    /// Its number, from 1; a row of names is none.
    pub row: u64,
    /// `OK`: created, or on trial to be created. `EXISTS`: there is a client of its `customer_id`. `ERROR`: neither.
    pub result: &'static str,
    /// The error's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// The error in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Every parameter that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<ValidationErrors>,
    /// The client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Name>,
}

/// A client's id and domain.
#[derive(Clone, Debug, Serialize)]
pub struct Name {
    /// The id.
    pub id: i64,
    /// The domain.
    pub ns_domain: String,
}

/// How many rows came to what.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// `OK` where no row failed, else `ERROR`.
    pub result: &'static str,
    /// Why nothing more was done, where that is no single row's fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// The same in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'static str>,
    /// Rows that were looked at.
    pub rows: u64,
    /// Clients created; on trial, that would be.
    pub created: u64,
    /// Rows whose `customer_id` a client has.
    pub existing: u64,
    /// Rows that failed.
    pub failed: u64,
    /// Whether nothing was written, as asked.
    pub dry_run: bool,
}

impl Summary {
    /// Counts rows.
    pub(super) fn count(&mut self, lines: &[RowLine]) {
        for line in lines {
            self.rows += 1;
            match line.result {
                "OK" => self.created += 1,
                "EXISTS" => self.existing += 1,
                _ => self.failed += 1,
            }
        }
    }
}

impl RowLine {
    /// Whether the row was refused.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.result == "ERROR"
    }

    pub(super) fn done(row: u64, result: &'static str, client: Option<ClientName>) -> Self {
        let client = client.map(|client| Name { id: client.id, ns_domain: client.ns_domain });
        Self { row, result, error: None, message: None, errors: None, client }
    }

    pub(super) const fn failed(row: u64, error: &'static str, message: String) -> Self {
        Self { row, result: "ERROR", error: Some(error), message: Some(message), errors: None, client: None }
    }
}
