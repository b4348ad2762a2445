//! A client's row, as statements read it.

use chrono::{DateTime, NaiveDate, Utc};

use super::StoreError;
use crate::domain::client::{Billing, BillingStatus, Client, Found, NewClient, Status};

/// What a [`Row`] is read from, for statements that are put together.
pub(super) const COLUMNS: &str =
    "c.id, c.ns_domain, c.status, c.billing_status, c.customer_id, c.subreseller_id, c.email,
    c.first_name, c.last_name, c.address, c.zipcode, c.same_billing_address, c.billing_address, c.billing_zipcode,
    c.start_billing_date, c.created_at, c.updated_at, c.status_changed_at, c.erased_at";

/// A row of `clients`.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub id: i64,
    pub ns_domain: String,
    pub status: String,
    pub billing_status: String,
    pub customer_id: Option<String>,
    pub subreseller_id: Option<String>,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub address: String,
    pub zipcode: String,
    pub same_billing_address: bool,
    pub billing_address: String,
    pub billing_zipcode: String,
    pub start_billing_date: Option<NaiveDate>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub status_changed_at: DateTime<Utc>,
    pub erased_at: Option<DateTime<Utc>>,
}

impl Row {
    /// What became of the client of a row that may be there.
    pub(super) fn found(row: Option<Self>) -> Result<Found<Client>, StoreError> {
        match row {
            None => Ok(Found::Nothing),
            Some(row) if row.erased_at.is_some() => Ok(Found::Erased),
            Some(row) => row.client().map(Found::Here),
        }
    }

    /// The client.
    pub(super) fn client(self) -> Result<Client, StoreError> {
        Ok(Client {
            id: self.id,
            ns_domain: self.ns_domain,
            status: word(&self.status, Status::parse)?,
            billing_status: word(&self.billing_status, BillingStatus::parse)?,
            data: NewClient {
                subreseller_id: self.subreseller_id,
                email: self.email,
                first_name: self.first_name,
                last_name: self.last_name,
                address: self.address,
                zipcode: self.zipcode,
                billing: Billing {
                    same_address: self.same_billing_address,
                    address: self.billing_address,
                    zipcode: self.billing_zipcode,
                },
                customer_id: self.customer_id,
                start_billing_date: self.start_billing_date,
            },
            created_at: self.created_at,
            updated_at: self.updated_at,
            status_changed_at: self.status_changed_at,
        })
    }
}

/// What a stored word means. One that means nothing is a newer server's.
pub(super) fn word<T>(stored: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let unknown = || StoreError::Failed(sqlx::Error::Decode(format!("the database has a word {stored:?}").into()));
    parse(stored).ok_or_else(unknown)
}
